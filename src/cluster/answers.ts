/**
 * Which HELLOs of a peer are answered. A HELLO may be a recording, and only its answer shows: each
 * process of the peer has a budget of its own, so that recordings of others do not use up that of
 * one which has just started; and none is answered twice.
 */
import { affords, type Limits, spend } from "../budget.ts";
import { sameBytes } from "../net/bytes.ts";
import { type Ip, ipKey } from "../net/ip.ts";
import { type Instant, milliseconds } from "../time.ts";
import { type Greeting, hintOf } from "./datagram.ts";

/** Processes that have budgets of their own; of more, the one that came first loses it. */
const PROCESSES = 32;
/** Answers to one of them. */
const EACH: Limits = { most: 8, every: milliseconds(200) };
/** Processes that are new when there are so many: recordings of more than that share it. */
const MORE: Limits = { most: 8, every: milliseconds(100) };
/** HELLOs of a process that are known again. */
const KNOWN = 8;

const START = 0 as Instant;

interface Budget {
  readonly paid: Instant;
  /** Nonces of HELLOs that were answered, and where they came from. */
  readonly answered: readonly string[];
}

const WHOLE: Budget = { paid: START, answered: [] };

type Hello = Pick<Greeting, "sid" | "to" | "asked">;

/** What is answered of one peer, which knows this process by `ownSid`. */
export class Answers {
  readonly #ownSid: Uint8Array;
  readonly #processes = new Map<bigint, Budget>();
  /** Names this process: no recording from before it started does. */
  #named = WHOLE;
  #morePaid = START;
  #newest: Uint8Array | undefined;

  constructor(ownSid: Uint8Array) {
    this.#ownSid = ownSid;
  }

  /** Its process that said HELLO for the first time, the last of all; it may be a recording. */
  get newest(): Uint8Array | undefined {
    return this.#newest;
  }

  /** Why this HELLO is not answered, if it is not. */
  obstacle(now: Instant, from: Ip, hello: Hello): "replayed" | "too-many" | undefined {
    const known = this.#budgetOf(hello);
    if (known?.answered.includes(nameOf(from, hello))) return "replayed";
    const isAffordable = known !== undefined
      ? affords(known.paid, EACH, now)
      : this.#processes.size < PROCESSES || affords(this.#morePaid, MORE, now);
    return isAffordable ? undefined : "too-many";
  }

  /** It is answered: its tag is right. */
  note(now: Instant, from: Ip, hello: Hello): void {
    const before = this.#budgetOf(hello);
    const { paid, answered } = before ?? WHOLE;
    const budget = {
      paid: spend(paid, EACH, now),
      answered: [...answered, nameOf(from, hello)].slice(-KNOWN),
    };
    if (this.#isNamed(hello)) this.#named = budget;
    else this.#processes.set(hintOf(hello.sid), budget);
    if (before !== undefined) return;
    this.#newest = hello.sid.slice();
    if (this.#processes.size <= PROCESSES) return;
    this.#morePaid = spend(this.#morePaid, MORE, now);
    const [first] = this.#processes.keys();
    if (first !== undefined) this.#processes.delete(first);
  }

  #budgetOf(hello: Hello): Budget | undefined {
    return this.#isNamed(hello) ? this.#named : this.#processes.get(hintOf(hello.sid));
  }

  #isNamed({ to }: Hello): boolean {
    return sameBytes(to, this.#ownSid);
  }
}

function nameOf(from: Ip, { asked }: Hello): string {
  return `${asked} ${ipKey(from)}`;
}
