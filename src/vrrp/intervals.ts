/** Skew and master-down intervals. Integer nanoseconds, multiplied before divided. */
import { type Instant, milliseconds, type Nanoseconds, seconds } from "../time.ts";
import type { Rules } from "./rules.ts";

/** Priorities are fractions of 256 (RFC 9568 6.1). */
const PRIORITY_STEPS = 256;

/** VRRPv2 skews by a part of this one second, whatever the interval is (RFC 3768 6.1). */
const V2_SKEW_UNIT = 1_000_000_000;

/** How many adverts may be missed before the master counts as gone (RFC 9568 6.1). */
const MISSED_ADVERTS = 3;

/**
 * Skew_Time: the better the priority (1-255), the shorter, so that the best backup comes first.
 * VRRPv3: a part of the master's `interval` (RFC 9568 6.1); VRRPv2: a part of one second (RFC 3768
 * 6.1). Fractions of a nanosecond are cut off.
 */
export function skew(version: 2 | 3, priority: number, interval: Nanoseconds): Nanoseconds {
  const unit = version === 2 ? V2_SKEW_UNIT : interval;
  // At most 256 * 40.95e9: far below 2^53, and dividing by a power of two is exact.
  return Math.floor((PRIORITY_STEPS - priority) * unit / PRIORITY_STEPS) as Nanoseconds;
}

/**
 * Active_Down_Interval: three of the master's intervals and the skew (RFC 9568 6.1, RFC 3768 6.1).
 */
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

/** What an advert can say: a yielding master repeats what it learnt. */
const CENTISECOND = milliseconds(10);

/**
 * An interval that is longer than every node's by the file: a part more, and room for the change
 * from 100 ms to 1 s.
 */
const TOLERANCE = 1.25;
const LEAST_BELIEVED = milliseconds(400);

/**
 * Where the file does not say what the others' interval is: three of these have room for one ten
 * times as long.
 */
const TOLERANCE_OF_STRANGERS = 3.5;
const LEAST_BELIEVED_OF_STRANGERS = seconds(2);

/**
 * The interval to expect from a master that has been heard for `heardFor`. v2: one's own, both must
 * be equal. v3: learnt from its adverts (RFC 9568 6.1, Active_Adver_Interval), but a long one is
 * not believed at its first word: one advert with 40.95 s would leave no master for minutes. A
 * longer one than usual is believed as far as its master has been there for so long.
 */
export function learntInterval(
  rules: Rules,
  advertised: Nanoseconds,
  heardFor: Nanoseconds,
): Nanoseconds {
  if (rules.version === 2) return rules.advertInterval;
  const usual = rules.intervalKnown === true
    ? Math.max(TOLERANCE * rules.advertInterval, LEAST_BELIEVED)
    : Math.max(TOLERANCE_OF_STRANGERS * rules.advertInterval, LEAST_BELIEVED_OF_STRANGERS);
  const longest = Math.max(usual, heardFor);
  return Math.min(advertised, longest - longest % CENTISECOND) as Nanoseconds;
}

/**
 * Virtual routers of one interval advertise in so many turns of an interval, so that one turn of
 * the loop sends for many (decision 0080).
 */
const TURNS = 4;

/** With shorter intervals no router waits for the step of another. */
const SHARED_FROM = milliseconds(100);

/**
 * The beat of adverts at `interval` that is not after `at`: at most a quarter of the interval
 * before it. A beat that is one interval after another is on the same grid.
 */
export function beatBefore(at: Instant, interval: Nanoseconds): Instant {
  return (interval < SHARED_FROM ? at : at - at % (interval / TURNS)) as Instant;
}
