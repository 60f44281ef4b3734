/** `floatip reload`: has the running daemon read its file again. */
import type { ReloadAnswer } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { countProblems, problemsText } from "../../config/problem.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip reload`. */
export interface ReloadFlags {
  readonly json?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/** Longer than the daemon waits for the process that reads the file, in milliseconds. */
const PATIENCE_MS = 45_000;

/** `floatip reload`. */
export async function reload(terminal: Terminal, flags: ReloadFlags): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR, PATIENCE_MS);
  await answerOf(client.reach());
  const answer = await answerOf(client.reload());
  terminal.out(flags.json === true ? `${JSON.stringify(answer, undefined, 2)}\n` : text(answer));
  if (answer.applied) return EXIT.ok;
  const sentence = `not reloaded: ${countProblems(answer.problems)} in the file; ` +
    "the old configuration stays in force";
  throw new Failure(
    EXIT.invalid,
    sentence,
    "Fix the file, run `floatip check`, then reload again.",
  );
}

function text(answer: ReloadAnswer): string {
  if (!answer.applied) return problemsText(answer.problems);
  const changes = answer.changes.length === 0
    ? "reloaded: nothing changed\n"
    : `reloaded:\n${answer.changes.map((change) => `  ${change}\n`).join("")}`;
  return `${problemsText(answer.warnings)}${changes}`;
}
