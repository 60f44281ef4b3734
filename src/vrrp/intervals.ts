/** How long does a backup wait before it believes the master gone? Integer nanoseconds, multiplied before divided. */
import type { Nanoseconds } from "../time.ts";
import type { Rules } from "./rules.ts";

/** Priorities are fractions of 256 (RFC 9568 6.1). */
const PRIORITY_STEPS = 256;

/** VRRPv2 skews by a part of this one second, whatever the interval is (RFC 3768 6.1). */
const V2_SKEW_UNIT = 1_000_000_000;

/** How many adverts may be missed before the master counts as gone (RFC 9568 6.1). */
const MISSED_ADVERTS = 3;

/**
 * Skew_Time: the better the priority (1-255), the shorter, so that the best backup comes first. VRRPv3: a part of the
 * master's `interval` (RFC 9568 6.1); VRRPv2: a part of one second (RFC 3768 6.1). Fractions of a nanosecond are cut off.
 */
export function skew(version: 2 | 3, priority: number, interval: Nanoseconds): Nanoseconds {
  const unit = version === 2 ? V2_SKEW_UNIT : interval;
  // At most 256 * 40.95e9: far below 2^53, and dividing by a power of two is exact.
  return Math.floor((PRIORITY_STEPS - priority) * unit / PRIORITY_STEPS) as Nanoseconds;
}

/** Active_Down_Interval: three of the master's intervals and the skew (RFC 9568 6.1, RFC 3768 6.1). */
export function masterDown(version: 2 | 3, priority: number, interval: Nanoseconds): Nanoseconds {
  return (MISSED_ADVERTS * interval + skew(version, priority, interval)) as Nanoseconds;
}

/** {@link skew} of an instance under `rules` whose master advertises every `interval`. */
export function skewOf(rules: Rules, interval: Nanoseconds): Nanoseconds {
  return skew(rules.version, rules.priority, interval);
}

/** {@link masterDown} of an instance under `rules` whose master advertises every `interval`. */
export function masterDownOf(rules: Rules, interval: Nanoseconds): Nanoseconds {
  return masterDown(rules.version, rules.priority, interval);
}

/** The interval to expect from a master: learnt from its advert (v3), one's own (v2, where both must be equal). */
export function learntInterval(rules: Rules, advertised: Nanoseconds): Nanoseconds {
  return rules.version === 3 ? advertised : rules.advertInterval;
}
