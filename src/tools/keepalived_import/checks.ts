/** Which health checks does the result have? One [check.NAME] for each way in which something is looked at and weighed. */
import { NAME_PATTERN } from "../../config/tables/types.ts";
import type { FileLine } from "./statement.ts";
import type { TomlEntry, TomlTable } from "./toml.ts";

/** Collects tables of one kind under names of their own. */
export interface TableNames {
  /**
   * The name of the table with these entries: one that is there already, or a new one like `wish`, with `hint` behind it
   * where that name is taken.
   */
  nameOf(
    wish: string,
    entries: readonly TomlEntry[],
    place: FileLine | undefined,
    hint?: string,
  ): string;
  /** All tables, in the order in which they were asked for. */
  tables(): readonly TomlTable[];
}

/** An empty collection of tables [kind.NAME]. */
export function openTableNames(kind: string): TableNames {
  const tables: TomlTable[] = [];
  const known = new Map<string, string>();
  const taken = new Set<string>();
  return {
    nameOf(wish, entries, place, hint = "") {
      const key = JSON.stringify([wish, entries]);
      const before = known.get(key);
      if (before !== undefined) return before;
      const name = freeName(wish, hint, taken);
      known.set(key, name);
      taken.add(name);
      tables.push({ path: [kind, name], place, entries });
      return name;
    },
    tables: () => tables,
  };
}

/** A name that TOML, logs and command lines can carry, like `wish` and none of `taken`. */
export function freeName(wish: string, hint: string, taken: ReadonlySet<string>): string {
  const plain = validName(wish);
  if (!taken.has(plain)) return plain;
  const hinted = validName(`${plain.slice(0, 40)}-${hint}`);
  if (hint !== "" && !taken.has(hinted)) return hinted;
  for (let number = 2;; number++) {
    const numbered = `${plain.slice(0, 56)}-${number}`;
    if (!taken.has(numbered)) return numbered;
  }
}

/** `wish` with a dash for everything that a name cannot have; "unnamed" where nothing is left. */
export function validName(wish: string): string {
  if (NAME_PATTERN.test(wish)) return wish;
  const cleaned = wish.replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[^\p{L}\p{N}]+|-+$/gu, "");
  const short = [...cleaned].slice(0, 60).join("");
  return NAME_PATTERN.test(short) ? short : "unnamed";
}
