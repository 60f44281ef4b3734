/** The report of an import: every directive and its outcome, then what to do next. */
import {
  type Note,
  NOTHING_TO_DO,
  type Outcome,
} from "../../tools/keepalived_import/translation.ts";
import { alignColumns } from "../table.ts";

/** What is told. */
export interface ImportReport {
  readonly file: string;
  readonly nodeId: string;
  /** Is there a result? */
  readonly result: boolean;
  /** Where it was written; undefined: to standard output, or there is none. */
  readonly output: string | undefined;
  readonly notes: readonly Note[];
}

const TITLES: readonly (readonly [Outcome, string])[] = [
  ["carried", "carried over"],
  ["changed", "changed"],
  ["unsupported", "not carried over"],
];

/** For people, with a final newline; what matters most stands last. */
export function formatImportText(report: ImportReport): string {
  const { notes, output, result } = report;
  const parts = TITLES.flatMap(([outcome, title]) => {
    const some = notes.filter((note) => note.outcome === outcome);
    return some.length === 0 ? [] : [`${title}:`, ...noteLines(some), ""];
  });
  const counts = TITLES.flatMap(([outcome, title]) => {
    const count = notes.filter((note) => note.outcome === outcome).length;
    return count === 0 ? [] : [`${count} ${title}`];
  });
  const serious = notes.filter(({ matters }) => matters).length;
  const verdict = serious === 0
    ? "all that matters is in the result"
    : `look at the ${serious === 1 ? "one" : serious} marked with !`;
  const next = result
    ? `Next: floatip check ${output ?? "FILE"}`
    : "Nothing is written: mend what is marked, and import again";
  return [...parts, `${counts.join(", ")}: ${verdict}`, next, ""].join("\n");
}

/** Place, directive and what it became in columns; below it the reasons. */
function noteLines(notes: readonly Note[]): readonly string[] {
  const rows = alignColumns(notes.map(({ place, directive, matters, to }) => [
    `${matters ? "!" : " "} ${place.file}:${place.line}`,
    directive,
    to === undefined ? "" : `-> ${to}`,
  ]));
  return notes.flatMap(({ why, instead }, index) => {
    const before = notes[index - 1];
    // The lines of one block often share a reason.
    const told = before?.why === why && before?.instead === instead;
    return [
      rows[index] ?? "",
      ...(why === undefined || told ? [] : [`      ${why}`]),
      ...(instead === undefined || instead === NOTHING_TO_DO || told
        ? []
        : [`      instead: ${instead}`]),
    ];
  });
}

/** For programs: one JSON document with a final newline. */
export function formatImportJson({ file, nodeId, output, notes }: ImportReport): string {
  const count = (outcome: Outcome) => notes.filter((note) => note.outcome === outcome).length;
  const document = {
    schema: 1,
    file,
    node_id: nodeId,
    output: output ?? null,
    complete: !notes.some(({ matters }) => matters),
    carried: count("carried"),
    changed: count("changed"),
    unsupported: count("unsupported"),
    directives: notes.map(({ place, directive, outcome, matters, to, why, instead }) => ({
      ...place,
      directive,
      outcome,
      matters,
      to: to ?? null,
      why: why ?? null,
      instead: instead ?? null,
    })),
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}
