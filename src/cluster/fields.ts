/** Fields of a JSON table that another machine wrote: each is what it should be, or undefined. */
import { printableLine } from "../printable.ts";

/** A table that was read. */
export interface Fields {
  /** One line of at most so many characters, fit for a terminal. */
  text(name: string, most: number): string | undefined;
  /** A whole number from 0 to 2^53 - 1. */
  whole(name: string): number | undefined;
  /** Whole milliseconds; of more than {@link LONGEST_MS} as many. */
  ms(name: string): number | undefined;
  flag(name: string): boolean | undefined;
  /** One of these words. */
  word<const W extends string>(name: string, words: readonly W[]): W | undefined;
  /** The first entries, at most so many. */
  list(name: string, most: number): readonly unknown[];
  table(name: string): Fields | undefined;
}

/** A hundred years: from any instant on, or back, it is a date of four digits. */
export const LONGEST_MS = 100 * 365 * 86_400_000;

/** `value` as a table; undefined where it is none. */
export function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const table = value as Readonly<Record<string, unknown>>;
  const get = (name: string): unknown => Object.hasOwn(table, name) ? table[name] : undefined;
  const whole = (name: string): number | undefined => {
    const found = get(name);
    return typeof found === "number" && Number.isSafeInteger(found) && found >= 0
      ? found
      : undefined;
  };
  return {
    text: (name, most) => {
      const found = get(name);
      return typeof found === "string" ? fitting(found, most) : undefined;
    },
    whole,
    ms: (name) => {
      const found = whole(name);
      return found === undefined ? undefined : Math.min(found, LONGEST_MS);
    },
    flag: (name) => {
      const found = get(name);
      return typeof found === "boolean" ? found : undefined;
    },
    word: (name, words) => words.find((word) => word === get(name)),
    list: (name, most) => {
      const found = get(name);
      return Array.isArray(found) ? found.slice(0, most) : [];
    },
    table: (name) => fieldsOf(get(name)),
  };
}

/** `text` on one line of at most `most` characters; dots stand for what is cut off. */
export function fitting(text: string, most: number): string {
  const characters = text.length <= most ? text : cut(text, most);
  return printableLine(characters);
}

function cut(text: string, most: number): string {
  if (most < 2) return "";
  // No half of a surrogate pair.
  return `${text.slice(0, most - 1).toWellFormed().replace(/\ufffd$/, "")}…`;
}

const ENCODER = new TextEncoder();

/** Bytes of `text` in UTF-8. */
export function sizeOf(text: string): number {
  return ENCODER.encode(text).length;
}
