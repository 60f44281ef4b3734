/** Expansion of a file: includes, conditions, macros and sequences become plain lines. */
import { type Files, folderOf, matchesOf, wholePath } from "./include.ts";
import {
  continued,
  type Definition,
  definitionIn,
  guess,
  type GuessedValue,
  LONGEST_LINE,
  type Macros,
  type Repeated,
  repeatedIn,
  substitute,
  tooLong,
} from "./macros.ts";
import { linesOf, piecesOf, withoutComment } from "./parse.ts";
import { type ExpandedLine, type FileLine, refuse } from "./statement.ts";

/** An `include` and its files. */
export interface Inclusion {
  readonly place: FileLine;
  readonly text: string;
  /** The files that were read. */
  readonly files: readonly string[];
  /** Files that cannot be read. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** It has wildcards, and nothing matches: keepalived ignores it. */
  readonly nothing: boolean;
  /** It has quotes, which keepalived takes for a part of the name. */
  readonly quoted: boolean;
}

/** Lines that begin with `@ID` or `@^ID`. */
export interface Condition {
  /** The word after the `@`; "": a comment begins there (`@!ID`). */
  readonly id: string;
  /** `@^ID`: for all nodes but that. */
  readonly negated: boolean;
  /** The first such line that was left out; undefined: all count. */
  readonly place: FileLine | undefined;
  /** How many lines were left out. */
  readonly left: number;
}

/** A whole configuration as lines. */
export interface Expanded {
  readonly lines: readonly ExpandedLine[];
  readonly inclusions: readonly Inclusion[];
  readonly conditions: readonly Condition[];
  readonly guesses: readonly GuessedValue[];
}

/** Most lines and characters of all files, macros included. */
const MOST_LINES = 50_000;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** Most nested files and macros. */
const DEEPEST = 64;

/** A source of lines: a file, a macro, or a sequence. */
interface Source {
  readonly lines: readonly string[];
  next: number;
  readonly file: string;
  /** The absolute path, to notice a file that includes itself. */
  readonly path: string;
  /** The folder of the file, an absolute path. */
  readonly folder: string;
  /** Undefined: a file, whose lines have places of their own. */
  readonly place: FileLine | undefined;
}

interface State {
  readonly files: Files;
  readonly nodeId: string;
  readonly workingFolder: string;
  readonly sources: Source[];
  readonly macros: Map<string, readonly string[]>;
  readonly lines: ExpandedLine[];
  readonly inclusions: Inclusion[];
  readonly conditions: Map<string, Condition>;
  readonly guesses: GuessedValue[];
  taken: number;
  characters: number;
}

/**
 * Reads `file` and all that it includes. `nodeId`: the ID for `@ID` lines; `workingFolder`: the
 * folder of relative paths. Throws MalformedError where the lines are not clear, or too many.
 */
export function expand(
  file: string,
  files: Files,
  nodeId: string,
  workingFolder: string,
): Expanded {
  const state: State = {
    ...{ files, nodeId, workingFolder, taken: 0, characters: 0 },
    ...{ sources: [], lines: [], inclusions: [], guesses: [] },
    macros: new Map([["_INSTANCE", [nodeId]], ["_HASH", ["#"]], ["_BANG", ["!"]]]),
    conditions: new Map(),
  };
  const read = openFile(file, state);
  if (read !== undefined) {
    const place = { file, line: 1 };
    refuse(place, `the file ${read}`, "There is nothing to import.", "name another file");
  }
  for (let source = state.sources.at(-1); source !== undefined; source = state.sources.at(-1)) {
    const line = source.lines[source.next++];
    if (line === undefined) state.sources.pop();
    else take(line, source, state);
  }
  const { lines, inclusions, conditions, guesses } = state;
  return { lines, inclusions, conditions: [...conditions.values()], guesses };
}

