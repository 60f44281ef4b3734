/** Is this node to stand down? A file in the state directory, so that it survives a reboot. */
import type { Maintenance } from "../daemon/maintenance.ts";
import type { WallTime } from "../time.ts";

/** The file of a daemon with this state directory; where there is none, there is no maintenance. */
export function maintenancePath(stateDir: string): string {
  return `${stateDir}/maintenance.json`;
}

/** Writes `maintenance` down, synced, or (undefined) removes it. Throws Deno.errors.*. */
export function writeMaintenance(stateDir: string, maintenance: Maintenance | undefined): void {
  const path = maintenancePath(stateDir);
  if (maintenance === undefined) return removeFile(path);
  Deno.mkdirSync(stateDir, { recursive: true, mode: 0o755 });
  {
    using file = Deno.openSync(`${path}.new`, { write: true, create: true, truncate: true });
    const { since, until, reason } = maintenance;
    const text = JSON.stringify({ since, until: until ?? null, reason: reason ?? null });
    file.writeSync(new TextEncoder().encode(`${text}\n`));
    file.syncSync();
  }
  Deno.renameSync(`${path}.new`, path);
}

/**
 * The maintenance that is written down; undefined: there is none. A file that cannot be understood means maintenance, since
 * somebody wanted some: `complain` is told. Never throws.
 */
export function readMaintenance(
  stateDir: string,
  complain: (words: string) => void,
): Maintenance | undefined {
  const path = maintenancePath(stateDir);
  try {
    const { since, until, reason } = JSON.parse(Deno.readTextFileSync(path));
    return {
      since: toTime(since) ?? (0 as WallTime),
      until: toTime(until),
      reason: typeof reason === "string" ? reason : undefined,
    };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    const words = error instanceof Error ? error.message : String(error);
    complain(
      `${path} cannot be read: ${words}; maintenance is on until \`floatip maintenance off\``,
    );
    return { since: 0 as WallTime, until: undefined, reason: "its file cannot be read" };
  }
}

function toTime(value: unknown): WallTime | undefined {
  return Number.isFinite(value) ? value as WallTime : undefined;
}

function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
