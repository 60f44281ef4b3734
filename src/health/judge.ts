/** Is it up or down? What a row of results says, one result after the other. */
import type { CheckSettings } from "../config/tables/check.ts";
import { after, type Instant, type Nanoseconds, nanoseconds, seconds } from "../time.ts";
import type { ProbeResult } from "./check.ts";

/** What is known of a check. */
export interface CheckState {
  /** Undefined: no result yet. */
  readonly up: boolean | undefined;
  /**
   * Results in a row that speak against `up`: 0 where the last one agrees, at most `fall` - 1 while up and
   * `rise` - 1 while down.
   */
  readonly streak: number;
  /** The last result; undefined: none yet. */
  readonly last: ProbeResult | undefined;
  /** The last integer that a file probe with want "value" read; it outlives failures that do not make a verdict. */
  readonly value: number | undefined;
}

/** What is known before the first result. */
export const NO_RESULT: CheckState = {
  up: undefined,
  streak: 0,
  last: undefined,
  value: undefined,
};

/**
 * What is known after `result`. The first result decides at once; later ones turn the verdict when `fall` failures or
 * `rise` successes came in a row (keepalived's script counters). Counts below 1 mean 1.
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
 * The same of a check that is new beside instances that run, or probes something new since a reload: the first success
 * makes it up, `fall` failures in a row make it down. Until then `up` is what was known before, or undefined.
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
  // Settings may have become smaller since the streak began: at least, not exactly.
  const streak = before.streak + 1;
  const needed = before.up ? settings.fall : settings.rise;
  return streak >= needed ? { up: ok, streak: 0 } : { up: before.up, streak };
}

/**
 * The longest that a first attempt is put off. Short, since an instance waits for the first result before it may
 * start claiming; long enough that a dozen checks do not all start in one moment.
 */
const LONGEST_JITTER: Nanoseconds = seconds(0.2);

/** When the first attempt starts. `jitter`: chance, in [0, 1). At most 200 ms, and less than `interval`, after `now`. */
export function firstStart(now: Instant, interval: Nanoseconds, jitter: number): Instant {
  return after(now, nanoseconds(jitter * Math.min(interval, LONGEST_JITTER)));
}

/**
 * When the attempt after the one that was due at `due` and over at `finished` starts: one interval after it was due, so
 * that lateness does not add up, but never before it is over. Attempts that were missed (a stall, an attempt longer
 * than the interval) are not made up for.
 */
export function nextStart(due: Instant, finished: Instant, interval: Nanoseconds): Instant {
  const planned = after(due, interval);
  return finished > planned ? finished : planned;
}
