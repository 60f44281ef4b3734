/** What does a word of keepalived's mean? Numbers, times and switches, or nothing where it is none. */
import { argumentsOf, keywordOf, type Statement } from "./statement.ts";
import { changed, type Report } from "./translation.ts";

/** A whole number from `least` to `most`. */
export function wholeNumberIn(
  word: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (word === undefined || !/^[+-]?\d{1,15}$/.test(word)) return undefined;
  const value = Number(word);
  return value >= least && value <= most ? value : undefined;
}

/** Seconds, with a fraction, from `least` to `most`. */
export function secondsIn(
  word: string | undefined,
  least: number,
  most: number,
): number | undefined {
  if (word === undefined || !/^\d{1,15}(\.\d*)?$|^\.\d+$/.test(word)) return undefined;
  const value = Number(word);
  return value >= least && value <= most ? value : undefined;
}

/** `time` seconds as a duration of TOML, in seconds, or in milliseconds below one: "12.5s", "250ms". */
export function writeSeconds(time: number): string {
  return time === 0 || time >= 1 ? `${time}s` : `${Math.round(time * 1e6) / 1e3}ms`;
}

/** on, true, yes, or nothing at all: true; off, false, no: false; any other word: undefined. */
export function switchIn(word: string | undefined): boolean | undefined {
  if (word === undefined || /^(on|true|yes)$/.test(word)) return true;
  return /^(off|false|no)$/.test(word) ? false : undefined;
}

/** The statements of a block by their keyword, each list in the order of the file. */
export type Directives = ReadonlyMap<string, readonly Statement[]>;

/** Sorts the statements of one or several blocks by keyword. */
export function directivesOf(statements: readonly Statement[]): Directives {
  return Map.groupBy(statements, keywordOf);
}

/** The statement that holds where a keyword stands once or more: the last one. The others are judged here. */
export function lastOf(
  directives: Directives,
  keyword: string,
  report: Report,
): Statement | undefined {
  const all = directives.get(keyword) ?? [];
  const last = all.at(-1);
  for (const statement of all.slice(0, -1)) {
    report(statement, changed(`line ${last?.place.line} says it again, and the last one holds`));
  }
  return last;
}

/** The first word behind the keyword. */
export function valueOf(statement: Statement | undefined): string | undefined {
  return statement && argumentsOf(statement)[0];
}
