import assert from "node:assert/strict";
import { propose } from "../../../../src/cli/complete/run.ts";
import { completionScript, SHELLS } from "../../../../src/cli/completions/scripts.ts";
import { inFolder } from "../../../support/in_folder.ts";
import { run } from "../../../support/lab/command.ts";
import { lacking, nameWith } from "../../../support/lab/prerequisites.ts";
import { fileURLToPath } from "node:url";

const FILE = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"
[instance.web]
vrid = 51
[instance."mail server"]
vrid = 52
oh-no = true
`;

/** Runs `body` with a folder that has the file. */
function withFile(body: (folder: string) => Promise<void>): Promise<void> {
  return inFolder(async (folder) => {
    await Deno.writeTextFile(`${folder}/floatip.toml`, FILE);
    await body(folder);
  });
}

async function words(...line: readonly string[]): Promise<readonly string[]> {
  return (await propose(line)).map(({ word }) => word);
}

Deno.test("commands, then their flags, then their values", async () => {
  assert.deepEqual(await words("sta"), ["status"]);
  assert.deepEqual(await words("reload", ""), ["--json", "--run-dir"]);
  assert.deepEqual(await words("status", "--w"), ["--watch"]);
  assert.deepEqual(await words("run", "--log-level", "w"), ["warning"]);
  assert.deepEqual(await words("run", "--log-level=w"), ["--log-level=warning"]);
  assert.deepEqual(await words("completions", ""), ["bash", "zsh", "fish"]);
  assert.deepEqual(await words("maintenance", "o"), ["on", "off"]);
  const commands = await words("");
  assert.ok(commands.includes("check") && !commands.includes("complete"));
});

Deno.test("for files, and where nothing is known, the shell completes by itself", async () => {
  assert.deepEqual(await words("check", ""), []);
  assert.deepEqual(await words("check", "--config", ""), []);
  assert.deepEqual(await words("nonsense", ""), []);
  assert.deepEqual(await words(), []);
});

Deno.test("the names of the file that is meant, sound or not", () =>
  withFile(async (folder) => {
    const file = `${folder}/floatip.toml`;
    assert.deepEqual(await words("run", "-c", file, "--node", ""), ["pi-a", "pi-b"]);
    assert.deepEqual(await words("check", `--config=${file}`, "--node=pi-b"), ["--node=pi-b"]);
    await Deno.writeTextFile(file, "[nodes\n");
    assert.deepEqual(await words("run", "-c", file, "--node", ""), []);
    assert.deepEqual(await words("run", "-c", `${folder}/none`, "--node", ""), []);
  }));

/** Each shell, made to complete a line as if the tabulator was pressed behind it. */
const PRESS: Readonly<Record<string, (script: string, line: string) => readonly string[]>> = {
  bash: (script, line) => [
    "-c",
    `source "$1"; COMP_LINE=$2 COMP_POINT=\${#2}; _floatip; printf '%s\\n' "\${COMPREPLY[@]}"`,
    "bash",
    script,
    line,
  ],
  zsh: (script, line) => [
    "-fc",
    `compdef() { }; _describe() { print -l -- \${described%%:*}; }; _files() { print files; }
     words=(\${(s: :)2}); [[ $2 == *' ' ]] && words+=(""); CURRENT=$#words
     source "$1"; _floatip`,
    "zsh",
    script,
    line,
  ],
  fish: (script, line) => [
    "--no-config",
    "-c",
    `source $argv[1]; complete -C $argv[2] | string replace -r '\\t.*' ''`,
    script,
    line,
  ],
};

for (const shell of SHELLS) {
  const reason = lacking(shell);
  Deno.test({
    ...nameWith(`${shell} completes what floatip proposes`, reason),
    fn: () =>
      withFile(async (folder) => {
        await Deno.writeTextFile(`${folder}/script`, completionScript(shell));
        const main = fileURLToPath(new URL("../../../../main.ts", import.meta.url));
        const program = `#!/bin/sh\nexec ${Deno.execPath()} run -A --no-check ${main} "$@"\n`;
        await Deno.writeTextFile(`${folder}/floatip`, program, { mode: 0o755 });
        const env = { PATH: `${folder}:/usr/bin:/bin`, HOME: folder };
        const press = async (line: string): Promise<readonly string[]> => {
          const args = PRESS[shell]?.(`${folder}/script`, line) ?? [];
          const { stdout, stderr } = await run([shell, ...args], { env, cwd: folder });
          assert.equal(stderr, "");
          return stdout.split("\n").filter((word) => word !== "").toSorted();
        };
        assert.deepEqual(await press("floatip sta"), ["status"]);
        assert.deepEqual(await press("floatip status --w"), ["--watch"]);
        const file = `${folder}/floatip.toml`;
        assert.deepEqual(await press(`floatip run -c ${file} --node `), ["pi-a", "pi-b"]);
      }),
  });
}

Deno.test("a pipe in the place of the file has no names, and is not waited for", async () => {
  await withFile(async (folder) => {
    const pipe = `${folder}/pipe`;
    assert.equal(new Deno.Command("mkfifo", { args: [pipe] }).outputSync().success, true);
    assert.deepEqual(await words("check", `--config=${pipe}`, "--node="), []);
  });
});
