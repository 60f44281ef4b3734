/**
 * Announcer of addresses to the neighbours: the frames of a turn have a bound, so that adverts stay
 * on time.
 */
import { type Host, HostError } from "../host.ts";
import type { Ip } from "../net/ip.ts";
import { after, type Instant, milliseconds } from "../time.ts";
import type { Journal } from "./journal/journal.ts";
import { labelOf } from "./journal/log.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { ARRIVAL } from "../vrrp/handoff.ts";

/** Frames in one turn of the loop: about a millisecond. */
const MOST_IN_A_TURN = 64;

/** From one part to the next, where not all fit. */
const SPACING = milliseconds(4);

/** So often it is looked whether they arrive. */
const LOOK_AGAIN = milliseconds(1);

/** A frame that tells where `address` is, and the interface that it leaves by. */
export interface Announcement {
  readonly interface: string;
  readonly address: Ip;
  readonly frame: Uint8Array;
}

/** One that is still to be sent. */
interface Pending extends Announcement {
  /** From then on it is sent whether packets arrive or not. */
  readonly until: Instant;
}

/** Sends what fits now, and the rest in parts. */
export class Announcer {
  readonly #host: Host;
  readonly #journal: Journal;
  /** What is still to be sent, of each router in its order. */
  readonly #pending = new Map<VirtualRouter, readonly Pending[]>();
  #left = MOST_IN_A_TURN;
  #turnAt: Instant | undefined;
  /** Does something wait for its address, rather than for a later part? */
  #isAwaited = false;

  constructor(host: Host, journal: Journal) {
    this.#host = host;
    this.#journal = journal;
  }

  /**
   * Sends each of `frames` `count` times for `router`, all of them once before any of them again
   * where they are many. Those of addresses to which no packets arrive yet wait a little.
   */
  announce(router: VirtualRouter, frames: readonly Announcement[], count: number): void {
    const times = Array.from({ length: count });
    const fits = frames.length * count <= this.#left;
    // Neighbours that hear it before packets to the address arrive send some that are lost. A
    // master that leaves waits no longer: after that no other node answers for the address.
    const until = after(this.#host.now(), ARRIVAL);
    const all = frames.map((frame) => ({ ...frame, until }));
    // What was still to be said is said again by this.
    this.#pending.delete(router);
    const ordered = fits
      ? all.flatMap((frame) => times.map(() => frame))
      : times.flatMap(() => all);
    this.#send(router, ordered, this.#left);
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
    if (due === undefined || (due > now && !this.#isAwaited)) return;
    this.#turnAt = now;
    this.#isAwaited = false;
    const waiting = [...this.#pending];
    const share = Math.max(1, Math.floor(MOST_IN_A_TURN / waiting.length));
    for (const [router, frames] of waiting) {
      // The one that had its part waits behind the others.
      this.#pending.delete(router);
      this.#send(router, frames, share);
    }
  }

  /** When there is something to send. */
  nextDeadline(): Instant | undefined {
    if (this.#pending.size === 0) return undefined;
    return after(this.#turnAt ?? (0 as Instant), this.#isAwaited ? LOOK_AGAIN : SPACING);
  }

  /** Sends up to `most` of what may be sent and fits into this turn; the rest waits. */
  #send(router: VirtualRouter, frames: readonly Pending[], most: number): void {
    const mayGo = this.#readiness();
    let left = Math.min(most, this.#left);
    const rest: Pending[] = [];
    const refused = new Set<string>();
    for (const one of frames) {
      if (left === 0 || !mayGo(one)) {
        rest.push(one);
        continue;
      }
      left--;
      this.#left--;
      try {
        this.#host.sendFrame(one.interface, one.frame);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refused.add(error.message);
      }
    }
    for (const words of refused) {
      this.#journal.write("error", `${labelOf(router.plan)}: ${words}`);
    }
    if (rest.length > 0) this.#pending.set(router, rest);
  }

  /** Each address is looked at once. */
  #readiness(): (one: Pending) => boolean {
    const now = this.#host.now();
    const known = new Map<Ip, boolean>();
    return ({ address, until }) => {
      const isReady = known.get(address) ?? (until <= now || this.#host.isReady(address));
      known.set(address, isReady);
      if (!isReady) this.#isAwaited = true;
      return isReady;
    };
  }
}
