/**
 * Where in the file a problem is: line, column and the offending line, by the positions of keys and
 * values.
 */
import type { AST } from "toml-eslint-parser";
import { boundsProblem } from "./bounds.ts";
import type { LocatedProblem, Path, Problem } from "./problem.ts";
import { THIS_FILE } from "./syntax.ts";
import { isHidden, isSecret, redactor, type Said, saidIn, suspectRanges } from "./redact.ts";
import { maskRanges, type Ranges, secretRanges } from "./secret.ts";
import { shellWord } from "../printable.ts";

/** A half-open piece of the text; lines count from 1, columns from 0. */
interface Span {
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
  readonly endColumn: number;
}

type Location = AST.TOMLKey["loc"];

interface Place {
  readonly key: Span;
  /** Absent for a table header, whose value is all that follows. */
  readonly value: Span | undefined;
  /**
   * What is neither a table nor a list: a secret is hidden in its leaf, so that the keys around it
   * can be read.
   */
  readonly leaf: { readonly value: unknown } | undefined;
}

/** Where everything stands in a text that is TOML. */
interface Layout {
  readonly places: ReadonlyMap<string, Place>;
  readonly comments: readonly Span[];
}

/**
 * What may be hidden of a line: a comment, a value that nobody may see, or one in which there may
 * be a secret.
 */
interface Piece {
  readonly kind: "comment" | "hidden" | "text";
  readonly span: Span;
}

/** Lines longer than this are shown in part: characters around the place. */
const WIDEST = 120;

/**
 * Finds each problem's place in `text`, the content of `file`, in the order of the file. A path
 * that is not there (a missing key) is where the table stands that lacks it. Secrets in the shown
 * lines are masked. Never rejects.
 */
