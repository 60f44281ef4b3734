/** When does a simulated kernel take addresses away by itself? As Linux does: a little after their lifetime has passed. */
import {
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../../src/time.ts";
import type { Random } from "./random.ts";

/** How much later than it might Linux looks: measured, IPv4 and IPv6. */
const LATE = { least: milliseconds(20), most: milliseconds(250) };

interface Lease {
  /** When its lifetime has passed. */
  due: Instant;
  /** Takes the address away. */
  readonly expire: () => void;
}

/** The virtual time that leases run in. */
export interface LeaseClock {
  readonly now: Instant;
  at(at: Instant, act: () => void): void;
}

/** The lifetimes of one machine's addresses, by a key that names address and link. */
export class Leases {
  readonly #clock: LeaseClock;
  readonly #random: Random;
  readonly #leases = new Map<string, Lease>();

  constructor(clock: LeaseClock, random: Random) {
    this.#clock = clock;
    this.#random = random;
  }

  /** Lets `expire` happen when `lifetime` has passed since the last call for `key`; undefined: never. */
  set(key: string, lifetime: Nanoseconds | undefined, expire: () => void): void {
    if (lifetime === undefined) return this.forget(key);
    const due = this.#clock.now + wholeSeconds(lifetime) as Instant;
    const running = this.#leases.get(key);
    if (running !== undefined) {
      running.due = due;
      return;
    }
    const lease = { due, expire };
    this.#leases.set(key, lease);
    this.#watch(key, lease);
  }

  /** The address is gone, or is to stay for ever. */
  forget(key: string): void {
    this.#leases.delete(key);
  }

  /** Whole seconds that are left of it, rounded up, as Linux tells them; undefined: for ever. */
  left(key: string): Nanoseconds | undefined {
    const lease = this.#leases.get(key);
    if (lease === undefined) return undefined;
    return seconds(Math.max(0, Math.ceil((lease.due - this.#clock.now) / 1e9)));
  }

  /** One event is under way for each lease, however often it is renewed. */
  #watch(key: string, lease: Lease): void {
    const { due } = lease;
    const isOver = (): boolean => this.#leases.get(key) !== lease;
    this.#clock.at(due, () => {
      if (isOver()) return;
      if (lease.due > due) return this.#watch(key, lease);
      const late = nanoseconds(this.#random.between(LATE.least, LATE.most));
      this.#clock.at(due + late as Instant, () => {
        if (isOver()) return;
        if (lease.due > due) return this.#watch(key, lease);
        this.#leases.delete(key);
        lease.expire();
      });
    });
  }
}

function wholeSeconds(lifetime: Nanoseconds): Nanoseconds {
  return seconds(Math.max(1, Math.round(lifetime / 1e9)));
}
