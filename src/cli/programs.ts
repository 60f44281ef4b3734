/** Other programs of this machine, run as children with a deadline and without a shell. */
import { runChild } from "../process.ts";
import type { ProgramOutput } from "../tools/firewall/detect.ts";

/**
 * Asked for a moment's answer: the slowest of them, written in Python, takes half a second on a Pi.
 */
const PATIENCE_MS = 5000;

/** A ruleset with a thousand addresses is 100 kB. */
const MOST_OUTPUT = 4 * 1024 * 1024;

/**
 * What the launchers of {@link runChild} say where there is no such program (chrt(1), setpriv(1)).
 */
const NOT_FOUND = 127;

/** {@link ../firewall/program.ts} Program on this machine, with this process's own rights. */
export async function askProgram(argv: readonly string[]): Promise<ProgramOutput | undefined> {
  try {
    const { code, timedOut, stdout, stderr } = await runChild({
      argv,
      privileged: true,
      timeoutMs: PATIENCE_MS,
      outputLimit: MOST_OUTPUT,
    });
    if (code === NOT_FOUND) return undefined;
    const late = timedOut ? `${argv[0]} did not answer within ${PATIENCE_MS / 1000} s` : stderr;
    return { code: timedOut ? 124 : code ?? 128, stdout, stderr: late };
  } catch {
    // There is not even chrt or setpriv: nothing of what could be asked is there.
    return undefined;
  }
}
