/** `floatip notify-test`: sends one message through each sink and prints the results. */
import type { NotifyTestAnswer } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import { alignColumns } from "../table.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip notify-test`. */
export interface NotifyTestFlags {
  readonly json?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/** Longer than a sink may take at most by default (30 s). */
const PATIENCE_MS = 60_000;

/** `floatip notify-test`. */
export async function notifyTest(terminal: Terminal, flags: NotifyTestFlags): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR, PATIENCE_MS);
  await answerOf(client.reach());
  const answer = await answerOf(client.testNotify());
  terminal.out(flags.json === true ? `${JSON.stringify(answer, undefined, 2)}\n` : text(answer));
  const failed = answer.results.filter((result) => !result.ok).length;
  if (failed === 0) return EXIT.ok;
  const sentence = `${failed} of ${answer.results.length} messages were not delivered`;
  throw new Failure(EXIT.failed, sentence, "The results are above.");
}

function text({ results }: NotifyTestAnswer): string {
  if (results.length === 0) return "nothing to test: the configuration has no [notify]\n";
  const rows = results.map(({ name, instance, ok, words }) => [
    ok ? "delivered" : "FAILED",
    instance === null ? name : `${name} of ${instance}`,
    words,
  ]);
  return alignColumns(rows).map((line) => `${line}\n`).join("");
}
