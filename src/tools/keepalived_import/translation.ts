/** What became of a directive? Carried, changed or unsupported, with the reason and what to do. */
import { nearestWord } from "../../config/did_you_mean.ts";
import { argumentsOf, type FileLine, keywordOf, type Statement } from "./statement.ts";

/** carried: floatip does the same. changed: it does something near it. unsupported: nothing of it is in the result. */
export type Outcome = "carried" | "changed" | "unsupported";

/** What became of one directive. */
export interface Translation {
  readonly outcome: Outcome;
  /** Could the cluster behave otherwise than before, so that somebody should look? Never of what was carried. */
  readonly matters: boolean;
  /** What it is in the result: `priority = 150`; undefined: nothing of its own. */
  readonly to?: string | undefined;
  /** Why it changed, or is not there; one sentence without a full stop. */
  readonly why?: string | undefined;
  /** What to do instead; one sentence without a full stop. */
  readonly instead?: string | undefined;
}

/** A directive with its verdict. */
export interface Note extends Translation {
  readonly place: FileLine;
  /** The directive as written, secrets masked, never long. */
  readonly directive: string;
}

/** Takes what became of a statement. Several verdicts of one are told as one: the worst, with all reasons. */
export type Report = (statement: Statement, translation: Translation) => void;

/** It is in the result as `to`; without it floatip does so anyway, and `why` says that. */
export function carried(to: string | undefined, why?: string): Translation {
  return { outcome: "carried", matters: false, to, why };
}

/** The result differs in a way that nobody needs to mind. */
export function changed(why: string, to?: string, instead?: string): Translation {
  return { outcome: "changed", matters: false, to, why, instead };
}

/** The result differs, and somebody should look. */
export function altered(why: string, to?: string, instead?: string): Translation {
  return { outcome: "changed", matters: true, to, why, instead };
}

/** What to do instead of what is not needed. */
export const NOTHING_TO_DO = "nothing";

/** It is not in the result, and nobody needs to mind. */
export function needless(why: string, instead: string = NOTHING_TO_DO): Translation {
  return { outcome: "unsupported", matters: false, why, instead };
}

/** It is not in the result, and somebody should look: `instead` says what to do. */
export function unsupported(why: string, instead: string): Translation {
  return { outcome: "unsupported", matters: true, why, instead };
}

const RANK: Readonly<Record<Outcome, number>> = { carried: 0, changed: 1, unsupported: 2 };

/** Two verdicts of one statement as one. */
export function joined(first: Translation | undefined, second: Translation): Translation {
  if (first === undefined) return second;
  const both = (a: string | undefined, b: string | undefined, between: string) => {
    if (a === undefined || b === undefined) return a ?? b;
    return a.split(between).includes(b) || a === b ? a : `${a}${between}${b}`;
  };
  const outcome = RANK[first.outcome] >= RANK[second.outcome] ? first.outcome : second.outcome;
  return {
    outcome,
    matters: first.matters || second.matters,
    to: outcome === "unsupported" ? undefined : both(first.to, second.to, ", "),
    why: both(first.why, second.why, "; "),
    instead: both(first.instead, second.instead, "; "),
  };
}

/** The same verdict for a statement and all that stands in its block; somebody should look at it as a whole. */
export function reportAll(statement: Statement, translation: Translation, report: Report): void {
  report(statement, translation);
  for (const inner of statement.block ?? []) {
    reportAll(inner, { ...translation, matters: false }, report);
  }
}

/** What the machine that the file is imported on knows. */
export interface ImportEnvironment {
  /** The word that `@ID` lines are held against. */
  readonly nodeId: string;
  /** What relative paths are meant from, a whole path. */
  readonly workingFolder: string;
  /** The whole path of a program, by its name or path; undefined: it is not here. */
  findProgram(name: string): string | undefined;
  /** Is there a user of this name? */
  hasUser(name: string): boolean;
}

/** What the parts hand to each other. */
export interface ImportContext {
  readonly environment: ImportEnvironment;
  readonly report: Report;
  /** The verdict on a word that keepalived does not know in a place where it knows `known`. */
  readonly unknown: (statement: Statement, known: readonly string[]) => Translation;
}

/** Words that are looked up for what was probably meant; a file with more is none. */
const LOOKED_UP = 50;

/** The context of one import. */
export function openContext(environment: ImportEnvironment, report: Report): ImportContext {
  let lookedUp = 0;
  return {
    environment,
    report,
    unknown(statement, known) {
      const keyword = keywordOf(statement);
      const meant = lookedUp++ < LOOKED_UP ? nearestWord(keyword, known) : undefined;
      const correct = meant === undefined ? "remove it" : `write ${meant} if that was meant`;
      return unsupported("keepalived does not know this word here, and ignores it", correct);
    },
  };
}

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
