/**
 * Which machines vote on each lease, written down where it survives a reboot: a machine that starts
 * with another file goes on with the voters that are in force (decision 0090).
 */
import { systemMessage } from "../error.ts";
import { readTextSync, replace } from "../linux/regular_file.ts";

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

/**
 * Writes it down, synced, one after the other beside the loop, and tells once why it cannot, and
 * again after it could. Never throws.
 */
export function votersWriter(
  stateDir: string,
  complain: (text: string) => void,
): (note: Readonly<Record<string, unknown>>, done: (isWritten: boolean) => void) => void {
  let hasComplained = false;
  let writing = Promise.resolve();
  const write = async (note: Readonly<Record<string, unknown>>): Promise<boolean> => {
    try {
      await Deno.mkdir(stateDir, { recursive: true, mode: 0o755 });
      await replace(votersPath(stateDir), `${JSON.stringify(note)}\n`, 0o644);
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
  return (note, done) => {
    writing = writing.then(async () => done(await write(note)));
  };
}
