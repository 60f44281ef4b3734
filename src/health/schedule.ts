/** When does the next attempt start? Jittered at first, then in an even rhythm that never overlaps itself. */
import { after, type Instant, type Nanoseconds, nanoseconds, seconds } from "../time.ts";

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