export async function locate(
  problems: readonly Problem[],
  text: string,
  file: string,
): Promise<readonly LocatedProblem[]> {
  if (problems.length === 0) return [];
  const beyond = boundsProblem(text) !== undefined;
  const layout = beyond ? undefined : await layoutOf(text);
  const named = (fix: string): string => fix.replace(THIS_FILE, () => shellWord(file));
  const sentences = problems.flatMap(({ what, why, fix }) => [what, why, named(fix)]);
  const redact = redactor(layout === undefined ? [] : secretsOf(layout, saidIn(sentences)));
  const lines = text.split(/\r?\n/);
  const lineOf = ({ line }: { readonly line: number }): number =>
    Math.min(Math.max(1, line), lines.length);
  const founds = problems.map((problem) => problem.position ?? pointAt(problem, layout?.places));
  const pieces = layout && piecesByLine(layout, new Set(founds.map(lineOf)));
  return problems.map((problem, index) => {
    const found = founds[index] ?? { line: 1, column: 1 };
    const line = lineOf(found);
    const whole = lines[line - 1] ?? "";
    const column = Math.min(Math.max(1, found.column), whole.length + 1);
    const shown = shownLine(pieces && (pieces.get(line) ?? []), whole, line, column);
    const { what, why, fix } = problem;
    const told = { what: redact(what), why: redact(why), fix: redact(named(fix)) };
    // Of a text that no parser may see, nothing is shown: a secret could be anywhere.
    const picture = beyond ? { source: "", caret: 1 } : shown;
    return { ...problem, ...told, file, line, column, ...picture };
  }).toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/**
 * Finds the line of a path in `text`, from 1: that of its value, else of its key; undefined where
 * it is not there.
 */
export async function lineFinder(text: string): Promise<(path: Path) => number | undefined> {
  const layout = await layoutOf(text);
  return (path) => {
    const place = layout?.places.get(pathKey(path));
    return (place?.value ?? place?.key)?.line;
  };
}

/** The nearest place on the way from the problem's path to the root. */
function pointAt(
  problem: Problem,
  places: ReadonlyMap<string, Place> | undefined,
): { readonly line: number; readonly column: number } {
  for (let length = problem.path.length; length > 0; length--) {
    const place = places?.get(pathKey(problem.path.slice(0, length)));
    if (place === undefined) continue;
    const whole = length === problem.path.length;
    const span = problem.at === "key" || !whole ? place.key : place.value ?? place.key;
    return { line: span.line, column: span.column + 1 };
  }
  return { line: 1, column: 1 };
}

/** `pieces`: of this line; undefined: the text is no TOML, or none that the second parser reads. */
function shownLine(
  pieces: readonly Piece[] | undefined,
  whole: string,
  line: number,
  column: number,
): { readonly source: string; readonly caret: number } {
  const at = (span: Span) =>
    [
      line === span.line ? span.column : 0,
      line === span.endLine ? span.endColumn : whole.length,
    ] as const;
  const comment = pieces?.find(({ kind }) => kind === "comment");
  const text = whole.slice(0, comment?.span.column).trimEnd();
  const hidden: Ranges = pieces === undefined ? suspectRanges(text) : pieces.flatMap((piece) => {
    const [from, to] = at(piece.span);
    if (piece.kind === "hidden") return [[from, to] as const];
    return secretRanges(text.slice(from, to)).map(([a, b]) => [from + a, from + b] as const);
  });
  const masked = maskRanges(text, hidden);
  return shorten(masked.line, Math.min(masked.at(column - 1), masked.line.length));
}

/** Of the lines that are shown. */
function piecesByLine(
  { places, comments }: Layout,
  shown: ReadonlySet<number>,
): ReadonlyMap<number, readonly Piece[]> {
  const found = new Map<number, Piece[]>();
  const isShown = ({ line, endLine }: Span): boolean => {
    for (let one = line; one <= endLine; one++) if (shown.has(one)) return true;
    return false;
  };
  const add = (kind: Piece["kind"], span: Span): void => {
    for (let line = span.line; line <= span.endLine; line++) {
      if (!shown.has(line)) continue;
      const pieces = found.get(line);
      if (pieces === undefined) found.set(line, [{ kind, span }]);
      else pieces.push({ kind, span });
    }
  };
  for (const comment of comments) add("comment", comment);
  for (const [key, { value, leaf }] of places) {
    if (value === undefined || !isShown(value)) continue;
    const path = JSON.parse(key) as Path;
    if (leaf !== undefined) add(isHidden(path, leaf.value) ? "hidden" : "text", value);
    // Of a command, an option and its value are two texts.
    else if (COMMANDS.test(String(path.at(-1)))) add("text", value);
  }
  return found;
}

const COMMANDS = /^(command|script|cmd|exec|argv|on_\w+|notify_\w+)$/;

/** Those of the texts that must stand in no sentence that are `said` in one. */
function secretsOf({ places }: Layout, said: Said): readonly string[] {
  return [...places].flatMap(([key, { leaf }]) => {
    if (typeof leaf?.value !== "string") return [];
    const text = leaf.value;
    // First what costs less: a file may have thousands of texts.
    if (said.holds(text) && isSecret(JSON.parse(key) as Path, text)) return [text];
    return secretRanges(text).map((range) => text.slice(...range)).filter(said.holds);
  });
}

function shorten(
  line: string,
  caret: number,
): { readonly source: string; readonly caret: number } {
  const clean = line.replace(/[\p{C}\u2028\u2029]/gu, " ");
  if (clean.length <= WIDEST) return { source: clean, caret: caret + 1 };
  const from = Math.max(0, Math.min(caret - 40, clean.length - WIDEST));
  const before = from > 0 ? "... " : "";
  const after = from + WIDEST < clean.length ? " ..." : "";
  return {
    source: `${before}${clean.slice(from, from + WIDEST)}${after}`,
    caret: caret - from + before.length + 1,
  };
}

/** Where all of `text` is; undefined where it is not TOML. */
async function layoutOf(text: string): Promise<Layout | undefined> {
  // Only needed when something is wrong: a sound file never pays for the second parser.
  const { parseTOML } = await import("toml-eslint-parser");
  try {
    const places = new Map<string, Place>();
    const { body: [root], comments } = parseTOML(text, { tomlVersion: "latest" });
    for (const node of root.body) {
      if (node.type === "TOMLTable") addTable(node, places);
      else addPair(node, [], places);
    }
    return { places, comments: comments.map(({ loc }) => toSpan(loc)) };
  } catch {
    return undefined;
  }
}

function addTable(node: AST.TOMLTable, places: Map<string, Place>): void {
  const header = toSpan(node.loc, node.key.loc);
  for (let length = 1; length <= node.resolvedKey.length; length++) {
    const key = pathKey(node.resolvedKey.slice(0, length));
    const last = length === node.resolvedKey.length;
    if (last || !places.has(key)) {
      places.set(key, { key: header, value: undefined, leaf: undefined });
    }
  }
  for (const pair of node.body) addPair(pair, node.resolvedKey, places);
}

function addPair(node: AST.TOMLKeyValue, base: Path, places: Map<string, Place>): void {
  const names = node.key.keys.map((key) => key.type === "TOMLBare" ? key.name : key.value);
  const value = toSpan(node.value.loc);
  for (const [index, key] of node.key.keys.entries()) {
    const last = index === names.length - 1;
    const at = pathKey([...base, ...names.slice(0, index + 1)]);
    // `auth.pass = ...` makes a table without a header: its place is its name.
    if (!last && places.has(at)) continue;
    const leaf = last ? leafOf(node.value) : undefined;
    places.set(at, { key: toSpan(key.loc), value: last ? value : undefined, leaf });
  }
  addContent(node.value, [...base, ...names], places);
}

function addContent(node: AST.TOMLContentNode, path: Path, places: Map<string, Place>): void {
  if (node.type === "TOMLInlineTable") {
    for (const pair of node.body) addPair(pair, path, places);
  } else if (node.type === "TOMLArray") {
    for (const [index, element] of node.elements.entries()) {
      const span = toSpan(element.loc);
      places.set(pathKey([...path, index]), { key: span, value: span, leaf: leafOf(element) });
      addContent(element, [...path, index], places);
    }
  }
}

function leafOf(node: AST.TOMLContentNode): Place["leaf"] {
  return node.type === "TOMLValue" ? { value: node.value } : undefined;
}

function toSpan(start: Location, end: Location = start): Span {
  return {
    line: start.start.line,
    column: start.start.column,
    endLine: end.end.line,
    endColumn: end.end.column,
  };
}

function pathKey(path: Path): string {
  return JSON.stringify(path);
}
