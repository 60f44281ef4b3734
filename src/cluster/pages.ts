/** Pages of fingerprints, put together: an answer may need several datagrams. Pure. */
import type { Page } from "./report.ts";

/** What came so far of one answer. */
export interface Collected {
  readonly file: string;
  readonly of: string | null;
  readonly count: number;
  readonly pages: ReadonlyMap<number, Page["hashes"]>;
}

/** `page` beside what came before; of another answer only the newest counts. */
export function collect(before: Collected | undefined, page: Page): Collected {
  const { file, of, count, index, hashes } = page;
  const isSame = before !== undefined && before.file === file && before.of === of &&
    before.count === count;
  const pages = new Map(isSame ? before.pages : []).set(index, hashes);
  return { file, of, count, pages };
}

/** Names and fingerprints of a whole answer; undefined while pages are missing. */
export function wholeOf({ count, pages }: Collected): ReadonlyMap<string, string> | undefined {
  return pages.size < count ? undefined : new Map([...pages.values()].flat());
}

/** The names whose fingerprints differ, those on one side only among them, in their order. */
export function differing(
  own: ReadonlyMap<string, string>,
  other: ReadonlyMap<string, string>,
): readonly string[] {
  const names = new Set([...own.keys(), ...other.keys()]);
  return [...names].filter((name) => own.get(name) !== other.get(name));
}
