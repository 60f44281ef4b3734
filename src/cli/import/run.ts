/** `floatip import`: a keepalived.conf as floatip TOML, with a report of every directive. */
import { messageOf } from "../../error.ts";
import { type Imported, importKeepalived } from "../../tools/keepalived_import/import.ts";
import type { ImportEnvironment } from "../../tools/keepalived_import/translation.ts";
import { DEFAULT_KEEPALIVED_FILE } from "../configuration_file.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";
import { findProgram, hasInterface, hasUser, keepalivedFiles } from "./keepalived_files.ts";
import { formatImportJson, formatImportText } from "./text.ts";

/** Flags of `floatip import`. */
export interface ImportFlags {
  readonly output?: string | undefined;
  readonly force?: boolean | undefined;
  readonly nodeId?: string | undefined;
  readonly json?: boolean | undefined;
}

/** `floatip import [FILE]`. */
export function importFile(
  terminal: Terminal,
  flags: ImportFlags,
  file: string = DEFAULT_KEEPALIVED_FILE,
): Promise<ExitCode> {
  const nodeId = flags.nodeId ?? Deno.hostname().split(".")[0] ?? "";
  const machine = { findProgram, hasInterface, hasUser };
  const around: ImportEnvironment = { nodeId, workingFolder: Deno.cwd(), ...machine };
  const imported = importKeepalived(file, keepalivedFiles(), around);
  if (imported.kind === "malformed") throw malformed(imported);
  const { toml, secret, notes } = imported;
  if (toml !== undefined) {
    if (flags.output === undefined) terminal.out(toml);
    else write(flags.output, toml, secret, flags.force === true);
  }
  const output = toml === undefined ? undefined : flags.output;
  const format = flags.json === true ? formatImportJson : formatImportText;
  terminal.error(format({ file, nodeId, result: toml !== undefined, output, notes }));
  return Promise.resolve(notes.some(({ matters }) => matters) ? EXIT.failed : EXIT.ok);
}

function malformed({ malformed }: Extract<Imported, { kind: "malformed" }>): Failure {
  const { place, what, why, fix } = malformed;
  return new Failure(
    EXIT.invalid,
    `${place.file}:${place.line}: ${what}`,
    `why: ${why}\nfix: ${fix}`,
  );
}

/** Writes `toml` to `path` in one step; a file with a password is for its owner and group only. */
function write(path: string, toml: string, secret: boolean, force: boolean): void {
  const before = statOf(path);
  if (before?.isFile === false) {
    // A rename would put a file in the place of /dev/null, for every program of the machine.
    const hint = "Name a file; without --output the result is printed.";
    throw new Failure(EXIT.failed, `${path} is not a file, and stays as it is`, hint);
  }
  if (before !== undefined && before.size > 0 && !force) {
    const hint = "Name another file with --output, or write over it with --force.";
    throw new Failure(EXIT.failed, `${path} is there already, and would be lost`, hint);
  }
  const scratch = `${path}.new-${Deno.pid}`;
  try {
    Deno.writeTextFileSync(scratch, toml, { mode: secret ? 0o640 : 0o644, createNew: true });
    Deno.renameSync(scratch, path);
  } catch (error) {
    try {
      Deno.removeSync(scratch);
    } catch {
      // It was never made.
    }
    throw refused(path, error);
  }
}

/** What is at `path`, links followed; undefined: nothing. */
function statOf(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw refused(path, error);
  }
}

function refused(path: string, error: unknown): Failure {
  if (error instanceof Deno.errors.PermissionDenied) {
    return new Failure(EXIT.notPermitted, `not permitted to write ${path}`, "Run it as root.");
  }
  const words = error instanceof Deno.errors.NotFound
    ? "there is no such folder"
    : messageOf(error);
  return new Failure(EXIT.failed, `${path} cannot be written: ${words}`, "Name another file.");
}
