/** The clocks of a simulated machine: suspended with it, or late afterwards. */
import type { Reading } from "../../src/cluster/votes/clocks.ts";
import { between, type Instant, type Nanoseconds, nanoseconds } from "../../src/time.ts";

/**
 * What a machine's clocks make of a time in which nothing of it ran. "stopped": nothing, as when a
 * hypervisor stops it and puts its clock back. "suspended": CLOCK_BOOTTIME counts it,
 * CLOCK_MONOTONIC does not. "starved": both go on, as when its host has no processor for it.
 */
export type Freeze = "stopped" | "suspended" | "starved";

/** One machine's clocks. */
export class MachineClock {
  readonly #world: () => Instant;
  #frozen: { readonly since: Instant; readonly how: Freeze } | undefined;
  /** How far CLOCK_MONOTONIC is behind the world. */
  #behind: Nanoseconds = nanoseconds(0);
  /** The same of CLOCK_BOOTTIME, since it was switched on. */
  #bootBehind: Nanoseconds = nanoseconds(0);
  #bootedAt: Instant;
  /** How fast the clocks of leases are; all others are right. */
  rates = { boot: 1, raw: 1 };

  constructor(world: () => Instant) {
    this.#world = world;
    this.#bootedAt = world();
  }

  /** Does nothing run? */
  get frozen(): boolean {
    return this.#frozen !== undefined;
  }

  /** CLOCK_MONOTONIC, which the kernel's own lifetimes go by. */
  monotonic(): Instant {
    const standing = this.#frozen === undefined ? 0 : this.#standing("starved");
    return this.#world() - this.#behind - standing as Instant;
  }

  /** When the world will be there where CLOCK_MONOTONIC shows `at`, if nothing stops it. */
  whenMonotonic(at: Instant): Instant {
    return at + this.#behind as Instant;
  }

  /** CLOCK_BOOTTIME, which programs go by. */
  boottime(): Instant {
    const standing = this.#frozen === undefined ? 0 : this.#standing("starved", "suspended");
    return this.#world() - this.#bootBehind - standing as Instant;
  }

  /** When the world will be there where CLOCK_BOOTTIME shows `at`, if nothing stops it. */
  whenBoottime(at: Instant): Instant {
    return at + this.#bootBehind as Instant;
  }

  /** The same clock since this machine was switched on. */
  sinceBoot(): Nanoseconds {
    return between(this.#bootedAt, this.boottime());
  }

  /** The clocks that leases go by: those of the machine, as fast as {@link MachineClock.rates}. */
  readings(): Reading {
    const since = this.sinceBoot();
    const { boot, raw } = this.rates;
    return { boot: nanoseconds(since * boot), raw: nanoseconds(since * raw) };
  }

  /** It was switched on just now. */
  boot(): void {
    this.#frozen = undefined;
    this.#bootBehind = nanoseconds(0);
    this.#bootedAt = this.#world();
  }

  freeze(how: Freeze): void {
    this.#frozen ??= { since: this.#world(), how };
  }

  thaw(): void {
    this.#behind = nanoseconds(this.#behind + this.#standing("starved"));
    this.#bootBehind = nanoseconds(this.#bootBehind + this.#standing("starved", "suspended"));
    this.#frozen = undefined;
  }

  /** For how long a clock has been standing still that goes on in the kinds of freeze given. */
  #standing(...goingOn: readonly Freeze[]): number {
    if (this.#frozen === undefined || goingOn.includes(this.#frozen.how)) return 0;
    return this.#world() - this.#frozen.since;
  }
}
