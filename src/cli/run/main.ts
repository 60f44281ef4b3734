/**
 * The command line with `floatip run` alone, of which packaging/build.ts makes the daemon's script
 * (decision 0072): nothing in it is loaded later, so nothing is read twice.
 */
import { parserOf } from "../parser.ts";
import { callCommand, runProcess } from "../process.ts";
import { runCommand } from "./command.ts";
import { run } from "./run.ts";

/** What {@link ../main.ts} does, of arguments that begin with "run". */
export async function main(args: readonly string[]): Promise<number> {
  // The service says no more: there is nothing to parse, and the parser is not made.
  if (args.length === 1) return await runProcess(args, (terminal) => run(terminal, {}));
  const application = parserOf({ run: runCommand(() => Promise.resolve(run)) });
  return await runProcess(args, (terminal) => callCommand(application, args, terminal));
}
