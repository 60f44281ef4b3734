/**
 * Problems of a configuration: where, what, why it matters and how to fix it. Values, a bounded
 * list of them, and their text.
 */

/** Steps from the root of the TOML document: ["instance", "web", "addresses", 0]. */
export type Path = readonly (string | number)[];

/** One problem. All of a file's problems are reported, not the first. */
export interface Problem {
  /**
   * "error": the file is wrong (exit 3). "machine": the file is sound, this machine does not fit
   * (exit 1). "warning": legal but dangerous.
   */
  readonly severity: "error" | "machine" | "warning";
  /** Where in the document; the key or value that is to blame. */
  readonly path: Path;
  /**
   * Point at the key's name rather than its value (unknown keys, missing ones: the table that lacks
   * them).
   */
  readonly at: "key" | "value";
  /** What is wrong, one sentence: `unknown key "interfce"`. Never a password. */
  readonly what: string;
  /** Why it matters, one sentence. */
  readonly why: string;
  /** The corrected line, as it could stand in the file: `interface = "eth0"`; or what to do. */
  readonly fix: string;
  /**
   * Where in the text, 1-based, for what has no path: a file that is not TOML, not UTF-8, not
   * there.
   */
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

/** An error in the value at `path`, or in its key. */
export function error(
  path: Path,
  what: string,
  why: string,
  fix: string,
  at: Problem["at"] = "value",
): Problem {
  return { severity: "error", path, at, what, why, fix };
}

/** A warning about the value at `path`, or its key. */
export function warning(...parts: Parameters<typeof error>): Problem {
  return { ...error(...parts), severity: "warning" };
}

/** The file is sound, and this machine does not fit it. */
export function machine(...parts: Parameters<typeof error>): Problem {
  return { ...error(...parts), severity: "machine" };
}

/** A problem, or how to describe it, where that takes work. */
export type Reported = Problem | (() => Problem);

/** Takes one problem; the reader goes on, so that all of a file's problems are found. */
export type Report = (problem: Reported) => void;

/**
 * Looks at one thing about `subject`, held against the rest of the file. Undefined, or an empty
 * list: all is well.
 */
export type Rule<Subject, File = undefined> = (
  subject: Subject,
  file: File,
) => Reported | readonly Reported[] | undefined;

/** Reports what `rules` find about `subject`. */
export function checkRules<Subject, File>(
  rules: readonly Rule<Subject, File>[],
  subject: Subject,
  file: File,
  report: Report,
): void {
  for (const rule of rules) {
    const found = rule(subject, file);
    if (found === undefined) continue;
    if (typeof found === "function" || "what" in found) report(found);
    else for (const one of found) report(one);
  }
}

/** Most problems that are kept. */
export const MOST_PROBLEMS = 100;

/** Longest sentence and longest corrected line of a problem, in characters. */
const LONGEST_SENTENCE = 600;
const LONGEST_FIX = 4000;

/**
 * Collects problems. Of errors and warnings the first {@link MOST_PROBLEMS} each are kept, the
 * others are counted.
 */
export class ProblemList {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];
  #moreErrors = 0;
  #moreWarnings = 0;

  /**
   * An error that takes work to describe comes as a function, which is not called when enough are
   * known.
   */
  readonly report: Report = (problem) => {
    if (typeof problem === "function") {
      if (this.#errors.length < MOST_PROBLEMS) this.report(problem());
      else this.#moreErrors++;
    } else if (problem.severity === "warning") {
      if (this.#warnings.length < MOST_PROBLEMS) this.#warnings.push(short(problem));
      else this.#moreWarnings++;
    } else if (this.#errors.length < MOST_PROBLEMS) this.#errors.push(short(problem));
    else this.#moreErrors++;
  };

  /** Is one of them an error? */
  get hasErrors(): boolean {
    return this.#errors.length > 0;
  }

  /** Errors first, at most {@link MOST_PROBLEMS}, and a last one that stands for the rest. */
  all(): readonly Problem[] {
    const known = [...this.#errors, ...this.#warnings];
    const shown = known.slice(0, MOST_PROBLEMS);
    const more = known.length - shown.length + this.#moreErrors + this.#moreWarnings;
    if (more === 0) return shown;
    return [...shown, {
      severity: this.hasErrors ? "error" : "warning",
      path: [],
      at: "key",
      what: `and ${more} more`,
      why: `Only the first ${MOST_PROBLEMS} are shown.`,
      fix: "correct these first, and look again",
      position: { line: Number.MAX_SAFE_INTEGER, column: 1 },
      more,
    }];
  }
}

/** What was written in the file may be long, and stands in sentences and corrected lines. */
function short(problem: Problem): Problem {
  const { what, fix } = problem;
  return { ...problem, what: cut(what, LONGEST_SENTENCE), fix: cut(fix, LONGEST_FIX) };
}

function cut(text: string, longest: number): string {
  if (text.length <= longest) return text;
  return `${text.slice(0, longest).replace(/[\ud800-\udbff]$/, "")} ...`;
}

/** What each severity is called in front of a problem. */
const TITLES: Readonly<Record<LocatedProblem["severity"], string>> = {
  error: "error",
  machine: "this machine",
  warning: "warning",
};

/**
 * One problem as several lines without colour and without a final newline:
 *
 *     floatip.toml:7:1: error: unknown key "interfce" in [instance.web]: did you mean interface?
 *         7 | interfce = "eth0"
 *           | ^
 *       why: A key that is not known would be ignored, and its default would hold without a word.
 *       fix: interface = "eth0"
 */
export function formatProblem(problem: LocatedProblem): string {
  const { file, line, column, severity, what, why, fix } = problem;
  const number = String(line).padStart(5);
  const gutter = " ".repeat(number.length);
  const shown = problem.source.trim() === "" ? [] : [
    `${number} | ${problem.source}`,
    `${gutter} | ${" ".repeat(Math.max(0, problem.caret - 1))}^`,
  ];
  return [
    `${file}:${line}:${column}: ${TITLES[severity]}: ${what}`,
    ...shown,
    `  why: ${why}`,
    `  fix: ${fix}`,
  ].join("\n");
}

/** All of `problems` with an empty line between, or nothing; with a final newline. */
export function problemsText(problems: readonly LocatedProblem[]): string {
  return problems.length === 0 ? "" : `${problems.map(formatOne).join("\n\n")}\n`;
}

/** "1 problem", "3 problems", and warnings apart: "1 problem and 2 warnings". */
export function countProblems(problems: readonly LocatedProblem[]): string {
  const count = (some: readonly LocatedProblem[]) =>
    some.reduce((sum, { more }) => sum + (more ?? 1), 0);
  const warnings = count(problems.filter(({ severity }) => severity === "warning"));
  const errors = count(problems) - warnings;
  const parts = [[errors, "problem"], [warnings, "warning"]] as const;
  return parts.filter(([count]) => count > 0)
    .map(([count, noun]) => `${count} ${noun}${count === 1 ? "" : "s"}`).join(" and ") ||
    "no problem";
}

/** `problem` on one line, for a log. */
export function problemLine({ file, line, column, what }: LocatedProblem): string {
  return `${file}:${line}:${column}: ${what}`;
}

/** What concerns this machine as a whole has no place in the file. */
function formatOne(problem: LocatedProblem): string {
  if (problem.line > 0) return formatProblem(problem);
  return `this machine: ${problem.what}\n  why: ${problem.why}\n  fix: ${problem.fix}`;
}
