/**
 * Announcements of a master to its neighbours: at once, again after 5 s, then once a minute; and
 * when they may have been misled.
 */
import { affordableAt, affords, type Limits, spend } from "../budget.ts";
import { after, type Instant, milliseconds, seconds } from "../time.ts";
import type { Effect } from "./event.ts";

/** Frames for each address in a burst. */
export const BURST = 5;
/** From a burst to the next one, for switches that were still learning at the first. */
export const FOLLOW_UP = seconds(5);
/** From one refresh to the next, for switches and hypervisors that forget. */
export const REFRESH = seconds(60);
/** At least this much lies between two bursts, however many rivals show up. */
export const BURST_SPACING = seconds(1);

/**
 * Frames that rivals can provoke, of all addresses together: a node that sends adverts without end
 * does not make this one a source of broadcasts. A burst and a frame for each address fit in any
 * case; then 100 a second.
 */
function provoked(addresses: number): Limits {
  return { most: Math.max(100, (BURST + 1) * addresses), every: milliseconds(10) };
}

/** What a master still has to announce. */
export interface Announcements {
  /** When the next announcement is due. */
  readonly announceAt: Instant;
  /** Its reason: a burst that was put off, the second burst, or the refresh of every minute. */
  readonly announceNext: "owed" | "follow-up" | "refresh";
  /** When the last burst went out. */
  readonly burstAt: Instant;
  /** What is left of the frames that rivals can provoke (budget.ts). */
  readonly framesPaid: Instant;
}

/** Announcements and the effects to perform now. */
export interface Announced {
  readonly announcements: Announcements;
  readonly effects: readonly Effect[];
}

/** A burst now and another one after {@link FOLLOW_UP}: the node has just become master. */
export function burst(now: Instant, framesPaid: Instant = now): Announced {
  return {
    announcements: {
      announceAt: after(now, FOLLOW_UP),
      announceNext: "follow-up",
      burstAt: now,
      framesPaid,
    },
    effects: [{ kind: "announce", count: BURST }],
  };
}

/**
 * There is something new to tell (an address that was deleted, or added): a burst now or, where the
 * last one is less than {@link BURST_SPACING} old, a frame now and a burst as soon as it is that
 * old.
 */
export function announceAgain(announcements: Announcements, now: Instant): Announced {
  const allowedAt = after(announcements.burstAt, BURST_SPACING);
  if (now >= allowedAt) return burst(now, announcements.framesPaid);
  return {
    announcements: { ...announcements, announceAt: allowedAt, announceNext: "owed" },
    effects: [{ kind: "announce", count: 1 }],
  };
}

/**
 * A rival may have misled the neighbours: a burst now or, where the last one is less than {@link
 * BURST_SPACING} old or too many were provoked, as soon as may be; until then `meanwhile` frames (0
 * or 1) now, as far as they fit. So the first is answered at once, and the last one is always
 * followed by a burst.
 */
export function announceProvoked(
  announcements: Announcements,
  now: Instant,
  addresses: number,
  meanwhile: 0 | 1 = 1,
): Announced {
  const { burstAt, framesPaid, announceNext, announceAt } = announcements;
  const limits = provoked(addresses);
  const whole = BURST * addresses;
  const affordable = affordableAt(framesPaid, limits, whole);
  const allowedAt = Math.max(after(burstAt, BURST_SPACING), affordable) as Instant;
  if (now >= allowedAt) return burst(now, spend(framesPaid, limits, now, whole));
  const isOwed = announceNext === "owed";
  const willBurst = isOwed || (announceNext === "follow-up" && announceAt <= allowedAt);
  const owed: Announcements = willBurst
    ? announcements
    : { ...announcements, announceAt: allowedAt, announceNext: "owed" };
  // A frame now does not put the burst off.
  const needed = isOwed ? whole + addresses : addresses;
  if (meanwhile === 0 || !affords(framesPaid, limits, now, needed)) {
    return { announcements: owed, effects: [] };
  }
  return {
    announcements: { ...owed, framesPaid: spend(framesPaid, limits, now, addresses) },
    effects: [{ kind: "announce", count: meanwhile }],
  };
}

/** What is due at `now`; a late call makes up for nothing that was missed. */
export function announceDue(
  announcements: Announcements,
  now: Instant,
  addresses: number,
): Announced {
  if (now < announcements.announceAt) return { announcements, effects: [] };
  const { framesPaid } = announcements;
  // What is announced anyway counts too, where rivals are many and addresses more.
  const burstPaid = spend(framesPaid, provoked(addresses), now, BURST * addresses);
  if (announcements.announceNext === "owed") return burst(now, burstPaid);
  const isFollowUp = announcements.announceNext === "follow-up";
  return {
    announcements: {
      announceAt: after(now, REFRESH),
      announceNext: "refresh",
      burstAt: isFollowUp ? now : announcements.burstAt,
      framesPaid: isFollowUp ? burstPaid : framesPaid,
    },
    effects: [{ kind: "announce", count: isFollowUp ? BURST : 1 }],
  };
}
