/**
 * Budget of what others can provoke: so much at once, then one more at a time. A value: the instant
 * until which what was spent is paid for (the generic cell rate algorithm); an instant in the past
 * is a whole budget.
 */
import { after, type Instant, type Nanoseconds } from "./time.ts";

/** How much there is. */
export interface Limits {
  /** So many at once, at least 1. */
  readonly most: number;
  /** And one more whenever this has passed. */
  readonly every: Nanoseconds;
}

/** When `count` more can be spent, at the earliest. */
export function affordableAt(paid: Instant, { most, every }: Limits, count = 1): Instant {
  return (paid - (most - count) * every) as Instant;
}

/** Can `count` more be spent at `now`? */
export function affords(paid: Instant, limits: Limits, now: Instant, count = 1): boolean {
  return affordableAt(paid, limits, count) <= now;
}

/**
 * What is left after `count` were spent at `now`. What could not be afforded leaves no more than an
 * empty budget.
 */
export function spend(paid: Instant, { most, every }: Limits, now: Instant, count = 1): Instant {
  const spent = Math.max(paid, now) + count * every;
  return Math.min(spent, after(now, (most * every) as Nanoseconds)) as Instant;
}
