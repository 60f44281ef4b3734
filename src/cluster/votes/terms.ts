/** How long promises last, and for how long one may be relied on (decision 0081). */
import { milliseconds, type Nanoseconds, nanoseconds, seconds } from "../../time.ts";

/**
 * A promise for more than this is never asked for and never given. So a voter that has forgotten
 * its promises is silent for a time that depends on no file and on no advert interval.
 */
export const LONGEST_TERM = seconds(4);

/** A clock that is not slewed runs faster or slower than time by this at most: 1000 ppm. */
export const RATE = 0.001;

/** What ends the answers of a holder whose process is dead, and how late that may be. */
export const MARGINS = {
  /** An element of a set with a timeout: one jiffy at HZ=100. */
  nftables: milliseconds(10),
  /** A lifetime of an address, in whole seconds: decision 0039 has the worst case. */
  lifetime: milliseconds(550),
} as const;

/** Promises last for so many advert intervals. */
const INTERVALS = { nftables: 2.5, lifetime: 3 } as const;

/**
 * With faster adverts promises last as with these, 50 ms: of 25 ms the margin leaves 15, and
 * answers would have to come within 5, which a busy machine cannot do.
 */
const FASTEST = milliseconds(20);

/** What ends the answers of a holder whose process is dead. */
export type Fence = keyof typeof MARGINS;

/** The times of one lease. */
export interface Terms {
  /** A voter's promise, from the receipt of the request. */
  readonly term: Nanoseconds;
  /** How long the holder may hold, from the sending of the request. */
  readonly hold: Nanoseconds;
  /** From one request to the next. An answer that takes longer is not used. */
  readonly renewEvery: Nanoseconds;
}

/**
 * The times of a lease whose holder advertises each `advertInterval`. Undefined: adverts are too
 * fast for this kind of fence, a lost answer would end the hold.
 */
export function termsOf(advertInterval: Nanoseconds, fence: Fence): Terms | undefined {
  const interval = Math.max(advertInterval, FASTEST);
  const term = nanoseconds(Math.min(LONGEST_TERM, INTERVALS[fence] * interval));
  const hold = holdOf(term, RATE, MARGINS[fence]);
  const renewEvery = nanoseconds(Math.min(interval / 2, term / 5));
  return hold < 2 * renewEvery ? undefined : { term, hold, renewEvery };
}

/**
 * For how long a promise of `term` may be relied on: the voter's clock may be fast by `rate` and
 * the holder's slow, and what ends the hold may be late by `margin`.
 */
export function holdOf(term: Nanoseconds, rate: number, margin: Nanoseconds): Nanoseconds {
  return nanoseconds(term * (1 - 2 * rate) - margin);
}
