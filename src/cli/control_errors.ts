/** What does a command say when the daemon cannot be asked? Each trouble with its hint and exit code. */
import { ControlError, type ControlTrouble } from "../control/client.ts";
import { EXIT, type ExitCode, Failure } from "./exit.ts";

const HINTS: Readonly<Record<ControlTrouble, readonly [ExitCode, string]>> = {
  "not-running": [
    EXIT.notRunning,
    "Start it: `systemctl start floatip`, or `floatip run` in the foreground.\n" +
    "Where it runs with another --run-dir, name the same one here.",
  ],
  "not-permitted": [
    EXIT.notPermitted,
    "Use sudo. To look, being in the group floatip is enough: `sudo adduser $USER floatip`, and log in anew.",
  ],
  "no-answer": [EXIT.failed, "Is it stopped (SIGSTOP), or the machine overloaded?"],
  "bad-answer": [EXIT.failed, "Restart the daemon: it is probably older than this program."],
};

/** `error` as a Failure where it says that the daemon could not be asked; anything else as it is. */
export function explainControl(error: unknown): unknown {
  if (!(error instanceof ControlError)) return error;
  const [exit, hint] = HINTS[error.trouble];
  return new Failure(exit, error.message, hint);
}
