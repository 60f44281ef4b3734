/** What random courses of leases have in common: a storm of faults, and clocks that go wrong. */
import { milliseconds, seconds } from "../../../src/time.ts";

/** How long faults happen, and how long then none does. */
export const STORM = seconds(20), CALM = seconds(12);
/** A course goes on by this. */
export const STEP = milliseconds(5);
/** A clock that is slewed is wrong by this at most (chrony, maxslewrate). */
const SLEW = 0.08;

/** How wrong clocks and fences are. */
export interface Wrong {
  /** What shuts a fence is late by this at most. */
  readonly margin: number;
  /** A clock that is not slewed is wrong by this at most. */
  readonly rate: number;
}

/** How fast the two clocks of a machine go; 1 is true. */
export interface Pace {
  readonly boot: number;
  readonly raw: number;
}

/** A pace of which one clock at least is wrong by no more than `rate`. */
export function drawPace(random: () => number, rate: number): Pace {
  const raw = 1 + (random() < 0.5 ? -1 : 1) * rate;
  const slew = random();
  return { raw, boot: raw * (slew < 0.2 ? 1 - SLEW : slew < 0.4 ? 1 + SLEW : 1) };
}
