/** `floatip version`: the version, and what it runs on. */
import { VERSION } from "../../version.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip version`. */
export interface VersionFlags {
  readonly json?: boolean | undefined;
}

/** `floatip version`. */
export function version(terminal: Terminal, flags: VersionFlags): Promise<ExitCode> {
  const { deno, v8 } = Deno.version;
  const { os, arch } = Deno.build;
  const text = flags.json === true
    ? JSON.stringify({ schema: 1, version: VERSION, deno, v8, os, arch })
    : `floatip ${VERSION} (Deno ${deno}, V8 ${v8}, ${os} ${arch})`;
  terminal.out(`${text}\n`);
  return Promise.resolve(EXIT.ok);
}
