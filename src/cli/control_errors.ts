/** Failures to ask the daemon, each with its hint and exit code. */
import { ControlError, type ControlTrouble } from "../control/client.ts";
import { EXIT, type ExitCode, Failure } from "./exit.ts";

const HINTS: Readonly<Record<ControlTrouble, readonly [ExitCode, string]>> = {
  "not-running": [
    EXIT.notRunning,
    "Start it: `systemctl start floatip`, or `floatip run` in the foreground.\n" +
    "If it runs with another --run-dir, name the same one here.",
  ],
  "not-permitted": [
    EXIT.notPermitted,
    "Use sudo. For status, join the group: `sudo adduser $USER floatip`, then log in again.",
  ],
  "no-answer": [EXIT.failed, "Is it stopped (SIGSTOP), or the machine overloaded?"],
  "hung-up": [
    EXIT.failed,
    "It is ending, was killed, or has too many clients: see `systemctl status floatip`.",
  ],
  "bad-answer": [EXIT.failed, "Restart the daemon: it is probably older than this program."],
};

/** The answer to a request. Rejects with Failure where the daemon could not be asked. */
export async function answerOf<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    if (!(error instanceof ControlError)) throw error;
    const [exit, hint] = HINTS[error.trouble];
    throw new Failure(exit, error.message, hint);
  }
}
