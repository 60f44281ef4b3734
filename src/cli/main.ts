/** The command line with all its commands. */
import { APPLICATION, startText, withoutHelpWord } from "./application.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import { callCommand, runProcess, usageFailure } from "./process.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs one command of this process. Never throws: every failure is one sentence on standard error
 * and a code.
 */
export async function main(args: readonly string[]): Promise<number> {
  return await runProcess(args, (terminal) => dispatch(args, terminal));
}

async function dispatch(args: readonly string[], terminal: Terminal): Promise<ExitCode> {
  const [word, file] = args;
  if (word?.startsWith("__") && file !== undefined) {
    const { answerLoad, LOAD } = await import("../service/load_apart.ts");
    if (word !== LOAD) throw usageFailure([], args, APPLICATION);
    await answerLoad(file);
    return EXIT.ok;
  }
  if (args.length === 0) {
    terminal.out(startText());
    return EXIT.ok;
  }
  return await callCommand(APPLICATION, withoutHelpWord(args), terminal);
}
