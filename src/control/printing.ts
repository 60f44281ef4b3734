/** Long texts for clients, printed in parts, one after the other, and seldom. */
import { sleep, turnByTurn } from "../async.ts";

/** A client that asks again within this time gets the same answer, in milliseconds. */
export const FRESH_MS = 500;

/** What `make` makes, which is called at most once in `ms` milliseconds. */
export function fresh<T>(make: () => T, ms: number): () => T {
  let made: { readonly at: number; readonly value: T } | undefined;
  return () => {
    const now = performance.now();
    if (made === undefined || now - made.at >= ms) made = { at: now, value: make() };
    return made.value;
  };
}

/**
 * The bytes of what `print` prints in parts, which is called as seldom; others on the thread have
 * their turns between two parts.
 */
export function freshBytes(
  print: () => Iterable<string>,
  ms: number = FRESH_MS,
  printer: Printer = PORTS,
): () => Promise<Uint8Array<ArrayBuffer>> {
  let bytes: Promise<Uint8Array<ArrayBuffer>> | undefined;
  let began = Infinity;
  return () => {
    if (bytes !== undefined && performance.now() - began < ms) return bytes;
    // One that waits for others to be printed is not asked for again.
    began = Infinity;
    const made = printer.encode(() => {
      began = performance.now();
      return print();
    });
    made.catch(() => {
      // What cannot be printed is not kept.
      if (bytes === made) bytes = undefined;
    });
    bytes = made;
    return made;
  };
}

/** After a text nothing is printed for so many times the time that it took. */
const REST = 4;

/**
 * Prints one text after the other, and rests in between, so that others have most of the time,
 * however many clients wait. Who waits for one printer does not wait for another.
 */
export class Printer {
  #last: Promise<unknown> = Promise.resolve();
  #restsUntil = 0;

  /** The bytes of what `print`, which is called when those before are printed, prints in parts. */
  encode(print: () => Iterable<string>): Promise<Uint8Array<ArrayBuffer>> {
    const encoded = this.#last.then(() => this.#print(print));
    this.#last = encoded.catch(() => {
      // The client that waits for it is told.
    });
    return encoded;
  }

  async #print(print: () => Iterable<string>): Promise<Uint8Array<ArrayBuffer>> {
    const rest = this.#restsUntil - performance.now();
    if (rest > 0) await sleep(rest);
    const began = performance.now();
    let others = 0;
    try {
      return await encodeParts(print(), (ms) => others += ms);
    } finally {
      const now = performance.now();
      this.#restsUntil = now + REST * (now - began - others);
    }
  }
}

/** For all ports together: what comes by them, from anywhere, has one share of the loop. */
export const PORTS = new Printer();

/** `others` is told how long others had their turns, in milliseconds. */
async function encodeParts(
  printed: Iterable<string>,
  others: (ms: number) => void,
): Promise<Uint8Array<ArrayBuffer>> {
  const giveWay = turnByTurn();
  const parts: string[] = [];
  // A text is an iterable of its characters.
  for (const part of typeof printed === "string" ? [printed] : printed) {
    parts.push(part);
    const since = performance.now();
    await giveWay();
    others(performance.now() - since);
  }
  return new TextEncoder().encode(parts.join(""));
}
