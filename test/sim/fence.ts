/** The fence of a simulated machine: it stays when its program ends, and goes with the power. */
import type { Fence, FenceSettings, FenceState, FenceTimes } from "../../src/host.ts";
import { formatIp, type Ip } from "../../src/net/ip.ts";
import { after, type Instant } from "../../src/time.ts";

/** Until when an address is open, and guarded. */
interface Ends {
  readonly open: Instant;
  readonly guarded: Instant;
}

const NO_TABLES = "the kernel has no nf_tables";

/** Its elements end by the kernel's clock, which stands still while the machine is suspended. */
export class SimFence implements Fence {
  readonly #monotonic: () => Instant;
  readonly #ends = new Map<string, Ends>();
  state: FenceState = { kind: "none", words: "" };
  /** False: the kernel has no nf_tables. */
  isPossible = true;

  constructor(monotonic: () => Instant) {
    this.#monotonic = monotonic;
  }

  settle(settings: FenceSettings | undefined): void {
    if (settings === undefined || !this.isPossible) {
      this.state = { kind: "none", words: settings === undefined ? "" : NO_TABLES };
      this.#ends.clear();
    } else this.state = { kind: "stands" };
  }

  /** A table that is being made takes notice a moment later, which is now here. */
  keepOpen(addresses: readonly Ip[], { open, guarded }: FenceTimes): boolean {
    if (!this.isPossible) return false;
    const now = this.#monotonic();
    const ends = { open: after(now, open), guarded: after(now, guarded) };
    for (const address of addresses) this.#ends.set(formatIp(address), ends);
    return true;
  }

  look(): void {}

  forget(addresses: readonly Ip[]): void {
    for (const address of addresses) this.#ends.delete(formatIp(address));
  }

  /** Is nothing answered for the address with this text? */
  isShut(address: string): boolean {
    const ends = this.#ends.get(address);
    if (ends === undefined) return false;
    const now = this.#monotonic();
    return ends.open <= now && now < ends.guarded;
  }
}
