/** The tables of the result, their names, and their TOML with the lines that they come from. */
import { NAME_PATTERN } from "../../config/tables/types.ts";
import { writeHeader, writeKey, writeValue } from "../../config/toml_text.ts";
import type { FileLine } from "./statement.ts";

/** One `key = value`. */
export type TomlEntry = readonly [key: string, value: unknown];

/** One table of the result. */
export interface TomlTable {
  readonly path: readonly string[];
  /** The block that it comes from; undefined: several. */
  readonly place: FileLine | undefined;
  readonly entries: readonly TomlEntry[];
}

/** Longer lists get a line for each entry. */
const WIDEST = 100;

/** The file with these tables. `head` and `tail`: comment lines without their `#`. */
export function writeTables(
  head: readonly string[],
  tables: readonly TomlTable[],
  tail: readonly string[],
): string {
  const comment = (lines: readonly string[]) => lines.map((line) => `# ${line}`.trimEnd());
  return [comment(head), ...tables.map(linesOf), comment(tail)]
    .filter((lines) => lines.length > 0).map((lines) => `${lines.join("\n")}\n`).join("\n");
}

function linesOf({ path, place, entries }: TomlTable): readonly string[] {
  const header = writeHeader(path);
  const comment = place === undefined ? "" : `# ${nameOf(place.file)}:${place.line}`;
  const head = comment === "" ? header : `${header.padEnd(32)} ${comment}`;
  return [head, ...entries.flatMap(([key, value]) => entryLines(writeKey(key), value))];
}

function entryLines(key: string, value: unknown): readonly string[] {
  const line = `${key} = ${writeValue(value)}`;
  if (line.length <= WIDEST || !Array.isArray(value)) return [line];
  return [`${key} = [`, ...value.map((entry) => `  ${writeValue(entry)},`), "]"];
}

/** "keepalived.conf" of "/etc/keepalived/keepalived.conf". */
export function nameOf(file: string): string {
  return printable(file.slice(file.lastIndexOf("/") + 1));
}

/** `text` as a comment of TOML can hold it. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}

/** A collection of tables [kind.NAME]. */
export interface TableNames {
  /**
   * The name of the table with these entries: an existing one, or a new one like `wish` or
   * `wish-hint`.
   */
  nameOf(
    wish: string,
    entries: readonly TomlEntry[],
    place: FileLine | undefined,
    hint?: string,
  ): string;
  /** All tables, in the order of their creation. */
  tables(): readonly TomlTable[];
}

/** An empty collection. */
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

/** A valid name like `wish`, and none of `taken`. */
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

/** `wish` with a dash for what a name cannot have; "unnamed" where nothing is left. */
export function validName(wish: string): string {
  if (NAME_PATTERN.test(wish)) return wish;
  const cleaned = wish.replace(/[^\p{L}\p{N}_.-]+/gu, "-").replace(/^[^\p{L}\p{N}]+|-+$/gu, "");
  const short = [...cleaned].slice(0, 60).join("");
  return NAME_PATTERN.test(short) ? short : "unnamed";
}
