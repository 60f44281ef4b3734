/**
 * Commands whose code is loaded when they are called: the parser leaves the command, main.ts runs
 * it.
 */
import type { CommandContext } from "@stricli/core";
import type { ExitCode } from "./exit.ts";
import type { Terminal } from "./terminal.ts";

/** A command with its flags and arguments, ready to be called. */
export type Chosen = (terminal: Terminal) => Promise<ExitCode>;

/** What the parser leaves behind. */
export interface Context extends CommandContext {
  chosen: Chosen | undefined;
  /** Where completions are asked for: the names of a table of the configuration file. */
  readonly namesIn?: (table: "instance" | "nodes") => Promise<readonly string[]>;
}

/** The function of one verb's file. */
type Verb<Flags, Args extends readonly unknown[]> = (
  terminal: Terminal,
  flags: Flags,
  ...args: Args
) => Promise<ExitCode>;

/**
 * Defers a verb's file until its command was chosen: `status` does not pay for what `run` needs.
 */
export function choose<Flags, Args extends readonly unknown[]>(
  load: () => Promise<Verb<Flags, Args>>,
) {
  return function (this: Context, flags: Flags, ...args: Args): void {
    this.chosen = async (terminal) => (await load())(terminal, flags, ...args);
  };
}
