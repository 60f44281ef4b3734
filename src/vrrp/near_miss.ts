/** Did a backup come close to taking over from a living master? The warning before a false takeover. */
import { between, type Nanoseconds } from "../time.ts";
import { type Ip, sameIp } from "../net/ip.ts";
import type { State } from "./state.ts";
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
 * Judges the step from `before` to `next` that an advert has made: a near miss where less than one of the master's
 * intervals was left, so that one more lost advert would have made two masters. A master that leaves, or that
 * this node is about to preempt anyway, is none.
 */
export function nearMiss(before: State, next: State, rules: Rules): NearMiss | undefined {
  if (before.kind !== "backup" || next.kind !== "backup") return undefined;
  if (before.master.kind !== "obeyed" || next.master.kind !== "obeyed") return undefined;
  const [earlier, later] = [before.master.heard, next.master.heard];
  // Another master's advert: the one before is dead, and a better backup was quicker, as it should.
  if (!sameIp(earlier.source, later.source)) return undefined;
  const silence = between(earlier.at, later.at);
  const limit = masterDownOf(rules, before.masterInterval);
  if (silence + before.masterInterval <= limit) return undefined;
  return { master: later.source, silence, limit };
}
