/** `floatip handover`: moves an instance to another node, or says why it stays. */
import type { HandoverAnswer } from "../../control/api.ts";
import { ControlClient } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { type Nanoseconds, toMilliseconds } from "../../time.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";

/** Flags of `floatip handover`. */
export interface HandoverFlags {
  readonly to?: string | undefined;
  readonly for?: number | undefined;
  readonly back?: boolean | undefined;
  readonly json?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/**
 * Backups with the longest interval that is waited for need 10 s; more is a daemon that does not
 * answer.
 */
export const PATIENCE_MS = 60_000;

const QUIET_MS = 400;

/** What to do where it did not work. */
const HINTS: Readonly<Record<HandoverAnswer["outcome"], string>> = {
  "handed-over": "",
  "taken-back": "",
  "kept": "Does floatip run on another node, and are its checks up? See `floatip status` there.",
  "not-master": "`floatip status` shows the master; run it there.",
  "refused": "`floatip status` shows the instances and nodes.",
  "gone": "`floatip status` shows the master.",
};

/** `floatip handover INSTANCE`. */
export async function handover(
  terminal: Terminal,
  flags: HandoverFlags,
  instance: string,
): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR, PATIENCE_MS);
  const back = flags.back === true;
  const forMs = wholeMilliseconds(flags.for);
  await answerOf(client.reach());
  using _patience = patienceWith(terminal, flags.json === true);
  const answer = await answerOf(client.handOver({ instance, back, to: flags.to, forMs }));
  const done = answer.outcome === "handed-over" || answer.outcome === "taken-back";
  if (flags.json === true) terminal.out(`${JSON.stringify(answer, undefined, 2)}\n`);
  else if (done) terminal.out(`${answer.words}\n`);
  if (done) return EXIT.ok;
  if (flags.json === true) return EXIT.failed;
  throw new Failure(EXIT.failed, answer.words, HINTS[answer.outcome]);
}

/** A flag's time (nanoseconds) as the control socket takes it. */
export function wholeMilliseconds(time: number | undefined): number | undefined {
  return time === undefined ? undefined : Math.round(toMilliseconds(time as Nanoseconds));
}

/** Says that something is going on, where it takes longer than people wait without a word. */
export function patienceWith(terminal: Terminal, silent: boolean): Disposable {
  const tell = () => terminal.error("waiting until another node has taken over ...\n");
  const timer = silent ? undefined : setTimeout(tell, QUIET_MS);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}
