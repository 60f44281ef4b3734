/**
 * Rounds: what need not happen at a certain moment happens together, in the turns that send adverts
 * (vrrp/intervals.ts, beatBefore), since a turn of the loop costs more than what is done in it.
 */
import { type Instant, milliseconds } from "../time.ts";

/** From one round to the next: beats of adverts each second lie on the same instants. */
const ROUND = milliseconds(250);

/** So much earlier is the same, so that what is done once in so many seconds keeps to that. */
const EARLY = milliseconds(50);

/** The round for something that is due at `at`: at most 50 ms before, and 200 ms after it. */
export function roundFor(at: Instant): Instant {
  return (Math.ceil((at - EARLY) / ROUND) * ROUND) as Instant;
}
