/** How does a problem look on screen? Place, what, the line with a caret, why it matters, how to mend it. */
import type { LocatedProblem } from "./problem.ts";

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