/** Makes the file the next source; returns why it cannot be read, after "the file". */
function openFile(path: string, state: State, from?: FileLine): string | undefined {
  const whole = wholePath(path, state.workingFolder);
  const open = state.sources.filter((source) => source.place === undefined);
  if (open.some((source) => source.path === whole) && from !== undefined) {
    const chain = [...open.map(({ file }) => file), path].join(" -> ");
    refuse(
      from,
      `the files include each other in a circle: ${shorten(chain)}`,
      "keepalived opens them until it has no descriptors left.",
      "remove one of these includes",
    );
  }
  if (state.sources.length >= DEEPEST && from !== undefined) tooDeep(from);
  const read = state.files.read(path);
  if (read.kind === "refused") return read.reason;
  const lines = linesOf(read.text);
  checkText(lines, path);
  const folder = folderOf(whole);
  state.sources.push({ lines, next: 0, file: path, path: whole, folder, place: undefined });
  return undefined;
}

/** Rejects a file with control characters: it is no text. */
function checkText(lines: readonly string[], file: string): void {
  // deno-lint-ignore no-control-regex -- the control characters are searched for
  const control = /[\x00-\x08\x0e-\x1f]/;
  const index = lines.findIndex((line) => control.test(line));
  if (index < 0) return;
  refuse(
    { file, line: index + 1 },
    "the file is not a text: it has a control character",
    "A keepalived.conf has printable characters only.",
    "name the right file",
  );
}

/** Takes one line, and replaces macros until none is left. */
function take(raw: string, source: Source, state: State): void {
  const place = source.place ?? { file: source.file, line: source.next };
  count(raw.length, place, state);
  const { text: bare, cut } = withoutComment(raw, place);
  let text = bare;
  for (let round = 0; text !== ""; round++) {
    if (round > DEEPEST) tooLong(place);
    const definition = definitionIn(text);
    if (definition !== undefined) return define(definition, raw, source, place, state);
    const condition = conditionIn(text);
    if (condition !== undefined) {
      if (!applies(condition, place, state)) return;
      text = condition.rest;
      continue;
    }
    const repeated = repeatedIn(text, (inside) => resolved(inside, place, state), place);
    if (repeated !== undefined) {
      if (repeated.rounds.length > 1) refuseOpenBlock(repeated.rest, text, place);
      return push(repeatedLines(repeated), place, state);
    }
    const guessed = guess(text, place);
    state.guesses.push(...guessed.guesses);
    const replaced = substitute(guessed.text, macrosFor(source, state), place);
    if (replaced.kind === "lines") return push(replaced.lines, place, state);
    text = replaced.text.trim();
    if (!replaced.changed) break;
  }
  if (text === "") return;
  if (text.length > LONGEST_LINE) tooLong(place);
  if (!include(text, place, source, state)) state.lines.push({ place, text, cut });
}

function count(characters: number, place: FileLine, state: State): void {
  state.taken++;
  state.characters += characters;
  if (state.taken <= MOST_LINES && state.characters <= MOST_CHARACTERS) return;
  refuse(
    place,
    `the configuration has more than ${MOST_LINES} lines or ${MOST_CHARACTERS} characters`,
    "Macros, sequences and includes multiply; no machine has so many instances.",
    "look for a macro that contains others many times, or import a part of it",
  );
}

/** A definition continues while its lines end with a backslash. */
function define(
  { name, value }: Definition,
  raw: string,
  source: Source,
  place: FileLine,
  state: State,
): void {
  const first = continued(raw);
  const lines = [first.goesOn ? withoutComment(continued(value).text, place).text : value];
  for (let more = first.goesOn; more;) {
    const next = source.lines[source.next++];
    if (next === undefined) break;
    count(next.length, place, state);
    const { text, goesOn } = continued(next);
    lines.push(withoutComment(text, place).text);
    more = goesOn;
  }
  const kept = lines.filter((line) => line !== "");
  state.macros.set(name, kept.length === 0 ? [""] : kept);
}

