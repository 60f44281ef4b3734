/** The maintenance of this node: a file in the state directory, so that it survives a reboot. */
import type { Maintenance } from "../daemon/command.ts";
import { NotAFile, readTextSync, removeSync, replaceSync } from "../linux/regular_file.ts";
import { printableLine } from "../printable.ts";
import type { WallTime } from "../time.ts";

/** A reason has 500 characters at most: more is none of ours, in bytes. */
const MOST = 64 * 1024;

/** The first and the last time that a calendar has (ECMA-262, Date), in milliseconds from 1970. */
const FARTHEST = 8_640_000_000_000_000;

/** The file of a daemon with this state directory; where there is none, there is no maintenance. */
export function maintenancePath(stateDir: string): string {
  return `${stateDir}/maintenance.json`;
}

/** Writes `maintenance` down, synced, or (undefined) removes it. Throws Deno.errors.*. */
export function writeMaintenance(stateDir: string, maintenance: Maintenance | undefined): void {
  const path = maintenancePath(stateDir);
  if (maintenance === undefined) return removeSync(path);
  Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  const { since, until, reason } = maintenance;
  const text = JSON.stringify({ since, until: until ?? null, reason: reason ?? null });
  replaceSync(path, `${text}\n`, 0o644, true);
}

/**
 * The maintenance that is written down; undefined: there is none. A file that cannot be understood means maintenance, since
 * it was asked for; what is no file (a symbolic link, a pipe) means none. `complain` is told of both. Never throws.
 */
export function readMaintenance(
  stateDir: string,
  complain: (words: string) => void,
): Maintenance | undefined {
  const path = maintenancePath(stateDir);
  const unclear = (words: string): void =>
    complain(`${path} ${words}; maintenance is on until \`floatip maintenance off\``);
  let written = 0 as WallTime;
  try {
    const file = readTextSync(path, MOST);
    if (file === undefined) return undefined;
    written = (file.modified?.getTime() ?? 0) as WallTime;
    const { since, until, reason } = fieldsOf(file.text);
    if (!isTime(since) || (until !== null && !isTime(until))) unclear("holds a time that is none");
    return {
      since: isTime(since) ? since : written,
      until: isTime(until) ? until : undefined,
      reason: typeof reason === "string" ? printableLine(reason) : undefined,
    };
  } catch (error) {
    if (error instanceof NotAFile) {
      complain(`${error.message}: maintenance is off`);
      return undefined;
    }
    // A parser's words would show what is in the file.
    unclear(error instanceof SyntaxError ? "is not what floatip writes" : "cannot be read");
    return { since: written, until: undefined, reason: "its file cannot be read" };
  }
}

function fieldsOf(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject) throw new SyntaxError("not an object");
  return value as Readonly<Record<string, unknown>>;
}

function isTime(value: unknown): value is WallTime {
  return typeof value === "number" && Math.abs(value) <= FARTHEST;
}
