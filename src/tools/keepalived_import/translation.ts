/** What became of a directive? Carried, changed or unsupported, with the reason and what to do. */
import type { FileLine, Statement } from "./statement.ts";

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
