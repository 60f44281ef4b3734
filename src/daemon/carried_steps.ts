/**
 * Work with many addresses that many turns of the loop share, so that others have their turns in
 * between.
 */
import { between, type Instant, milliseconds } from "../time.ts";
import type { AddressWork } from "./effects.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** No part of a step is begun after so long in one turn. */
const LONGEST = milliseconds(2);

/** So much waits behind a step, before what the LAN repeats anyway is passed over. */
const MOST_WAITING = 32;

/** A step under way, and what waits for its end. */
interface Carried<K> {
  readonly key: K;
  parts: AddressWork;
  readonly waiting: (() => AddressWork)[];
}

/** Steps under way, of one key each; those of one key follow each other in their order. */
export class CarriedSteps<K> {
  readonly #all: Carried<K>[] = [];

  /** Is none under way? */
  get isEmpty(): boolean {
    return this.#all.length === 0;
  }

  /** Is one of `key` under way? */
  has(key: K): boolean {
    return this.#find(key) !== undefined;
  }

  /** One of `key`, of which there is none, goes on behind the others. */
  add(key: K, parts: AddressWork): void {
    this.#all.push({ key, parts, waiting: [] });
  }

  /**
   * What `begin` gives follows that of `key`, which goes on before the others. `isRepeated`: where
   * much waits already, it is passed over.
   */
  follow(key: K, begin: () => AddressWork, isRepeated: boolean): void {
    const one = this.#find(key);
    if (one === undefined || isRepeated && one.waiting.length >= MOST_WAITING) return;
    one.waiting.push(begin);
    this.hurry(key);
  }

  /** That of `key`, where there is one, goes on before the others. */
  hurry(key: K): boolean {
    const index = this.#all.findIndex((one) => one.key === key);
    this.#all.unshift(...index < 0 ? [] : this.#all.splice(index, 1));
    return index >= 0;
  }

  /**
   * Goes on with the first ones for a turn, at least by a part; `meanwhile` is called after each,
   * with its key and how many addresses it had.
   */
  goOn(now: () => Instant, meanwhile: (key: K, count: number) => void): void {
    const since = now();
    do this.#next(meanwhile); while (!this.isEmpty && between(since, now()) < LONGEST);
  }

  /** Finishes all of them, and what waits. */
  finish(meanwhile: (key: K, count: number) => void): void {
    while (!this.isEmpty) this.#next(meanwhile);
  }

  #next(meanwhile: (key: K, count: number) => void): void {
    const first = this.#all[0];
    if (first === undefined) return;
    const { done, value } = first.parts.next();
    if (done !== true) return meanwhile(first.key, value);
    const next = first.waiting.shift();
    if (next === undefined) this.#all.splice(this.#all.indexOf(first), 1);
    else first.parts = next();
  }

  #find(key: K): Carried<K> | undefined {
    return this.#all.find((one) => one.key === key);
  }
}

/** Steps of a router involve its sync group. */
export function carriedAs(router: VirtualRouter): VirtualRouter | string {
  return router.plan.group ?? router;
}
