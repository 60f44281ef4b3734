/**
 * Damping of masters that come and go. The first takeovers after one follow RFC 9568; a node that
 * has to yield again and again, more often than a better node can start, waits before it takes over
 * once more, each time twice as long.
 */
import { affords, type Limits, spend } from "../budget.ts";
import { after, type Instant, type Nanoseconds, seconds } from "../time.ts";
import { masterDownOf } from "./intervals.ts";
import type { Rules } from "./rules.ts";

/** Three in a row are what a restart, an upgrade and a cable can do. */
const MOST_YIELDS = 3;

/** With fast adverts, programs still start no faster. */
const LEAST_SPACING = seconds(2);

/** Nobody is held down for longer: the address may have no other holder. */
const LONGEST_HOLD = seconds(30);

/** How often this node yielded of late, and what follows. */
export interface Damping {
  /** What is left of the times that it may yield and take over at once (budget.ts). */
  readonly paid: Instant;
  /** How often in a row it was held down. */
  readonly held: number;
  /** It does not take over before this. */
  readonly until: Instant;
}

/** It has not yielded of late. */
export function calm(now: Instant): Damping {
  return { paid: now, held: 0, until: now };
}

/** It yields once more. */
export function yielded({ paid, held }: Damping, now: Instant, rules: Rules): Damping {
  const limits = limitsOf(rules);
  if (affords(paid, limits, now)) {
    return { paid: spend(paid, limits, now), held: paid <= now ? 0 : held, until: now };
  }
  const hold = Math.min(LONGEST_HOLD, limits.every * 2 ** held) as Nanoseconds;
  const until = after(now, hold);
  // The budget is as empty after the hold as it is now: only quiet fills it.
  return { paid: spend(paid, limits, until, MOST_YIELDS), held: Math.min(held + 1, 8), until };
}

/**
 * A node that starts listens for a master-down interval before it takes over: so fast a better one
 * can come and go.
 */
function limitsOf(rules: Rules): Limits {
  const cycle = masterDownOf(rules, rules.advertInterval);
  return { most: MOST_YIELDS, every: Math.max(LEAST_SPACING, cycle) as Nanoseconds };
}
