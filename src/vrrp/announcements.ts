/** When does a master tell the neighbours where its addresses are? At once, again after 5 s, then once a minute. */
import { after, type Instant, seconds } from "../time.ts";
import type { Effect } from "./effect.ts";

/** Frames for each address in a burst. */
export const BURST = 5;
/** From a burst to the next one, for switches that were still learning at the first. */
export const FOLLOW_UP = seconds(5);
/** From one refresh to the next, for switches and hypervisors that forget. */
export const REFRESH = seconds(60);
/** At least this much lies between two bursts, however many rivals show up; a single frame is sent meanwhile for each. */
export const BURST_SPACING = seconds(1);

/** What a master still has to announce. */
export interface Announcements {
  /** When the next announcement is due. */
  readonly announceAt: Instant;
  /** Its reason: a burst that was put off, the second burst, or the refresh of every minute. */
  readonly announceNext: "owed" | "follow-up" | "refresh";
  /** When the last burst went out. */
  readonly burstAt: Instant;
}

/** Announcements and the effects to perform now. */
export interface Announced {
  readonly announcements: Announcements;
  readonly effects: readonly Effect[];
}

/** A burst now and another one after {@link FOLLOW_UP}: the node has just become master. */
export function burst(now: Instant): Announced {
  return {
    announcements: { announceAt: after(now, FOLLOW_UP), announceNext: "follow-up", burstAt: now },
    effects: [{ kind: "announce", count: BURST }],
  };
}

/**
 * The neighbours may have been misled (a rival, a deleted address): a burst now or, where the last one is less than
 * {@link BURST_SPACING} old, `meanwhile` frames (0 or 1) now and a burst as soon as it is that old. So the last reason is always
 * followed by a burst.
 */
export function announceAgain(
  announcements: Announcements,
  now: Instant,
  meanwhile: 0 | 1 = 1,
): Announced {
  const allowedAt = after(announcements.burstAt, BURST_SPACING);
  if (now >= allowedAt) return burst(now);
  return {
    announcements: { ...announcements, announceAt: allowedAt, announceNext: "owed" },
    effects: meanwhile === 0 ? [] : [{ kind: "announce", count: meanwhile }],
  };
}

/** What is due at `now`; a late call makes up for nothing that was missed. */
export function announceDue(announcements: Announcements, now: Instant): Announced {
  if (now < announcements.announceAt) return { announcements, effects: [] };
  if (announcements.announceNext === "owed") return burst(now);
  const isFollowUp = announcements.announceNext === "follow-up";
  return {
    announcements: {
      announceAt: after(now, REFRESH),
      announceNext: "refresh",
      burstAt: isFollowUp ? now : announcements.burstAt,
    },
    effects: [{ kind: "announce", count: isFollowUp ? BURST : 1 }],
  };
}
