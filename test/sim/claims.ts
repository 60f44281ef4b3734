/**
 * Address assertions that reach a simulated program: of addresses it watches, on the link they came
 * by.
 */
import type { WatchedAddress } from "../../src/host.ts";
import { formatIp, sameIp } from "../../src/net/ip.ts";
import type { Mac } from "../../src/net/mac.ts";
import { sameBytes } from "./frame.ts";
import type { Machine, Port } from "./machine.ts";

/** As many frames as the socket's receive buffer holds; more are lost. */
const QUEUE_LIMIT = 100;

/** Whose claim it is. */
export interface Speaker {
  readonly mac: Mac;
  readonly macText: string;
  /** It answers a question. */
  readonly answer?: boolean;
  /** To everybody, so that it arrives also where the MAC is the same. */
  readonly openly?: boolean;
}

/** A claim of a watched address. */
export interface HeardClaim extends WatchedAddress {
  readonly mac: Mac;
  readonly answer: boolean;
  readonly direct: number;
}

const NONE: readonly HeardClaim[] = [];

/** What one program watches, and what is queued for it. */
export class Claims {
  readonly #machine: Machine;
  #watched: ReadonlyMap<string, WatchedAddress> = new Map();
  #queue: HeardClaim[] = [];

  constructor(machine: Machine) {
    this.#machine = machine;
  }

  /** Replaces the list; what is queued of addresses that are not in it is not told any more. */
  watch(watched: readonly WatchedAddress[]): void {
    this.#watched = new Map(watched.flatMap((one) => {
      const port = this.#machine.port(one.interface);
      return port === undefined ? [] : [[keyOf(port, formatIp(one.address)), one] as const];
    }));
    const kept = [...this.#watched.values()];
    this.#queue = this.#queue.filter((claim) =>
      kept.some((one) => one.interface === claim.interface && sameIp(one.address, claim.address))
    );
  }

  /**
   * A frame came in through `port` that says that `address` is at a MAC; true: it concerns the
   * program.
   */
  hear(
    port: Port,
    address: string,
    { mac, macText, answer = false, openly = false }: Speaker,
  ): boolean {
    const watched = this.#watched.get(keyOf(port, address));
    if (watched === undefined || this.#queue.length >= QUEUE_LIMIT) return false;
    const isOwn = this.#machine.ports().some((own) => own.macText === macText);
    if (isOwn && !(answer && openly && port.macText === macText)) return false;
    this.#queue.push({ ...watched, mac, answer, direct: answer && !openly ? 1 : 0 });
    return true;
  }

  /** Is anything queued? */
  get waiting(): boolean {
    return this.#queue.length > 0;
  }

  /** What is queued, each MAC's claim once, with how often it was answered. */
  take(): readonly HeardClaim[] {
    // Mostly there is none or one.
    if (this.#queue.length === 0) return NONE;
    if (this.#queue.length === 1) {
      const only = this.#queue;
      this.#queue = [];
      return only;
    }
    const taken: HeardClaim[] = [];
    for (const claim of this.#queue) {
      const at = taken.findIndex((one) => isSame(one, claim));
      const before = taken[at];
      if (before === undefined) taken.push(claim);
      else taken[at] = { ...claim, direct: before.direct + claim.direct };
    }
    this.#queue = [];
    return taken;
  }
}

/** Do both say the same? */
function isSame(a: HeardClaim, b: HeardClaim): boolean {
  return a.interface === b.interface && sameIp(a.address, b.address) && sameBytes(a.mac, b.mac);
}

function keyOf(port: Port, address: string): string {
  return `${port.index} ${address}`;
}
