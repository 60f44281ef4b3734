/** The import of a keepalived.conf: from a file to TOML for floatip, with a report. */
import { decode } from "../../config/decode.ts";
import { withoutSecrets } from "../../config/secret.ts";
import { convert } from "./convert.ts";
import { expand, type Expanded } from "./expand.ts";
import type { Files } from "./include.ts";
import { conditionNotes, guessNotes, inclusionNotes, statementNotes } from "./notes.ts";
import { parse } from "./parse.ts";
import { type Malformed, MalformedError, type Statement } from "./statement.ts";
import { nameOf, printable, writeTables } from "./toml.ts";
import {
  type ImportEnvironment,
  joined,
  type Note,
  openContext,
  type Translation,
  unsupported,
} from "./translation.ts";

/** The result of an import. */
export type Imported =
  /** It is not clear what the file means. */
  | { readonly kind: "malformed"; readonly malformed: Malformed }
  | {
    readonly kind: "imported";
    /** A valid configuration; undefined: there is no instance to carry over. */
    readonly toml: string | undefined;
    /** The TOML has a password. */
    readonly secret: boolean;
    /** Every directive with its translation, in the order of the file. */
    readonly notes: readonly Note[];
  };

/** Reads `file` through `files`, with all that it includes. Never throws because of its content. */
export function importKeepalived(
  file: string,
  files: Files,
  environment: ImportEnvironment,
): Imported {
  try {
    const expanded = expand(file, files, environment.nodeId, environment.workingFolder);
    return importLines(file, expanded, parse(expanded.lines), environment);
  } catch (error) {
    if (error instanceof MalformedError) return { kind: "malformed", malformed: error.malformed };
    throw error;
  }
}

function importLines(
  file: string,
  expanded: Expanded,
  root: readonly Statement[],
  environment: ImportEnvironment,
): Imported {
  const translations = new Map<Statement, Translation>();
  const context = openContext(environment, (statement, translation) => {
    translations.set(statement, joined(translations.get(statement), translation));
  });
  const tables = convert(root, context);
  const start = { file, line: 1 };
  const notes = inOrder([
    ...inclusionNotes(expanded.inclusions),
    ...conditionNotes(expanded.conditions, environment.nodeId),
    ...guessNotes(expanded.guesses),
    ...statementNotes(root, translations),
    ...(tables.length > 0 ? [] : [{ ...NOTHING, place: start, directive: "the whole file" }]),
  ], [file, ...expanded.lines.map(({ place }) => place.file)]);
  if (tables.length === 0) return { kind: "imported", toml: undefined, secret: false, notes };
  const toml = writeTables(headOf(file, environment.nodeId), tables, tailOf(notes));
  const mistakes = mistakesOf(toml).map((translation) => ({
    ...translation,
    place: start,
    directive: "the result",
  }));
  const entries = tables.flatMap((table) => table.entries);
  const secret = entries.some(([key]) => key === "auth") ||
    toml.split("\n").some((line) => COMMAND.test(line) && line !== masked(line));
  const told = [...notes, ...mistakes].map((note) => ({ ...note, to: masked(note.to) }));
  return { kind: "imported", toml, secret, notes: told };
}

/** A line of the result with a command, whose arguments may have a secret. */
const COMMAND = /\b(?:command|on_\w+) = \[/;

/** A line of the result; what looks like a secret in the arguments of a command is masked. */
function masked(line: string): string;
function masked(line: string | undefined): string | undefined;
function masked(line: string | undefined): string | undefined {
  return line !== undefined && COMMAND.test(line) ? withoutSecrets(line) : line;
}

const NOTHING = unsupported(
  "there is no vrrp_instance in it that can be carried over",
  "floatip needs an interface, a virtual_router_id and a virtual_ipaddress",
);

/** Sorted by file, in the order of their first lines, then by line. */
function inOrder(notes: readonly Note[], files: readonly string[]): readonly Note[] {
  const order = new Map([...new Set(files)].map((name, index) => [name, index] as const));
  const rank = ({ place }: Note) => order.get(place.file) ?? order.size;
  return notes.toSorted((a, b) => rank(a) - rank(b) || a.place.line - b.place.line);
}

function headOf(file: string, nodeId: string): readonly string[] {
  return [
    `Made by \`floatip import ${printable(file)}\`, as keepalived reads it on node ${
      printable(nodeId)
    }.`,
    "The numbers behind # are lines of that file.",
  ];
}

/** The notes that matter, as comment lines. */
function tailOf(notes: readonly Note[]): readonly string[] {
  const lines = notes.filter(({ matters }) => matters).flatMap(
    ({ place, directive, why, instead }) => [
      `  ${nameOf(place.file)}:${place.line}: ${printable(directive)}`,
      ...(why === undefined ? [] : [`      ${why}`]),
      ...(instead === undefined ? [] : [`      instead: ${instead}`]),
    ],
  );
  return lines.length === 0
    ? []
    : ["Look at these: floatip does them differently, or not at all:", ...lines];
}

/** Errors that floatip finds in the result: a combination that the importer does not know. */
function mistakesOf(toml: string): readonly Translation[] {
  const decoded = decode(toml);
  if (decoded.kind === "config") return [];
  return decoded.problems.filter(({ severity }) => severity === "error").map(({ what, fix }) =>
    unsupported(`floatip rejects it: ${what}`, fix)
  );
}
