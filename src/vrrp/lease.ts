/**
 * Leases of floating addresses: how long the kernel keeps one that is not renewed, and when it is
 * renewed.
 */
import { after, earliest, type Instant, type Nanoseconds, nanoseconds, seconds } from "../time.ts";
import type { Rules } from "./rules.ts";

/** The kernel counts whole seconds (ifa_cacheinfo, rtnetlink(7)). */
const SECOND = seconds(1);

/**
 * Nobody takes over from a master within so many of its intervals after its last advert (RFC 9568
 * 6.1: the skew comes on top).
 */
const INTERVALS = 3;

/** With fast adverts a lease is renewed about so often within its time, not with each of them. */
const RENEWALS = 8;

/**
 * The longest lease that does not outlive the wait of any peer: whole seconds, at least the one
 * that the kernel can do. With intervals under a third of a second it is longer than the peers
 * wait.
 */
export function autoLease(advertInterval: Nanoseconds): Nanoseconds {
  return nanoseconds(Math.max(SECOND, Math.floor(INTERVALS * advertInterval / SECOND) * SECOND));
}

/** When a lease that was given at `now` is to be renewed; undefined: the addresses have none. */
export function nextRenewal(now: Instant, rules: Rules): Instant | undefined {
  const period = renewalPeriod(rules);
  return period === undefined ? undefined : after(now, period);
}

/**
 * The same while no adverts are sent, which the fence is kept open with otherwise (decision 0078):
 * an interval later at the latest.
 */
export function nextSilentRenewal(now: Instant, rules: Rules): Instant | undefined {
  return earliest(nextRenewal(now, rules), rules.lease && after(now, rules.advertInterval));
}

/**
 * Is the lease to be renewed now? With the adverts, so that it ends no later after the last one
 * than it must, or, where it is too short for that, between them.
 */
export function isRenewalDue(
  renewAt: Instant | undefined,
  withAdvert: boolean,
  now: Instant,
  rules: Rules,
): boolean {
  if (renewAt === undefined) return false;
  const early = withAdvert ? rules.advertInterval / 2 : 0;
  return now + early >= renewAt;
}

function renewalPeriod({ lease, advertInterval }: Rules): Nanoseconds | undefined {
  if (lease === undefined) return undefined;
  if (lease <= 2 * advertInterval) return nanoseconds(lease / INTERVALS);
  const adverts = Math.max(1, Math.floor(lease / RENEWALS / advertInterval));
  return nanoseconds(adverts * advertInterval);
}
