/** The differences between two values of one key of the file, in words. Pure; what is secret is never among the words. */

/** What differs between two values. */
export interface Difference {
  /** What the words are about: the key, or the words themselves where they stand for themselves. */
  readonly key: string;
  /** "interval 2s -> 1s", "check nginx added", "password changed". */
  readonly words: string;
}

/** Says what differs between two values of a key; nothing where they are the same. */
export type Compare<V> = (before: V, after: V) => readonly Difference[];

/** A comparison for every key of `T`: a key that is forgotten does not compile. */
export type Comparisons<T> = { readonly [K in keyof T]-?: Compare<T[K]> };

/** One value, shown before and after; `absent` stands for undefined. Where both look alike, it "changed". */
export function shown<V>(
  key: string,
  show: (value: V) => string,
  absent = "default",
): Compare<V | undefined> {
  const text = (value: V | undefined): string => value === undefined ? absent : show(value);
  return (before, after) => {
    if (isSame(before, after)) return [];
    const [old, now] = [text(before), text(after)];
    return [{ key, words: old === now ? `${key} changed` : `${key} ${old} -> ${now}` }];
  };
}

/** A value that nobody may see. */
export function secret<V>(key: string): Compare<V> {
  return (before, after) => {
    if (isSame(before, after)) return [];
    const how = before === undefined ? "added" : after === undefined ? "removed" : "changed";
    return [{ key, words: `${key} ${how}` }];
  };
}

/** A list whose entries come and go; `what` is the word for one of them. */
export function listed<V>(
  what: string,
  show: (entry: V) => string,
): Compare<readonly V[] | undefined> {
  return (before = [], after = []) => {
    const [old, now] = [before.map(show), after.map(show)];
    const moved = [
      ...now.filter((text) => !old.includes(text)).map((text) => `${what} ${text} added`),
      ...old.filter((text) => !now.includes(text)).map((text) => `${what} ${text} removed`),
    ];
    const order = isSame(before, after) ? [] : [`order of ${what} entries changed`];
    return (moved.length > 0 ? moved : order).map((words) => ({ key: words, words }));
  };
}

/** A table in a table: it comes, it goes, or its own keys differ. */
export function table<T extends object>(
  key: string,
  keys: Comparisons<T>,
): Compare<T | undefined> {
  return (before, after) => {
    if (before === undefined || after === undefined) {
      if (before === after) return [];
      return [{ key, words: `${key} ${before === undefined ? "added" : "removed"}` }];
    }
    return within(key, compareKeys(keys, before, after));
  };
}

/** `differences` of what stands below `key`. */
export function within(key: string, differences: readonly Difference[]): readonly Difference[] {
  return differences.map((one) => ({ key: `${key} ${one.key}`, words: `${key} ${one.words}` }));
}

/** What differs between two tables, in the order of `keys`. */
export function compareKeys<T extends object>(
  keys: Comparisons<T>,
  before: T,
  after: T,
): readonly Difference[] {
  const names = Object.keys(keys) as (keyof T)[];
  return names.flatMap((name) => keys[name](before[name], after[name]));
}

/** Do two values of a decoded file say the same? */
export function isSame(a: unknown, b: unknown): boolean {
  return textOf(a) === textOf(b);
}

/** A text for each value; JSON knows neither maps nor undefined. */
function textOf(value: unknown): string {
  const text = JSON.stringify(value, (_, inner) => inner instanceof Map ? [...inner] : inner);
  return text ?? "undefined";
}
