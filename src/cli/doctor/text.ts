/** The report of the doctor as text and as JSON. */
import type { Mark } from "../../tools/doctor/check.ts";
import type { ReportedFinding } from "../../tools/doctor/doctor.ts";
import { alignColumns } from "../table.ts";
import type { Paint, Style } from "../terminal.ts";

const STYLES: Readonly<Record<Mark, Style>> = {
  ok: "good",
  warning: "warn",
  problem: "bad",
  unknown: "dim",
};

/** The lines for people. */
export function doctorLines(
  node: string,
  version: string,
  reported: readonly ReportedFinding[],
  paint: Paint,
): readonly string[] {
  const rows = reported.map(({ mark, check, what }) => [paint(STYLES[mark], mark), check, what]);
  const lines = alignColumns(rows);
  const body = reported.flatMap(({ mark, why, fix }, index) => [
    lines[index] ?? "",
    ...(why === undefined || mark === "ok" ? [] : [indent("why", why)]),
    ...(fix === undefined
      ? []
      : fix.split("\n").map((line, at) => indent(at === 0 ? "fix" : "", line))),
  ]);
  return [`${node}: floatip ${version}`, "", ...body, "", summary(reported)];
}

/** Below the column of checks. */
function indent(word: string, text: string): string {
  return `           ${word === "" ? "    " : `${word}:`} ${text}`;
}

function summary(reported: readonly ReportedFinding[]): string {
  const count = (mark: Mark) => reported.filter((one) => one.mark === mark).length;
  const parts = ([["problem", "problem"], ["warning", "warning"]] as const)
    .map(([mark, noun]) => [count(mark), noun] as const)
    .filter(([number]) => number > 0)
    .map(([number, noun]) => `${number} ${noun}${number === 1 ? "" : "s"}`);
  const open = count("unknown");
  const rest = open === 0 ? "" : `; ${open} could not be told`;
  if (parts.length === 0) return `nothing is wrong${rest}`;
  return `${parts.join(" and ")}${rest}`;
}

/** The document for programs, with a final newline. */
export function doctorJson(
  node: string,
  file: string,
  version: string,
  reported: readonly ReportedFinding[],
): string {
  const document = {
    schema: 1,
    node,
    version,
    config_file: file,
    healthy: !reported.some(({ mark }) => mark === "problem"),
    findings: reported.map(({ check, mark, what, why, fix }) => ({
      check,
      mark,
      what,
      why: why ?? null,
      fix: fix ?? null,
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
