/** `floatip restart`: a new daemon takes over in place; the addresses stay. */
import { sleep } from "../../async.ts";
import type { RestartAnswer } from "../../control/api.ts";
import { ControlClient, ControlError } from "../../control/client.ts";
import { DEFAULT_RUN_DIR } from "../../control/socket.ts";
import { answerOf } from "../control_errors.ts";
import { EXIT, type ExitCode, Failure } from "../exit.ts";
import type { Terminal } from "../terminal.ts";
import { formatDuration, milliseconds } from "../../time.ts";

/** Flags of `floatip restart`. */
export interface RestartFlags {
  readonly json?: boolean | undefined;
  readonly runDir?: string | undefined;
}

/**
 * How long a new daemon may take to answer, in milliseconds, and how often it is asked meanwhile.
 */
const START_MS = 20_000;
const LOOK_MS = 50;

/** `floatip restart`. */
export async function restart(terminal: Terminal, flags: RestartFlags): Promise<ExitCode> {
  using client = new ControlClient(flags.runDir ?? DEFAULT_RUN_DIR);
  const json = flags.json === true;
  const started = performance.now();
  const before = await answerOf(client.status());
  const answer = await answerOf(client.restart().catch(orHungUp));
  if (!answer.restarting) {
    const hint = "`systemctl restart floatip` where it is a service; else stop and start it.";
    throw new Failure(EXIT.failed, `not restarted: ${answer.words}`, hint);
  }
  const after = await newDaemon(client, before.started, started + START_MS);
  const took = Math.round(performance.now() - started);
  const masters = after.instances.filter(({ state }) => state === "master").map(({ name }) => name);
  if (json) {
    terminal.out(`${JSON.stringify({ ...answer, took_ms: took, masters })}\n`);
  } else {
    const held = masters.length === 0 ? "" : `; still master of ${masters.join(", ")}`;
    terminal.out(
      `restarted in ${formatDuration(milliseconds(took))}: floatip ${after.version}${held}\n`,
    );
  }
  return EXIT.ok;
}

/** It may be gone before its answer is out. One that only does not answer has not ended. */
function orHungUp(error: unknown): RestartAnswer {
  if (!(error instanceof ControlError)) throw error;
  const { trouble, message } = error;
  if (trouble === "hung-up" || trouble === "not-running") {
    return { restarting: true, words: "the daemon has ended" };
  }
  if (trouble !== "no-answer") throw error;
  const hint =
    "Is it stopped (SIGSTOP), or the machine overloaded? When it goes on it may restart.";
  throw new Failure(EXIT.failed, message, hint);
}

/**
 * The status of a daemon that was not started at `before`. Throws Failure where none comes by
 * `end`.
 */
async function newDaemon(client: ControlClient, before: string, end: number) {
  let isThere = false;
  while (performance.now() < end) {
    const status = await client.status().catch(() => undefined);
    if (status !== undefined && status.started !== before) return status;
    isThere = status !== undefined;
    await sleep(LOOK_MS);
  }
  if (isThere) {
    throw new Failure(EXIT.failed, "not restarted: the daemon goes on", "Try it once more.");
  }
  const hint =
    "See `systemctl status floatip` and its log. The address is removed when its lease ends.";
  throw new Failure(EXIT.failed, "the daemon has ended, and no new one answers", hint);
}
