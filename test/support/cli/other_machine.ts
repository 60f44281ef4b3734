/** Another machine for printed commands: in the place of ssh and sudo stand programs of a test. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";

/** Where commands run that are copied from a screen. */
export interface OtherMachine {
  /** Runs one line as a shell here; its output. Throws where it fails. */
  run(line: string): Promise<string>;
  /** What the other machine has as the file that is called `file` here. */
  read(file: string): string;
}

/**
 * A machine whose files are below `folder`/other, as those here are below `here`; a user logs in at
 * `folder`/home. Where sudo would ask for a password it needs the terminal that `ssh -t` gives.
 */
export function otherMachine(folder: string, here: string): OtherMachine {
  const [other, home, programs] = ["other", "home", "bin"].map((name) => `${folder}/${name}`);
  for (const path of [other, home, programs]) mkdirSync(path ?? "", { recursive: true });
  const program = (name: string, text: string) => {
    writeFileSync(`${programs}/${name}`, `#!/bin/sh\n${text}\n`);
    chmodSync(`${programs}/${name}`, 0o755);
  };
  program(
    "ssh",
    `terminal=no; [ "$1" = -t ] && { terminal=yes; shift; }
case "$1" in *@*) shift ;; *) exit 64 ;; esac
command=$(printf %s "$*" | sed 's#${here}#${other}#g')
case "$terminal $command" in "no "*sudo*) echo "sudo: a terminal is required" >&2; exit 1 ;; esac
cd ${home} && exec sh -c "$command"`,
  );
  program("sudo", 'exec "$@"');
  const env = { PATH: `${programs}:${Deno.env.get("PATH")}`, USER: Deno.env.get("USER") ?? "root" };
  return {
    async run(line) {
      const { code, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", line], env })
        .output();
      const [out = "", err = ""] = [stdout, stderr].map((one) => new TextDecoder().decode(one));
      if (code !== 0) throw new Error(`${line}: exit ${code}\n${out}${err}`);
      return out + err;
    },
    read: (file) => readFileSync(file.replace(here, other ?? ""), "utf8"),
  };
}
