/** Where in the file is a problem? Line, column and the offending line, by the positions of keys and values. */
import type { AST } from "toml-eslint-parser";
import type { LocatedProblem, Path, Problem } from "./problem.ts";
import { loginRanges, maskRanges, SECRET_WORD, suspectRanges } from "./secret.ts";

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
  /** Neither a table nor a list: a secret is hidden in its leaf, so that the keys around it can be read. */
  readonly leaf: boolean;
}

/** Lines longer than this are shown in part: characters around the place. */
const WIDEST = 120;

/**
 * Finds each problem's place in `text`, the content of `file`, in the order of the file. A path that is not there (a
 * missing key) is where the table stands that lacks it. Secrets in the shown lines are masked. Never rejects.
 */
export async function locate(
  problems: readonly Problem[],
  text: string,
  file: string,
): Promise<readonly LocatedProblem[]> {
  if (problems.length === 0) return [];
  const places = await placesOf(text);
  const secrets = places && secretsOf(places);
  const lines = text.split(/\r?\n/);
  return problems.map((problem) => locateOne(problem, places, secrets, lines, file))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}

/** Finds the line of a path in `text`, from 1: that of its value, else of its key; undefined where it is not there. */
export async function lineFinder(text: string): Promise<(path: Path) => number | undefined> {
  const places = await placesOf(text);
  return (path) => {
    const place = places?.get(pathKey(path));
    return (place?.value ?? place?.key)?.line;
  };
}

function locateOne(
  problem: Problem,
  places: ReadonlyMap<string, Place> | undefined,
  secrets: readonly Span[] | undefined,
  lines: readonly string[],
  file: string,
): LocatedProblem {
  const found = problem.position ?? pointAt(problem, places);
  const line = Math.min(Math.max(1, found.line), lines.length);
  const column = Math.min(Math.max(1, found.column), (lines[line - 1] ?? "").length + 1);
  return { ...problem, file, line, column, ...shownLine(secrets, lines, line, column) };
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

function shownLine(
  secrets: readonly Span[] | undefined,
  lines: readonly string[],
  line: number,
  column: number,
): { readonly source: string; readonly caret: number } {
  const text = lines[line - 1] ?? "";
  // A text without positions is no TOML, or none that the second parser reads: then all that looks like a secret.
  const ranges = secrets === undefined
    ? suspectRanges(text)
    : secretRanges(secrets, line, text.length);
  const hidden = [...ranges, ...loginRanges(text)].toSorted((a, b) => a[0] - b[0]);
  const masked = maskRanges(text, hidden);
  return shorten(masked.line, masked.at(column - 1));
}

/** The columns of `line` that belong to secrets; one that runs over many lines hides each of them. */
function secretRanges(
  secrets: readonly Span[],
  line: number,
  length: number,
): readonly (readonly [number, number])[] {
  return secrets.filter((span) => line >= span.line && line <= span.endLine)
    .map((span) =>
      [
        line === span.line ? span.column : 0,
        line === span.endLine ? span.endColumn : length,
      ] as const
    )
    .toSorted((a, b) => a[0] - b[0]);
}

/** Where secrets stand. */
function secretsOf(places: ReadonlyMap<string, Place>): readonly Span[] {
  return [...places].flatMap(([key, { value, leaf }]) =>
    value !== undefined && leaf && isSecret(JSON.parse(key) as Path) ? [value] : []
  );
}

const NAMED: readonly unknown[] = ["instance", "nodes", "group", "check"];

/** Keys whose values may hold a secret: whoever knows the URL of a webhook or a topic can use it. */
const TELLING: readonly unknown[] = ["send", "webhook", "ntfy", "mqtt"];

/** What stands beside such URLs and may be read by everybody. */
const HARMLESS: readonly unknown[] = ["retries", "topic", "user", "discovery"];

/** Does a path speak of a secret? A node or instance may be called as it likes. */
function isSecret(path: Path): boolean {
  const steps = path.slice(NAMED.includes(path[0]) ? 2 : 0);
  if (SECRET_WORD.test(steps.join(" "))) return true;
  return steps.some((step) => TELLING.includes(step)) && !HARMLESS.includes(steps.at(-1));
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

/** Every key's and value's place by its path; undefined where the text is not TOML. */
async function placesOf(text: string): Promise<ReadonlyMap<string, Place> | undefined> {
  // Only needed when something is wrong: a sound file never pays for the second parser.
  const { parseTOML } = await import("toml-eslint-parser");
  try {
    const places = new Map<string, Place>();
    for (const node of parseTOML(text, { tomlVersion: "latest" }).body[0].body) {
      if (node.type === "TOMLTable") addTable(node, places);
      else addPair(node, [], places);
    }
    return places;
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
      places.set(key, { key: header, value: undefined, leaf: false });
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
    const leaf = last && node.value.type === "TOMLValue";
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
      const leaf = element.type === "TOMLValue";
      places.set(pathKey([...path, index]), { key: span, value: span, leaf });
      addContent(element, [...path, index], places);
    }
  }
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
