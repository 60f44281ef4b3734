/** What does an examination find? A mark, a sentence, and the line that mends it. */

/** "unknown": it could not be looked at, or what was seen says neither. */
export type Mark = "ok" | "warning" | "problem" | "unknown";

/** One finding. */
export interface Finding {
  readonly mark: Mark;
  /** A sentence without a full stop. */
  readonly what: string;
  /** Why it matters; undefined where it is plain, or all is well. */
  readonly why?: string;
  /** What to type, or to do; undefined where there is nothing to mend. */
  readonly fix?: string;
}

/** All is well. */
export function ok(what: string): Finding {
  return { mark: "ok", what };
}

/** It could not be told. */
export function unknown(what: string, fix?: string): Finding {
  return { mark: "unknown", what, ...(fix === undefined ? {} : { fix }) };
}

/** Something will go wrong, or has. */
export function problem(what: string, why: string, fix?: string): Finding {
  return { mark: "problem", what, why, ...(fix === undefined ? {} : { fix }) };
}

/** Something may go wrong, or works worse than it could. */
export function warning(what: string, why: string, fix: string): Finding {
  return { mark: "warning", what, why, fix };
}
