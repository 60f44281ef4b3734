/**
 * The highest numbers of changes of holder, written down where they survive a reboot: when all
 * machines that vote have forgotten them, numbers rise from there. Nothing else rests on the file.
 */
import { systemMessage } from "../error.ts";
import { readTextSync, replaceSync } from "../linux/regular_file.ts";

/** Largest epochs.json, in bytes. */
const MOST_BYTES = 64 * 1024;

/** The file of a daemon with this state directory. */
function epochsPath(stateDir: string): string {
  return `${stateDir}/epochs.json`;
}

/** What was written down, by lease. `complain` is told what cannot be read. Never throws. */
export function readEpochs(
  stateDir: string,
  complain: (text: string) => void,
): ReadonlyMap<string, number> {
  const path = epochsPath(stateDir);
  try {
    const file = readTextSync(path, MOST_BYTES);
    if (file === undefined) return new Map();
    const value: unknown = JSON.parse(file.text);
    if (typeof value !== "object" || value === null) return new Map();
    return new Map(
      Object.entries(value).filter(([, epoch]) => Number.isSafeInteger(epoch) && epoch >= 0),
    );
  } catch (error) {
    const why = error instanceof SyntaxError
      ? "it is not what floatip writes"
      : systemMessage(error);
    complain(`${path} is not used: ${why}; numbers of changes of holder may start again`);
    return new Map();
  }
}

/** Writes an epoch down, with `before`; tells once what cannot be written. Never throws. */
export function epochWriter(
  stateDir: string,
  before: ReadonlyMap<string, number>,
  complain: (text: string) => void,
): (lease: string, epoch: number) => void {
  const known = new Map(before);
  let hasComplained = false;
  return (lease, epoch) => {
    known.set(lease, Math.max(epoch, known.get(lease) ?? 0));
    try {
      Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
      const text = JSON.stringify(Object.fromEntries(known));
      replaceSync(epochsPath(stateDir), `${text}\n`, 0o644, false);
    } catch (error) {
      if (!hasComplained) {
        complain(`${epochsPath(stateDir)} cannot be written: ${systemMessage(error)}`);
      }
      hasComplained = true;
    }
  };
}
