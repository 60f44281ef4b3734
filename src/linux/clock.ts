/** Clocks of the kernel (clock_gettime(2)), and which run of the kernel they count. */
import { messageOf } from "../error.ts";
import { HostError } from "../host.ts";
import { TIMESPEC } from "./abi.ts";
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
