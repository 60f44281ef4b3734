/**
 * Deadlines in a heap: the earliest is found at once, and a change costs the logarithm of how many
 * there are.
 */
import type { Instant } from "../time.ts";

/** One item and when it is due. */
interface Entry<T> {
  readonly item: T;
  at: Instant;
  /** Where it is in the heap. */
  index: number;
}

/** When which item is due; each has one deadline at most. */
export class Deadlines<T> {
  readonly #heap: Entry<T>[] = [];
  readonly #entries = new Map<T, Entry<T>>();

  /** The earliest deadline. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  /** `item` is due at `at`, whatever was said before; undefined: not at all. */
  set(item: T, at: Instant | undefined): void {
    const known = this.#entries.get(item);
    if (at === undefined) {
      if (known !== undefined) this.#remove(known);
    } else if (known === undefined) {
      const entry = { item, at, index: this.#heap.length };
      this.#entries.set(item, entry);
      this.#heap.push(entry);
      this.#rise(entry);
    } else if (at !== known.at) {
      const isEarlier = at < known.at;
      known.at = at;
      if (isEarlier) this.#rise(known);
      else this.#sink(known);
    }
  }

  /** Takes out an item that is due at `now`, the earliest first; undefined: none is. */
  take(now: Instant): T | undefined {
    const first = this.#heap[0];
    if (first === undefined || first.at > now) return undefined;
    this.#remove(first);
    return first.item;
  }

  /** Takes out all that are due at `now`, the earliest first. */
  takeAll(now: Instant): readonly T[] {
    const due: T[] = [];
    for (let one = this.take(now); one !== undefined; one = this.take(now)) due.push(one);
    return due;
  }

  #remove(entry: Entry<T>): void {
    this.#entries.delete(entry.item);
    const last = this.#heap.pop();
    if (last === undefined || last === entry) return;
    this.#put(last, entry.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(entry: Entry<T>): void {
    for (;;) {
      const parent = this.#heap[(entry.index - 1) >> 1];
      if (entry.index === 0 || parent === undefined || parent.at <= entry.at) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#heap[2 * entry.index + 1];
      if (left === undefined) return;
      const right = this.#heap[2 * entry.index + 2];
      const child = right !== undefined && right.at < left.at ? right : left;
      if (entry.at <= child.at) return;
      this.#swap(entry, child);
    }
  }

  /** `above` and `below`, its child, change places. */
  #swap(above: Entry<T>, below: Entry<T>): void {
    const { index } = above;
    this.#put(above, below.index);
    this.#put(below, index);
  }

  #put(entry: Entry<T>, index: number): void {
    this.#heap[index] = entry;
    entry.index = index;
  }
}
