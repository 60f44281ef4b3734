/** Translations of directives (carried, changed or unsupported), and the values of directives. */
import { nearestWord } from "../../config/did_you_mean.ts";
import { argumentsOf, type FileLine, keywordOf, type Statement } from "./statement.ts";

/**
 * carried: floatip does the same. changed: something similar. unsupported: it is not in the result.
 */
export type Outcome = "carried" | "changed" | "unsupported";

/** The translation of one directive. */
export interface Translation {
  readonly outcome: Outcome;
  /** The cluster may behave differently: a person should look. False for all that is carried. */
  readonly matters: boolean;
  /** `priority = 150`; undefined: it has no key in the result. */
  readonly to?: string | undefined;
  /** Why it changed, or is missing; one sentence without a full stop. */
  readonly why?: string | undefined;
  /** What to do instead; one sentence without a full stop. */
  readonly instead?: string | undefined;
}

/** A directive and its translation. */
export interface Note extends Translation {
  readonly place: FileLine;
  /** The directive as written, shortened, with secrets masked. */
  readonly directive: string;
}

/** Reports the translation of a statement. Several of one statement are joined. */
export type Report = (statement: Statement, translation: Translation) => void;

/** It is in the result as `to`. Without `to`, floatip always does it: `why` says so. */
export function carried(to: string | undefined, why?: string): Translation {
  return { outcome: "carried", matters: false, to, why };
}

/** The result differs in a way that does not matter. */
export function changed(why: string, to?: string, instead?: string): Translation {
  return { outcome: "changed", matters: false, to, why, instead };
}

/** The result differs: a person should look. */
export function altered(why: string, to?: string, instead?: string): Translation {
  return { outcome: "changed", matters: true, to, why, instead };
}

/** What to do instead of what is not needed. */
export const NOTHING_TO_DO = "nothing";

/** It is not in the result, which does not matter. */
export function needless(why: string, instead: string = NOTHING_TO_DO): Translation {
  return { outcome: "unsupported", matters: false, why, instead };
}

/** It is not in the result: a person should look. `instead` says what to do. */
export function unsupported(why: string, instead: string): Translation {
  return { outcome: "unsupported", matters: true, why, instead };
}

const RANK: Readonly<Record<Outcome, number>> = { carried: 0, changed: 1, unsupported: 2 };

/** Two translations of one statement as one: the worse outcome, with both reasons. */
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

/**
 * The same translation for a statement and all in its block; only the statement itself may matter.
 */
export function reportAll(statement: Statement, translation: Translation, report: Report): void {
  report(statement, translation);
  for (const inner of statement.block ?? []) {
    reportAll(inner, { ...translation, matters: false }, report);
  }
}

/** The machine that the file is imported on. */
export interface ImportEnvironment {
  /** The ID that `@ID` lines are compared with. */
  readonly nodeId: string;
  /** The folder of relative paths, an absolute path. */
  readonly workingFolder: string;
  /** The absolute path of a program, by name or path; undefined: it is not installed. */
  findProgram(name: string): string | undefined;
  /** Whether there is an interface of this name. */
  hasInterface(name: string): boolean;
  /** Whether there is a user of this name. */
  hasUser(name: string): boolean;
}

/** What all parts of one import work with. */
export interface ImportContext {
  readonly environment: ImportEnvironment;
  readonly report: Report;
  /** The translation of a word that keepalived does not know here; it knows `known`. */
  readonly unknown: (statement: Statement, known: readonly string[]) => Translation;
}

/** So many unknown words are compared with known ones. */
const LOOKED_UP = 50;

/** A new context. */
export function openContext(environment: ImportEnvironment, report: Report): ImportContext {
  let lookedUp = 0;
  return {
    environment,
    report,
    unknown(statement, known) {
      const keyword = keywordOf(statement);
      const meant = lookedUp++ < LOOKED_UP ? nearestWord(keyword, known) : undefined;
      const correct = meant === undefined ? "remove it" : `write ${meant}, if you meant that`;
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

/** `time` seconds as a duration in TOML: "12.5s", "250ms". */
export function writeSeconds(time: number): string {
  return time === 0 || time >= 1 ? `${time}s` : `${Math.round(time * 1e6) / 1e3}ms`;
}

/** on, true, yes, or no word: true; off, false, no: false; another word: undefined. */
export function switchIn(word: string | undefined): boolean | undefined {
  if (word === undefined || /^(on|true|yes)$/.test(word)) return true;
  return /^(off|false|no)$/.test(word) ? false : undefined;
}

/** The first word after the keyword. */
export function valueOf(statement: Statement | undefined): string | undefined {
  return statement && argumentsOf(statement)[0];
}
