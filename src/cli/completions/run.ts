/** `floatip completions`: the script of a shell. */
import { completionScript, type Shell } from "./scripts.ts";
import { EXIT, type ExitCode } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** `floatip completions SHELL`: prints the script. */
export function completions(
  terminal: Terminal,
  _flags: Readonly<Record<never, never>>,
  shell: Shell,
): Promise<ExitCode> {
  terminal.out(completionScript(shell));
  return Promise.resolve(EXIT.ok);
}
