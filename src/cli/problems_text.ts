/** How is a list of problems told? Each as the configuration formats it, and one sentence for all. */
import { formatProblem } from "../config/problem.ts";
import type { LocatedProblem } from "../config/problem.ts";

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
