/** Did a backup come close to taking over from a living master? The warning before a false takeover. */
import { after, between, type Instant, type Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";
import type { State } from "./instance.ts";
import { masterDownOf } from "./intervals.ts";
import type { Rules } from "./rules.ts";

/** A master's advert that came late. */
export interface NearMiss {
  readonly master: Ip;
  /** From its advert before to this one. */
  readonly silence: Nanoseconds;
  /** The silence after which this node would have taken over. */
  readonly limit: Nanoseconds;
}

/**
 * Judges the step from `before` to `next` that an advert at `now` has made: a near miss where less than one of the master's
 * intervals was left, so that one more lost advert would have made two masters. A master that leaves, or that
 * this node is about to preempt anyway, is none.
 */
export function nearMiss(
  before: State,
  next: State,
  now: Instant,
  rules: Rules,
): NearMiss | undefined {
  if (before.kind !== "backup" || next.kind !== "backup") return undefined;
  const { heard } = before;
  if (heard === undefined || before.outranked || next.outranked || next.left !== undefined) {
    return undefined;
  }
  const renewed = next.heard !== undefined && next.heard.at === now && heard.at !== now;
  const limit = masterDownOf(rules, before.masterInterval);
  const isClose = after(now, before.masterInterval) > after(heard.at, limit);
  if (!renewed || !isClose) return undefined;
  return { master: next.heard.source, silence: between(heard.at, now), limit };
}
