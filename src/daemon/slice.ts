/**
 * Slice of work that one turn of the loop has room for, so that adverts that are due leave between
 * two of them.
 */
import type { Plan } from "../config/plan/plan.ts";
import { between, type Instant, milliseconds } from "../time.ts";

/**
 * So many virtual routers, of which one with many addresses counts more, and no longer than this.
 */
const MOST = 16, ADDRESSES_OF_ONE = 8, LONGEST = milliseconds(2);

/** What is done in one turn. */
export class Slice {
  readonly #now: () => Instant;
  readonly #since: Instant;
  #done = 0;

  constructor(now: () => Instant) {
    this.#now = now;
    this.#since = now();
  }

  /** Is the rest for later turns? */
  get isFull(): boolean {
    return this.#done >= MOST || between(this.#since, this.#now()) >= LONGEST;
  }

  /** Was nothing done yet in this turn? */
  get isFresh(): boolean {
    return this.#done === 0;
  }

  /** Something was done for a router with `plan`. */
  add({ virtualAddresses }: Pick<Plan, "virtualAddresses">): void {
    this.#done += 1 + virtualAddresses.length / ADDRESSES_OF_ONE;
  }
}

/** What `parts` come to; undefined: `slice` is full before their end. */
export function goOn<T>(parts: Generator<void, T>, slice: Slice): T | undefined {
  while (!slice.isFull) {
    const { done, value } = parts.next();
    if (done === true) return value;
  }
  return undefined;
}
