/**
 * Time for leases: two clocks of one machine, which may be slewed, or wrong, each by itself. Who
 * holds counts by the one that runs ahead, who has promised by the one that lags (decision 0081).
 */
import { type Nanoseconds, nanoseconds } from "../../time.ts";

/**
 * Both clocks, read at one time, in ns since the machine's boot: so a reading still means the same
 * to the next process. An end is the reading that is waited for.
 */
export interface Reading {
  /** CLOCK_BOOTTIME: counts what the machine slept, and is slewed. */
  readonly boot: Nanoseconds;
  /** CLOCK_MONOTONIC_RAW and what the machine slept: is not slewed. */
  readonly raw: Nanoseconds;
}

/** The reading `duration` after `start`. */
export function readingAfter({ boot, raw }: Reading, duration: Nanoseconds): Reading {
  return { boot: nanoseconds(boot + duration), raw: nanoseconds(raw + duration) };
}

/** Has `end` passed by one of the clocks? So the holder counts. */
export function mayBeOver(end: Reading, now: Reading): boolean {
  return now.boot >= end.boot || now.raw >= end.raw;
}

/** Has `end` passed by both of the clocks? So the voter counts. */
export function isSurelyOver(end: Reading, now: Reading): boolean {
  return now.boot >= end.boot && now.raw >= end.raw;
}

/** How long it is at least until `end`; 0 where it has passed. */
export function restAtLeast(end: Reading, now: Reading): Nanoseconds {
  return nanoseconds(Math.max(0, Math.min(end.boot - now.boot, end.raw - now.raw)));
}

/** How long it is at most until `end`; 0 where it has passed. */
export function restAtMost(end: Reading, now: Reading): Nanoseconds {
  return nanoseconds(Math.max(0, end.boot - now.boot, end.raw - now.raw));
}

/** The later of two ends, by each clock. */
export function laterEnd(a: Reading | undefined, b: Reading): Reading {
  if (a === undefined) return b;
  return {
    boot: nanoseconds(Math.max(a.boot, b.boot)),
    raw: nanoseconds(Math.max(a.raw, b.raw)),
  };
}