/** Replaces the macros in the arguments of a sequence. */
function resolved(inside: string, place: FileLine, state: State): string {
  let text = inside;
  for (let round = 0;; round++) {
    if (round > DEEPEST) tooLong(place);
    const replaced = substitute(text, state.macros, place);
    if (replaced.kind === "lines" || !replaced.changed) return text;
    text = replaced.text;
  }
}

/** A sequence is of its line alone: of a block it repeats the beginning, and none is closed. */
function refuseOpenBlock(rest: string, text: string, place: FileLine): void {
  const pieces = piecesOf(rest.replace(/\$\{\w*\}/g, ""), place);
  const count = (brace: string): number => pieces.filter((piece) => piece === brace).length;
  if (count("{") <= count("}")) return;
  const sequence = text.slice(0, text.indexOf(")") + 1);
  refuse(
    place,
    `${shorten(sequence)} is before a block that does not end in its line`,
    "A sequence repeats its line alone: each round opens a block, and one is closed. " +
      "keepalived does not start.",
    `begin the block with a line $BLOCK=\\, end each of its lines but the last with a \\, and ` +
      `write ${shorten(sequence)} $BLOCK behind it`,
  );
}

function repeatedLines({ rounds, rest }: Repeated): readonly string[] {
  return rounds.flatMap((round) => [
    ...round.map(([name, value]) => `$${name}=${value}`),
    rest,
  ]);
}

/** With `${_PWD}`, the folder of the file of the line. */
function macrosFor(source: Source, state: State): Macros {
  return state.macros.set("_PWD", [source.folder]);
}

function push(lines: readonly string[], place: FileLine, state: State): void {
  if (state.sources.length >= DEEPEST) tooDeep(place);
  const { file = place.file, folder = "" } = state.sources.at(-1) ?? {};
  state.sources.push({ lines, next: 0, file, path: "", folder, place });
}

function tooDeep(place: FileLine): never {
  return refuse(
    place,
    `files and macros are nested more than ${DEEPEST} deep`,
    "A macro that contains itself never ends.",
    "look for a file or a macro that leads back to itself",
  );
}

interface Conditional {
  readonly id: string;
  readonly negated: boolean;
  readonly rest: string;
}

/** `@ID rest` and `@^ID rest`. */
function conditionIn(text: string): Conditional | undefined {
  if (!text.startsWith("@")) return undefined;
  const match = /^@(\^?)(\S*)(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, sign = "", id = "", rest = ""] = match;
  return { id, negated: sign !== "", rest: rest.trim() };
}

function applies({ id, negated }: Conditional, place: FileLine, state: State): boolean {
  const counts = (id === state.nodeId) !== negated;
  const key = `${negated ? "^" : ""}${id}`;
  const before = state.conditions.get(key) ?? { id, negated, place: undefined, left: 0 };
  state.conditions.set(
    key,
    counts ? before : { ...before, place: before.place ?? place, left: before.left + 1 },
  );
  return counts;
}

/** Reads the files of an `include`; false: the line is none. */
function include(text: string, place: FileLine, source: Source, state: State): boolean {
  const pattern = /^include[rmwba]?\s+(.+)$/s.exec(text)?.[1];
  if (pattern === undefined) return false;
  const { paths, pattern: wild, tooMany } = matchesOf(pattern, folderOf(source.file), state.files);
  if (tooMany) {
    refuse(
      place,
      "the include has more files than the importer reads",
      "Wildcards and braces multiply.",
      "name the files, or fewer at once",
    );
  }
  const read: string[] = [];
  const refused: { readonly path: string; readonly reason: string }[] = [];
  // The source that was opened last is read first.
  for (const path of paths.toReversed()) {
    const reason = openFile(path, state, place);
    if (reason === undefined) read.unshift(path);
    else refused.unshift({ path, reason });
  }
  state.inclusions.push({
    ...{ place, text, files: read, refused },
    nothing: wild && paths.length === 0,
    quoted: /^["']/.test(pattern),
  });
  return true;
}

function shorten(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 197)}...`;
}
