/**
 * Which machines vote on each lease, written down where it survives a reboot: a machine that starts
 * with another file goes on with the voters that are in force (decision 0090).
 */
import { systemMessage } from "../error.ts";
import { readTextSync, replaceSync } from "../linux/regular_file.ts";

/** Largest voters.json, in bytes: 512 leases of 64 voters. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The file of a daemon with this state directory. */
function votersPath(stateDir: string): string {
  return `${stateDir}/voters.json`;
}

/**
 * What was written down, as JSON has it; undefined: nothing, or it cannot be read, which `complain`
 * is told. Never throws.
 */
export function readVoters(
  stateDir: string,
  complain: (text: string) => void,
): unknown {
  const path = votersPath(stateDir);
  try {
    const file = readTextSync(path, MOST_BYTES);
    return file && JSON.parse(file.text);
  } catch (error) {
    const isText = error instanceof SyntaxError;
    const why = isText ? "it is not what floatip writes" : systemMessage(error);
    complain(`${path} is not used: ${why}; the machines that vote are those of the file`);
    return undefined;
  }
}

/** Writes it down, synced; tells once why it cannot, and again after it could. Never throws. */
export function votersWriter(
  stateDir: string,
  complain: (text: string) => void,
): (note: Readonly<Record<string, unknown>>) => boolean {
  let hasComplained = false;
  return (note) => {
    try {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
      replaceSync(votersPath(stateDir), `${JSON.stringify(note)}\n`, 0o644, true);
      hasComplained = false;
      return true;
    } catch (error) {
      const path = votersPath(stateDir);
      if (!hasComplained) {
        complain(
          `${path} cannot be written: ${systemMessage(error)}; ` +
            "which machines vote cannot be changed meanwhile",
        );
      }
      hasComplained = true;
      return false;
    }
  };
}
