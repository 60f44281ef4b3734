/**
 * Credentials: files that systemd gives the service, and root keeps in a folder beside the
 * configuration.
 */
import { readStartSync } from "../files.ts";
import { messageOf } from "../error.ts";
import { NotAFile, PinnedFile } from "../linux/regular_file.ts";
import type { Credential, Credentials } from "./credentials.ts";

/** Root's folder: one file for each credential. The unit loads them all. */
const CREDENTIALS_FOLDER = "/etc/floatip/credentials";

/**
 * What the unit puts before the name of each file of {@link CREDENTIALS_FOLDER}; others come by
 * drop-ins, under their own.
 */
const PREFIX = "floatip_";

/** Largest secret, in bytes. */
export const LARGEST_CREDENTIAL = 4096;

/** For those who run the daemon: what is not there is an error. */
export const demandCredential: Credentials = (name) => look(name, "error");

/** For those who look at the file: a service may see more than they do. */
export const seeCredential: Credentials = (name) => look(name, "warning");

/** Where the credential `name` is kept, and looked for: where a new one is written. */
export function credentialFile(name: string): string {
  return `${Deno.env.get("CREDENTIALS_DIRECTORY") ?? CREDENTIALS_FOLDER}/${name}`;
}

function look(name: string, severity: "error" | "warning"): Credential {
  const given = Deno.env.get("CREDENTIALS_DIRECTORY");
  const paths = given === undefined
    ? [`${CREDENTIALS_FOLDER}/${name}`]
    : [`${given}/${PREFIX}${name}`, `${given}/${name}`];
  for (const path of paths) {
    const found = read(path, severity);
    if (found !== undefined) return found;
  }
  const restart = given === undefined ? "" : ", then: systemctl restart floatip";
  return {
    kind: "missing",
    severity,
    what: `there is no credential ${JSON.stringify(name)}: no file ${CREDENTIALS_FOLDER}/${name}`,
    fix: `write the secret into ${CREDENTIALS_FOLDER}/${name}, chmod 600${restart}`,
  };
}

/** Undefined: there is no such file. */
function read(path: string, severity: "error" | "warning"): Credential | undefined {
  const wrong = (what: string, fix: string): Credential => ({
    kind: "missing",
    severity: "error",
    what: `the credential in ${path} ${what}`,
    fix,
  });
  try {
    // Held before it is looked at: a pipe would hold the start up.
    using pinned = PinnedFile.followSync(path);
    using file = pinned.openSync({ read: true });
    const bytes = readStartSync(file, LARGEST_CREDENTIAL + 1);
    if (bytes.length > LARGEST_CREDENTIAL) {
      return wrong("is larger than 4 KiB", "is it the right file?");
    }
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    // What an editor or echo puts at the end is no part of a secret.
    return { kind: "text", text: text.replace(/\r?\n$/, "") };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    if (error instanceof NotAFile) {
      return wrong(`is ${error.what}, not a file`, "write it again, as plain text");
    }
    if (error instanceof TypeError) return wrong("is not UTF-8", "write it again, as plain text");
    const denied = error instanceof Deno.errors.PermissionDenied;
    // A user who checks the file may not see what the service will.
    if (denied && severity === "warning") return { kind: "unseen" };
    return wrong(`cannot be read: ${messageOf(error)}`, "run it as root, or by systemd");
  }
}
