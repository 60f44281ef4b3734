/**
 * Which machines vote on each lease, written down where it survives a reboot: a machine that starts
 * with another file goes on with the voters that are in force (decision 0090).
 */
import { decodeVotersNote, encodeVotersNote, type VotersNote } from "../cluster/votes/note.ts";
import { systemMessage } from "../error.ts";
import { readTextSync, replaceSync } from "../linux/regular_file.ts";

/** Largest voters.json, in bytes: 512 leases of 64 voters. */
const MOST_BYTES = 4 * 1024 * 1024;

/** The file of a daemon with this state directory. */
function votersPath(stateDir: string): string {
  return `${stateDir}/voters.json`;
}

/**
 * What was written down; undefined: nothing, or it cannot be read, which `complain` is told. Never
 * throws.
 */
export function readVoters(
  stateDir: string,
  complain: (text: string) => void,
): VotersNote | undefined {
  const path = votersPath(stateDir);
  try {
    const file = readTextSync(path, MOST_BYTES);
    const note = file && decodeVotersNote(JSON.parse(file.text));
    if (file !== undefined && note === undefined) throw new SyntaxError("not such a note");
    return note;
  } catch (error) {
    const why = error instanceof SyntaxError ? "it is not what floatip writes" : wordsOf(error);
    complain(`${path} is not used: ${why}; the machines that vote are those of the file`);
    return undefined;
  }
}

/** Writes it down, synced; tells once why it cannot, and again after it could. Never throws. */
export function votersWriter(
  stateDir: string,
  complain: (text: string) => void,
): (note: VotersNote) => boolean {
  let hasComplained = false;
  return (note) => {
    try {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
      replaceSync(votersPath(stateDir), `${JSON.stringify(encodeVotersNote(note))}\n`, 0o644, true);
      hasComplained = false;
      return true;
    } catch (error) {
      const path = votersPath(stateDir);
      if (!hasComplained) {
        complain(
          `${path} cannot be written: ${wordsOf(error)}; ` +
            "which machines vote cannot be changed meanwhile",
        );
      }
      hasComplained = true;
      return false;
    }
  };
}

function wordsOf(error: unknown): string {
  return systemMessage(error);
}
