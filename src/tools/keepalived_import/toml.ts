/** How does the result read? TOML tables with their keys, and a comment that says where each came from. */
import { writeHeader, writeKey, writeValue } from "../../config/toml_text.ts";
import type { FileLine } from "./statement.ts";

/** One `key = value`. */
export type TomlEntry = readonly [key: string, value: unknown];

/** One table of the result. */
export interface TomlTable {
  readonly path: readonly string[];
  /** The block that it was made of; undefined: several. */
  readonly place: FileLine | undefined;
  readonly entries: readonly TomlEntry[];
}

/** Longer lists get a line for each entry. */
const WIDEST = 100;

/** The text of a file with these tables, in their order; `head` and `tail` are comment lines without their `#`. */
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

/** What a comment of TOML can hold. */
export function printable(text: string): string {
  return text.replace(/\p{C}/gu, "?");
}
