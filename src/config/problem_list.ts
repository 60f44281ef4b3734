/** A bounded list of problems: the first hundred as they are, the rest as a number. */
import type { Problem } from "./problem.ts";

/** Most problems that are kept. */
export const MOST_PROBLEMS = 100;

/** Longest sentence and longest corrected line of a problem, in characters. */
const LONGEST_SENTENCE = 600;
const LONGEST_FIX = 4000;

/** Takes one problem; the reader goes on, so that all of a file's problems are found. */
export type Report = (problem: Problem | (() => Problem)) => void;

/** Collects problems. Of errors and warnings the first {@link MOST_PROBLEMS} each are kept, the others are counted. */
export class ProblemList {
  readonly #errors: Problem[] = [];
  readonly #warnings: Problem[] = [];
  #moreErrors = 0;
  #moreWarnings = 0;

  /** An error that takes work to describe comes as a function, which is not called when enough are known. */
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
      fix: "mend these first, and look again",
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
