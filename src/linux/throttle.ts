/** Throttle of descriptors: one that was read too much of is not watched until more may be read. */
import { affordableAt, affords, type Limits, spend } from "../budget.ts";
import { earliest, type Instant } from "../time.ts";
import type { Received, Receiver } from "./datagram.ts";
import type { Poller } from "./poller.ts";

/** A flood at a socket does not keep this program from its deadlines, nor a processor busy. */
export class Throttle {
  readonly #poller: Poller;
  readonly #limits: Limits;
  readonly #paid = new Map<number, Instant>();
  readonly #muted = new Map<number, Instant>();

  /** `limits` of each descriptor. */
  constructor(poller: Poller, limits: Limits) {
    this.#poller = poller;
    this.#limits = limits;
  }

  /**
   * So much was read of `fd`. Where it was too much (true), it is not watched until a part of it
   * may be read again.
   */
  spend(fd: number, count: number, now: Instant): boolean {
    const paid = spend(this.#paid.get(fd) ?? now, this.#limits, now, count);
    this.#paid.set(fd, paid);
    if (affords(paid, this.#limits, now) || this.#muted.has(fd)) return false;
    this.#poller.remove(fd);
    this.#muted.set(fd, affordableAt(paid, this.#limits, Math.ceil(this.#limits.most / 8)));
    return true;
  }

  /**
   * Gives what is queued on `fd` to `take`, `most` datagrams at most, and counts it. A link that
   * went down is told once; the socket hears again when its link does.
   */
  read(fd: number, receiver: Receiver, most: number, take: (received: Received) => void): void {
    let count = 0;
    receiver.receiveAll(fd, most, (received) => {
      count++;
      take(received);
    });
    this.spend(fd, count, this.#poller.now());
  }

  /** When the next one is to be watched again. */
  get deadline(): Instant | undefined {
    return this.#muted.size === 0 ? undefined : earliest(...this.#muted.values());
  }

  /** Watches those again whose time has come. */
  release(now: Instant): void {
    for (const [fd, until] of this.#muted) {
      if (until > now) continue;
      this.#muted.delete(fd);
      this.#poller.add(fd);
    }
  }

  /** `fd` is about to be closed. */
  forget(fd: number): void {
    this.#muted.delete(fd);
    this.#paid.delete(fd);
  }
}
