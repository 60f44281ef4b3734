/** The state of a check after its results, and the time of its attempts. */
import type { CheckSettings } from "../config/tables/check.ts";
import { after, type Instant, type Nanoseconds, nanoseconds, seconds } from "../time.ts";
import type { ProbeResult } from "./check.ts";

/** Whether a check is up, and what speaks against it. */
export interface CheckState {
  /** Undefined: no result yet. */
  readonly up: boolean | undefined;
  /** Results in a row against `up`: at most `fall` - 1 while up, `rise` - 1 while down. */
  readonly streak: number;
  /** The last result; undefined: none yet. */
  readonly last: ProbeResult | undefined;
  /** The last integer of a file probe with want "value"; it stays until the check is down. */
  readonly value: number | undefined;
}

/** The state before the first result. */
export const NO_RESULT: CheckState = {
  up: undefined,
  streak: 0,
  last: undefined,
  value: undefined,
};

/**
 * The state after `result`. The first result decides at once; later ones change it after `fall`
 * failures or `rise` successes in a row, as in keepalived. Counts below 1 mean 1.
 */
export function judge(
  before: CheckState,
  result: ProbeResult,
  settings: Pick<CheckSettings, "rise" | "fall">,
): CheckState {
  const { up, streak } = verdict(before, result.ok, settings);
  return { up, streak, last: result, value: result.value ?? (up ? before.value : undefined) };
}

/**
 * The state of a check that a reload added or changed: the first success makes it up, `fall`
 * failures in a row make it down. Until then `up` stays as before, or undefined.
 */
export function judgeNew(
  before: CheckState,
  result: ProbeResult,
  { fall }: Pick<CheckSettings, "fall">,
): CheckState {
  if (result.ok) return { up: true, streak: 0, last: result, value: result.value };
  const streak = before.streak + 1;
  const down = before.up === false || streak >= fall;
  return down
    ? { up: false, streak: 0, last: result, value: undefined }
    : { up: before.up, streak, last: result, value: before.value };
}

function verdict(
  before: CheckState,
  ok: boolean,
  settings: Pick<CheckSettings, "rise" | "fall">,
): Pick<CheckState, "up" | "streak"> {
  if (before.up === undefined || before.up === ok) return { up: ok, streak: 0 };
  // A reload may have lowered the count since the streak began.
  const streak = before.streak + 1;
  const needed = before.up ? settings.fall : settings.rise;
  return streak >= needed ? { up: ok, streak: 0 } : { up: before.up, streak };
}

/**
 * Longest delay of a first attempt: short, since instances wait for it; it spreads the starts of
 * checks.
 */
const LONGEST_JITTER: Nanoseconds = seconds(0.2);

/**
 * The start of the first attempt. `jitter`: random, in [0, 1). Less than 200 ms and `interval`
 * after `now`.
 */
export function firstStart(now: Instant, interval: Nanoseconds, jitter: number): Instant {
  return after(now, nanoseconds(jitter * Math.min(interval, LONGEST_JITTER)));
}

/**
 * The start of the attempt after one that was due at `due` and ended at `finished`: an interval
 * after `due`, so that delays do not add up, but not before it ended. Missed attempts are skipped.
 */
export function nextStart(due: Instant, finished: Instant, interval: Nanoseconds): Instant {
  const planned = after(due, interval);
  return finished > planned ? finished : planned;
}
