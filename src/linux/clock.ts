/** Clocks of the kernel (clock_gettime(2)), and which run of the kernel they count. */
import { messageOf } from "../error.ts";
import { HostError } from "../host.ts";
import type { Reading } from "../cluster/votes/clocks.ts";
import { nanoseconds } from "../time.ts";
import { TIMESPEC } from "./abi.ts";
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW } from "./constants.ts";
import type { Bytes, Libc } from "./libc.ts";
import { demand } from "./refusal.ts";

const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** One of the kernel's clocks. */
export class Clock {
  readonly #libc: Libc;
  readonly #number: number;
  readonly #timespec: Bytes = new Uint8Array(TIMESPEC.size);
  /**
   * The same memory: the two halves of the seconds, then of the nanoseconds. Every turn reads it.
   */
  readonly #words: Uint32Array = new Uint32Array(this.#timespec.buffer);

  /** `number` is CLOCK_MONOTONIC and the like. */
  constructor(libc: Libc, number: number) {
    this.#libc = libc;
    this.#number = number;
  }

  /** Since the machine's start. Throws HostError. */
  read(): { readonly sec: number; readonly nsec: number } {
    this.#ask();
    const [low = 0, high = 0, nsec = 0] = this.#words;
    return { sec: high * 2 ** 32 + low, nsec };
  }

  /** Nanoseconds since `second`; exact for 104 days. Throws HostError. */
  since(second: number): number {
    this.#ask();
    const words = this.#words;
    const sec = (words[1] ?? 0) * 2 ** 32 + (words[0] ?? 0);
    return (sec - second) * 1e9 + (words[2] ?? 0);
  }

  #ask(): void {
    const result = this.#libc.clockGettime(this.#number, this.#timespec);
    if (result < 0) demand(result, "clock_gettime", `clock ${this.#number}`);
  }
}

/** Reads of all clocks that take longer were interrupted in between, in ns. */
const AT_ONCE = 100_000;

/** So often it is tried again then. */
const MOST_READS = 8;

/** Clocks for leases: {@link Reading}. */
export class LeaseClocks {
  readonly #boot: Clock;
  readonly #monotonic: Clock;
  readonly #raw: Clock;

  constructor(libc: Libc) {
    this.#boot = new Clock(libc, CLOCK_BOOTTIME);
    this.#monotonic = new Clock(libc, CLOCK_MONOTONIC);
    this.#raw = new Clock(libc, CLOCK_MONOTONIC_RAW);
  }

  /** CLOCK_MONOTONIC_RAW does not count what the machine slept: that is added. Throws HostError. */
  read(): Reading {
    for (let left = MOST_READS;; left--) {
      const before = this.#raw.since(0);
      const monotonic = this.#monotonic.since(0);
      const boot = this.#boot.since(0);
      const raw = this.#raw.since(0);
      if (raw - before > AT_ONCE && left > 0) continue;
      const slept = Math.max(0, boot - monotonic);
      return { boot: nanoseconds(boot), raw: nanoseconds(raw + slept) };
    }
  }
}

/**
 * A text that no other run of the kernel has (random(4)). Throws HostError where /proc does not
 * show it.
 */
export function bootId(): string {
  try {
    return Deno.readTextFileSync(BOOT_ID).trim();
  } catch (error) {
    const code = error instanceof Error ? error.name : "";
    throw new HostError("read", BOOT_ID, code, messageOf(error));
  }
}
