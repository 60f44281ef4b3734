/**
 * Steps that many turns of the loop share: what many addresses take of one, so that others have
 * their turns in between.
 */
import { between, type Instant, milliseconds } from "../time.ts";
import { type InParts, TOGETHER } from "./effects.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** No part of a step is begun after so long in one turn. */
const LONGEST = milliseconds(2);

/** A step under way. */
interface Carried<K> {
  readonly key: K;
  readonly parts: InParts;
}

/** Steps under way, of one key each; they are finished in the order in which they began. */
export class CarriedSteps<K> {
  #all: readonly Carried<K>[] = [];

  /** Is none under way? */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Is one of `key` under way? */
  has(key: K): boolean {
    return this.#all.some((one) => one.key === key);
  }

  /** One of `key`, of which there is none, goes on behind the others. */
  add(key: K, parts: InParts): void {
    this.#all = [...this.#all, { key, parts }];
  }

  /** Takes out that of `key`: the caller finishes it. */
  take(key: K): InParts | undefined {
    const found = this.#all.find((one) => one.key === key);
    if (found !== undefined) this.#all = this.#all.filter((one) => one !== found);
    return found?.parts;
  }

  /** Takes out the first: the caller finishes it. */
  takeFirst(): InParts | undefined {
    const [first, ...rest] = this.#all;
    this.#all = rest;
    return first?.parts;
  }

  /**
   * Goes on with the first ones, for a turn, at least by a part; `meanwhile` is called after each,
   * with its key and how many addresses it had.
   */
  goOn(now: () => Instant, meanwhile: (key: K, count: number) => void): void {
    const since = now();
    while (between(since, now()) < LONGEST) {
      const [first, ...rest] = this.#all;
      if (first === undefined) return;
      // In the middle of it, it is not for others to finish.
      this.#all = rest;
      const { done, value } = first.parts.next();
      if (done === true) continue;
      this.#all = [first, ...this.#all];
      meanwhile(first.key, value);
    }
  }
}

/** Has `router` so many addresses that a turn is not enough? */
export function isLarge({ plan }: VirtualRouter): boolean {
  return plan.virtualAddresses.length > 2 * TOGETHER;
}

/** Steps of a router involve its sync group. */
export function carriedAs(router: VirtualRouter): VirtualRouter | string {
  return router.plan.group ?? router;
}
