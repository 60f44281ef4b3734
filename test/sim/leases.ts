/**
 * Address lifetimes of a simulated kernel, a little late as on Linux (check_lifetime,
 * addrconf_verify).
 */
import type { Family } from "../../src/net/ip.ts";
import {
  after,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../../src/time.ts";
import type { Random } from "./random.ts";

const SECOND = seconds(1);

/** HZ=250. */
const JIFFY = milliseconds(4);

/** What would end within this is taken along. */
const EARLY = milliseconds(20);

/** So much later for the sake of a full second is all right (ADDRCONF_TIMER_FUZZ). */
const FUZZ = milliseconds(250);

/** From one look at the lifetimes of a family to the next (ADDRCONF_TIMER_FUZZ_MAX). */
const LEAST_PAUSE = SECOND;

/** A timer that is so far away ends at a multiple of so much, in jiffies (kernel/time/timer.c). */
const WHEEL: readonly (readonly [below: number, step: number])[] = [
  [63, 1],
  [504, 8],
  [4032, 64],
  [Infinity, 512],
];

/**
 * How late an address with this lifetime may go that was renewed alone, or together with all others
 * of its family.
 */
export function latestEnd(lifetime: Nanoseconds): Nanoseconds {
  const preferred = preferredOf(lifetime);
  // Each look may be put off to a full second, and that makes the timer's steps coarser.
  const [first, end] = [preferred + FUZZ, lifetime + FUZZ];
  if (preferred === lifetime) return nanoseconds(FUZZ + stepFor(end) + JIFFY);
  // The look at the end of the preferred time is late, and the next is a pause later at least.
  const last = Math.max(end, first + stepFor(first) + LEAST_PAUSE);
  const step = stepFor(Math.max(lifetime - preferred, LEAST_PAUSE));
  return nanoseconds(last - lifetime + step + JIFFY);
}

/**
 * What floatip asks for beside a lifetime (src/linux/netlink/addresses.ts): its end wakes the
 * kernel up in time for the other.
 */
function preferredOf(lifetime: Nanoseconds): Nanoseconds {
  const whole = lifetime / SECOND;
  return seconds(Math.max(Math.min(whole, 2), whole - 2 - Math.floor(whole / 16)));
}

/** The virtual time that leases run in. */
export interface LeaseClock {
  now(): Instant;
  at(at: Instant, act: () => void): void;
}

interface Lease {
  due: Instant;
  preferredUntil: Instant;
  /** Takes the address away. */
  readonly expire: () => void;
}

/** The lifetimes of one machine's addresses, by a key that names address and link. */
export class Leases {
  readonly #sweeps: Readonly<Record<Family, Sweep>>;

  constructor(clock: LeaseClock, random: Random) {
    // Jiffies and full seconds begin anywhere.
    const start = random.between(0, 1e9);
    this.#sweeps = { ipv4: new Sweep(clock, start), ipv6: new Sweep(clock, start) };
  }

  /**
   * Lets `expire` happen when `lifetime` has passed since the last call for `key`; undefined:
   * never.
   */
  set(family: Family, key: string, lifetime: Nanoseconds | undefined, expire: () => void): void {
    if (lifetime === undefined) return this.forget(key);
    this.#sweeps[family].set(key, wholeSeconds(lifetime), expire);
  }

  /** The address is gone, or is to stay for ever. */
  forget(key: string): void {
    this.#sweeps.ipv4.forget(key);
    this.#sweeps.ipv6.forget(key);
  }

  /** Whole seconds that are left of it, rounded up, as Linux tells them; undefined: for ever. */
  left(key: string): Nanoseconds | undefined {
    return this.#sweeps.ipv4.left(key) ?? this.#sweeps.ipv6.left(key);
  }

  /** The clock stood still for a while: what it was to do is to be planned anew. */
  thaw(): void {
    for (const sweep of Object.values(this.#sweeps)) sweep.thaw();
  }
}

/** All addresses of one family: one look at the lifetimes is for all of them. */
class Sweep {
  readonly #clock: LeaseClock;
  readonly #start: number;
  readonly #leases = new Map<string, Lease>();
  #lookAt: Instant | undefined;
  /** An event that is under way, perhaps for a look that was put off since. */
  #planned: Instant | undefined;

  constructor(clock: LeaseClock, start: number) {
    this.#clock = clock;
    this.#start = start;
  }

  set(key: string, lifetime: Nanoseconds, expire: () => void): void {
    const now = this.#clock.now();
    const due = after(now, lifetime);
    const preferredUntil = after(now, preferredOf(lifetime));
    const running = this.#leases.get(key);
    if (running === undefined) this.#leases.set(key, { due, preferredUntil, expire });
    else Object.assign(running, { due, preferredUntil });
    // Each change of an address is a look at all.
    this.#look();
  }

  forget(key: string): void {
    this.#leases.delete(key);
  }

  left(key: string): Nanoseconds | undefined {
    const lease = this.#leases.get(key);
    if (lease === undefined) return undefined;
    return seconds(Math.max(0, Math.ceil((lease.due - this.#clock.now()) / SECOND)));
  }

  thaw(): void {
    this.#planned = undefined;
    this.#plan();
  }

  #look(): void {
    const now = this.#clock.now();
    let next: number = Infinity;
    for (const [key, { due, preferredUntil, expire }] of this.#leases) {
      if (due - EARLY > now) {
        next = Math.min(next, preferredUntil - EARLY > now ? preferredUntil : due);
        continue;
      }
      this.#leases.delete(key);
      expire();
    }
    this.#lookAt = next === Infinity ? undefined : this.#lookAfter(now, next);
    this.#plan();
  }

  #lookAfter(now: Instant, due: number): Instant {
    const full = this.#up(due, SECOND);
    const wanted = Math.max(full - due < FUZZ ? full : due, now + LEAST_PAUSE);
    return this.#up(wanted, stepFor(wanted - now)) as Instant;
  }

  #plan(): void {
    const at = this.#lookAt;
    if (at === undefined || (this.#planned !== undefined && this.#planned <= at)) return;
    this.#planned = at;
    this.#clock.at(at, () => {
      if (this.#planned !== at) return;
      this.#planned = undefined;
      if (this.#lookAt === undefined) return;
      if (this.#lookAt > at) this.#plan();
      else this.#look();
    });
  }

  #up(at: number, step: number): number {
    return Math.ceil((at - this.#start) / step) * step + this.#start;
  }
}

function stepFor(distance: number): number {
  const jiffies = distance / JIFFY;
  return JIFFY * (WHEEL.find(([below]) => jiffies < below)?.[1] ?? 1);
}

function wholeSeconds(lifetime: Nanoseconds): Nanoseconds {
  return seconds(Math.max(1, Math.round(lifetime / SECOND)));
}
