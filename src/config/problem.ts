/** What is wrong with a configuration? A value that says where, what, why it matters and how to mend it. */

/** Steps from the root of the TOML document: ["instance", "web", "addresses", 0]. */
export type Path = readonly (string | number)[];

/** One problem. All of a file's problems are reported, not the first. */
export interface Problem {
  /** "error": the file is wrong (exit 3). "machine": the file is sound, this machine does not fit (exit 1). "warning": legal but dangerous. */
  readonly severity: "error" | "machine" | "warning";
  /** Where in the document; the key or value that is to blame. */
  readonly path: Path;
  /** Point at the key's name rather than its value (unknown keys, missing ones: the table that lacks them). */
  readonly at: "key" | "value";
  /** What is wrong, one sentence: `unknown key "interfce"`. Never a password. */
  readonly what: string;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** The corrected line, as it could stand in the file: `interface = "eth0"`; or what to do. */
  readonly fix: string;
  /** Where in the text, 1-based, for what has no path: a file that is not TOML, not UTF-8, not there. */
  readonly position?: { readonly line: number; readonly column: number };
  /** It stands for so many that are not shown. */
  readonly more?: number;
}

/** A problem with its place in the file, 1-based. */
export interface LocatedProblem extends Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** The offending line as it stands in the file, secrets masked. */
  readonly source: string;
  /** The column in `source`, 1-based: not `column` where masking or shortening moved the place. */
  readonly caret: number;
}
