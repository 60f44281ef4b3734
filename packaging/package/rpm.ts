/** How does a tree of files become an .rpm? rpmbuild packs it by a spec that is made here. */
import type { Made, Making } from "./making.ts";
import type { Entry } from "./tree.ts";

/** Packs `entries`; rejects with rpmbuild's own words. */
export function makeRpm(
  _entries: readonly Entry[],
  _making: Making,
  _scratch: string,
): Promise<Made> {
  return Promise.reject(new Error("not yet"));
}
