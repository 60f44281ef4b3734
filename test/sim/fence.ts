/** The fence of a simulated machine: it stays when its program ends, and goes with the power. */
import type { Fence, FenceSettings, FenceState, FenceTimes } from "../../src/host.ts";
import { formatIp, type Ip } from "../../src/net/ip.ts";
import { after, type Instant } from "../../src/time.ts";

/** Until when an address is open, and guarded. */
interface Ends {
  readonly open: Instant;
  readonly guarded: Instant;
}

/** Its elements end by the kernel's clock, which stands still while the machine is suspended. */
export class SimFence implements Fence {
  readonly #monotonic: () => Instant;
  readonly #ends = new Map<string, Ends>();
  state: FenceState = { kind: "none", words: "" };

  constructor(monotonic: () => Instant) {
    this.#monotonic = monotonic;
  }

  settle(settings: FenceSettings | undefined): void {
    this.state = settings === undefined ? { kind: "none", words: "" } : { kind: "stands" };
    if (settings === undefined) this.#ends.clear();
  }

  /** A table that is being made takes notice a moment later, which is now here. */
  keepOpen(addresses: readonly Ip[], { open, guarded }: FenceTimes): boolean {
    const now = this.#monotonic();
    const ends = { open: after(now, open), guarded: after(now, guarded) };
    for (const address of addresses) this.#ends.set(formatIp(address), ends);
    return true;
  }

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
