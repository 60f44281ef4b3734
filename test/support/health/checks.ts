/** Helpers for tests of probes: checks, tools, and counts of descriptors and processes. */
import type { ProbeResult } from "../../../src/health/check.ts";
import { type CheckSettings, type Probe, PROBE_KEYS } from "../../../src/config/tables/check.ts";
import { settingsOf } from "../../../src/config/tables/key.ts";
import { type ProbeTools, runProbe } from "../../../src/health/probe.ts";
import { milliseconds } from "../../../src/time.ts";
import { until } from "../until.ts";

/**
 * A check with this probe and this timeout; by default one that a loaded machine does not reach.
 */
export function check(probe: Probe, timeoutMs = 30_000): CheckSettings {
  return {
    name: "tried",
    probe,
    interval: milliseconds(timeoutMs),
    timeout: milliseconds(timeoutMs),
    fall: 3,
    rise: 2,
    weight: undefined,
  };
}

type HttpProbe = Extract<Probe, { kind: "http" }>;

/** A probe of a web server; what `more` does not say is as where the file does not say it. */
export function httpProbe(url: string, more: Partial<Omit<HttpProbe, "kind" | "url">> = {}): Probe {
  return { ...settingsOf(PROBE_KEYS.http, {}), ...more, kind: "http", url } as HttpProbe;
}

/** Tools of a machine without a network. */
export function tools(given: Partial<ProbeTools> = {}): ProbeTools {
  const interfaces = () => ({ links: [], addresses: [] });
  return { interfaces, knownProcesses: new Map(), ...given };
}

/** One attempt with {@link tools}. */
export function attempt(probe: Probe, timeoutMs?: number): Promise<ProbeResult> {
  return runProbe(check(probe, timeoutMs), tools());
}

/** How many descriptors this process has open. */
export function descriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Every process whose environment has `entry` ("NAME=value"), zombies left out. */
export function processesWith(entry: string): readonly number[] {
  const pids = [...Deno.readDirSync("/proc")].map(({ name }) => Number(name));
  return pids.filter(Number.isInteger).filter((pid) => {
    try {
      return Deno.readTextFileSync(`/proc/${pid}/environ`).split("\0").includes(entry);
    } catch {
      return false; // It ended meanwhile.
    }
  });
}

/** Children of this process, zombies too. */
export function children(): number {
  return [...Deno.readDirSync("/proc/self/task")]
    .flatMap(({ name }) => read(`/proc/self/task/${name}/children`).split(" "))
    .filter((pid) => pid !== "").length;
}

/**
 * Most that {@link eventually} waits: a loaded machine may need many times what an idle one does.
 */
const LIMIT_MS = 60_000;

/** Waits until `true` comes back; fails with `what` after a minute. */
export async function eventually(what: string, holds: () => boolean): Promise<void> {
  await until(what, holds, LIMIT_MS, 2);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return "";
  }
}
