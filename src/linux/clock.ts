/** What time is it? clock_gettime(2), and which run of the kernel its clocks count. */
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
  readonly #view: DataView = new DataView(this.#timespec.buffer);

  /** `number` is CLOCK_MONOTONIC and the like. */
  constructor(libc: Libc, number: number) {
    this.#libc = libc;
    this.#number = number;
  }

  /** Since the machine's start. Throws HostError. */
  read(): { readonly sec: number; readonly nsec: number } {
    const { sec, nsec } = TIMESPEC.members;
    const result = this.#libc.clockGettime(this.#number, this.#timespec);
    demand(result, "clock_gettime", `clock ${this.#number}`);
    return {
      sec: Number(sec.get(this.#view, sec.offset)),
      nsec: Number(nsec.get(this.#view, nsec.offset)),
    };
  }
}

/** A text that no other run of the kernel has (random(4)). Throws HostError where /proc does not show it. */
export function bootId(): string {
  try {
    return Deno.readTextFileSync(BOOT_ID).trim();
  } catch (error) {
    const [code, words] = error instanceof Error ? [error.name, error.message] : ["", `${error}`];
    throw new HostError("read", BOOT_ID, code, words);
  }
}
