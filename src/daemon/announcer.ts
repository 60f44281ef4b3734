/**
 * Announcer of addresses to the neighbours: the frames of a turn have a bound, so that adverts stay
 * on time.
 */
import { type Host, HostError } from "../host.ts";
import { after, type Instant, milliseconds } from "../time.ts";
import type { Journal } from "./journal/journal.ts";
import { labelOf } from "./journal/log.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** Frames in one turn of the loop: about a millisecond. */
const MOST_IN_A_TURN = 64;

/** From one part to the next, where not all fit. */
const SPACING = milliseconds(4);

/** A frame and the interface that it leaves by. */
export interface Announcement {
  readonly interface: string;
  readonly frame: Uint8Array;
}

/** Sends what fits now, and the rest in parts. */
export class Announcer {
  readonly #host: Host;
  readonly #journal: Journal;
  /** What is still to be sent, of each router in its order. */
  readonly #pending = new Map<VirtualRouter, readonly Announcement[]>();
  #left = MOST_IN_A_TURN;
  #turnAt: Instant | undefined;

  constructor(host: Host, journal: Journal) {
    this.#host = host;
    this.#journal = journal;
  }

  /**
   * Sends each of `frames` `count` times for `router`, all of them once before any of them again
   * where they are many.
   */
  announce(router: VirtualRouter, frames: readonly Announcement[], count: number): void {
    const times = Array.from({ length: count });
    const fits = frames.length * count <= this.#left;
    // What was still to be said is said again by this.
    this.#pending.delete(router);
    const ordered = fits
      ? frames.flatMap((frame) => times.map(() => frame))
      : times.flatMap(() => frames);
    const rest = this.#send(router, ordered);
    if (rest.length > 0) this.#pending.set(router, rest);
  }

  /** `router` has given its addresses up: nothing more is said of them. */
  cancel(router: VirtualRouter): void {
    this.#pending.delete(router);
  }

  /** A turn of the loop begins at `now`. */
  turn(now: Instant): void {
    const due = this.nextDeadline();
    this.#left = MOST_IN_A_TURN;
    if (due === undefined) this.#turnAt = now;
    if (due === undefined || due > now) return;
    this.#turnAt = now;
    const waiting = [...this.#pending];
    const share = Math.max(1, Math.floor(MOST_IN_A_TURN / waiting.length));
    for (const [router, frames] of waiting) {
      // The one that had its part waits behind the others.
      this.#pending.delete(router);
      const rest = [
        ...this.#send(router, frames.slice(0, share)),
        ...frames.slice(share),
      ];
      if (rest.length > 0) this.#pending.set(router, rest);
    }
  }

  /** When there is something to send. */
  nextDeadline(): Instant | undefined {
    if (this.#pending.size === 0) return undefined;
    return after(this.#turnAt ?? (0 as Instant), SPACING);
  }

  /** Sends what fits into this turn, and gives the rest. */
  #send(router: VirtualRouter, frames: readonly Announcement[]): readonly Announcement[] {
    const now = frames.slice(0, this.#left);
    this.#left -= now.length;
    const refused = new Set<string>();
    for (const { interface: name, frame } of now) {
      try {
        this.#host.sendFrame(name, frame);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refused.add(error.message);
      }
    }
    for (const words of refused) {
      this.#journal.write("error", `${labelOf(router.plan)}: ${words}`);
    }
    return frames.slice(now.length);
  }
}
