/**
 * promote_secondaries of the interfaces with leased floating IPv4 addresses: on for as long as one
 * is there, so that the others of its subnet stay, with their routes, whoever removes it: floatip,
 * or the kernel at the end of a lease. By rtnetlink: /proc/sys is read-only in the service's
 * sandbox.
 */
import { HostError } from "../../host.ts";
import type { Connection } from "./connection.ts";
import { promotesSecondaries, setPromotesSecondaries } from "./links.ts";

/** The interfaces where it was looked after, by index; true: it was off, and is put back. */
export class Promotion {
  readonly #connection: Connection;
  readonly #switched = new Map<number, boolean>();
  /** When it was last found on or switched on, by performance.now(). */
  readonly #lookedAt = new Map<number, number>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Was the interface looked after already, and not released since? */
  covers(index: number): boolean {
    return this.#switched.has(index);
  }

  /** The same as {@link Promotion.ensure}, unless it was on less than `ageMs` ago. */
  ensureWithin(index: number, ageMs: number): void {
    const lookedAt = this.#lookedAt.get(index) ?? -Infinity;
    if (performance.now() - lookedAt > ageMs) this.ensure(index);
  }

  /** Switches it on where it is off. Never throws: an address is worth having without this too. */
  ensure(index: number): void {
    unlessRefused(() => {
      const on = promotesSecondaries(this.#connection, index);
      if (!on) setPromotesSecondaries(this.#connection, index, true);
      this.#switched.set(index, !on || this.#switched.get(index) === true);
      this.#lookedAt.set(index, performance.now());
    });
  }

  /**
   * Puts it back on each interface that `isNeeded` says no of; a process that was killed leaves it
   * on.
   */
  settle(isNeeded: (index: number) => boolean): void {
    for (const [index, wasOff] of [...this.#switched]) {
      if (isNeeded(index)) continue;
      this.#switched.delete(index);
      this.#lookedAt.delete(index);
      if (wasOff) unlessRefused(() => setPromotesSecondaries(this.#connection, index, false));
    }
  }
}

/** The interface may be gone, and its settings with it. */
function unlessRefused(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
  }
}
