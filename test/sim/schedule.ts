/** The queue of future events of a whole LAN, in virtual time; equal instants in order of entry. */
import type { Instant } from "../../src/time.ts";

interface Entry {
  readonly at: Instant;
  readonly sequence: number;
  readonly act: () => void;
}

/** A clock that jumps from event to event. */
export class Schedule {
  readonly #heap: Entry[] = [];
  #sequence = 0;
  #now = 1_000_000_000 as Instant;

  /** Virtual time. */
  get now(): Instant {
    return this.#now;
  }

  /** When the next event is due. */
  get next(): Instant | undefined {
    return this.#heap[0]?.at;
  }

  /** Plans `act` for `at`; the past is now. */
  at(at: Instant, act: () => void): void {
    const heap = this.#heap;
    const entry: Entry = { at: at < this.#now ? this.#now : at, sequence: this.#sequence++, act };
    let slot = heap.length;
    heap.push(entry);
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !before(entry, above)) break;
      heap[slot] = above;
      slot = parent;
    }
    heap[slot] = entry;
  }

  /** Moves on to the next event and lets it happen. False: there is none. */
  step(): boolean {
    const first = this.#pop();
    if (first === undefined) return false;
    this.#now = first.at;
    first.act();
    return true;
  }

  /** Moves on to `to`, before which nothing happens. */
  skip(to: Instant): void {
    if (to > this.#now) this.#now = to;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (first === undefined || last === undefined || heap.length === 0) return first;
    let slot = 0;
    for (;;) {
      const left = 2 * slot + 1;
      const [a, b] = [heap[left], heap[left + 1]];
      const child = a !== undefined && b !== undefined && before(b, a) ? b : a;
      if (child === undefined || !before(child, last)) break;
      heap[slot] = child;
      slot = child === b ? left + 1 : left;
    }
    heap[slot] = last;
    return first;
  }
}

function before(a: Entry, b: Entry): boolean {
  return a.at < b.at || (a.at === b.at && a.sequence < b.sequence);
}
