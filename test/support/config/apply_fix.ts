/** The corrected line of a problem, put into the file as a reader would. */
import { parse } from "smol-toml";
import type { LocatedProblem, Path } from "../../../src/config/problem.ts";
import { isTable, writeValue } from "../../../src/config/toml_text.ts";

type Table = Record<string, unknown>;

/** What a fix asks for. */
type Fix =
  /** `key = value`, or several, in the table that `table` names, else where the problem is. */
  | { readonly kind: "line"; readonly pairs: Table; readonly table: Path | undefined }
  /** `[instance.web]`, with lines that its comment names. */
  | {
    readonly kind: "header";
    readonly path: Path;
    readonly pairs: Table;
    readonly instead: Path | undefined;
  }
  /** `"pi-b"`: an entry of a list. */
  | { readonly kind: "value"; readonly value: unknown }
  | { readonly kind: "remove" }
  /** In words, for a person who knows more than the file says. */
  | { readonly kind: "words" };

/** What kind of fix it is. */
export function readFix(fix: string): Fix {
  if (/^remove (it|one of the two)\b/.test(fix)) return { kind: "remove" };
  const [line = "", comment = ""] = fix.split("  # ");
  const inTable = /^in (\[.*\])$/.exec(comment)?.[1];
  if (/^\[[^"=,]*\]$/.test(line)) {
    const named = /: (\S+ = .*)$/.exec(comment)?.[1] ?? "";
    const pairs = parsed(named) ?? {};
    const instead = /^instead of (\[.*\])$/.exec(comment)?.[1];
    return {
      kind: "header",
      path: headerPath(line),
      pairs,
      instead: instead === undefined ? undefined : headerPath(instead),
    };
  }
  const pairs = /^("[^"]*"|[\w-]+) = /.test(line) ? parsed(line) : undefined;
  if (pairs !== undefined) {
    return { kind: "line", pairs, table: inTable === undefined ? undefined : headerPath(inTable) };
  }
  const value = /^["{[]/.test(line) ? parsed(`x = ${line}`) : undefined;
  return value === undefined ? { kind: "words" } : { kind: "value", value: value["x"] };
}

/** Every natural way to follow the fix of `problem` in `text`; empty where it is in words. */
export function follow(text: string, problem: LocatedProblem): readonly string[] {
  const fix = readFix(problem.fix);
  if (problem.position !== undefined) return followInText(text, problem, fix);
  const results: string[] = [];
  const attempt = (change: (root: Table) => void): void => {
    const root = parse(text) as Table;
    change(root);
    results.push(writeRoot(root));
  };
  const { path } = problem;
  if (fix.kind === "remove") attempt((root) => removeAt(root, path));
  else if (fix.kind === "value") attempt((root) => setAt(root, path, fix.value));
  else if (fix.kind === "header") attempt((root) => followHeader(root, path, fix));
  else if (fix.kind === "line") {
    for (const table of tablesFor(parse(text) as Table, path, fix)) {
      for (const replaces of [false, true]) {
        attempt((root) => {
          if (replaces) removeAt(root, keyPath(path));
          Object.assign(tableAt(root, table), fix.pairs);
        });
      }
    }
  }
  return results;
}

function followInText(text: string, { line, fix }: LocatedProblem, read: Fix): readonly string[] {
  const lines = text.split("\n");
  if (read.kind === "words") return [];
  lines.splice(line - 1, 1, ...(read.kind === "remove" ? [] : [fix]));
  return [lines.join("\n")];
}

/** The table that the fix names, that the problem is about, or in which its key stands. */
function tablesFor(
  root: Table,
  path: Path,
  { table, pairs }: Extract<Fix, { kind: "line" }>,
): readonly Path[] {
  if (table !== undefined) return [table];
  const above = path.findIndex((step) => Object.hasOwn(pairs, step));
  if (above >= 0) return [path.slice(0, above)];
  const parent = keyPath(path).slice(0, -1);
  const itself = isTable(valueAt(root, path)) ? [path] : [];
  return [...itself, parent];
}

/**
 * `[instance.web]  # instead of [instance]` takes along what stood in the other; else a table is
 * renamed, or made.
 */
function followHeader(
  root: Table,
  path: Path,
  fix: Extract<Fix, { kind: "header" }>,
): void {
  const [first = ""] = fix.path.map(String);
  const before = valueAt(root, path);
  if (fix.instead !== undefined) {
    const from = tableAt(root, fix.instead);
    const own = Object.entries(from).filter(([, value]) => !isTable(value));
    for (const [name] of own) delete from[name];
    Object.assign(tableAt(root, fix.path), Object.fromEntries(own));
  } else if (path.length === fix.path.length && isTable(before)) {
    removeAt(root, path);
    Object.assign(tableAt(root, fix.path), before);
  } else if (path.length === 1 && isTable(before)) {
    removeAt(root, path);
    Object.assign(tableAt(root, [first]), before);
  } else if (path.length === 1) {
    removeAt(root, path);
    if (before !== undefined && path[0] !== first) tableAt(root, fix.path)[path[0] ?? ""] = before;
  }
  Object.assign(tableAt(root, fix.path), fix.pairs);
}

function parsed(text: string): Table | undefined {
  try {
    return parse(text) as Table;
  } catch {
    return undefined;
  }
}

function headerPath(header: string): Path {
  return header.slice(1, -1).split(".");
}

/** Without the places of lists behind the last key. */
function keyPath(path: Path): Path {
  const last = path.findLastIndex((step) => typeof step === "string");
  return path.slice(0, last + 1);
}

function valueAt(root: unknown, path: Path): unknown {
  return path.reduce<unknown>((at, step) => (at as Table | undefined)?.[step], root);
}

/** The table at `path`, made where it is not there. */
function tableAt(root: Table, path: Path): Table {
  return path.reduce<Table>((at, step) => {
    const inner = at[step];
    if (typeof inner === "object" && inner !== null) return inner as Table;
    const made: Table = {};
    at[step] = made;
    return made;
  }, root);
}

function setAt(root: Table, path: Path, value: unknown): void {
  const last = path.at(-1);
  if (last !== undefined) tableAt(root, path.slice(0, -1))[last] = value;
}

function removeAt(root: Table, path: Path): void {
  const last = path.at(-1);
  const parent = valueAt(root, path.slice(0, -1));
  if (Array.isArray(parent)) {
    parent.splice(Number(last), 1);
    if (parent.length === 0) removeAt(root, path.slice(0, -1));
  } else if (last !== undefined && isTable(parent)) delete (parent as Table)[last];
}

function writeRoot(root: Table): string {
  return Object.entries(root).map(([name, value]) =>
    `${writeValue({ [name]: value }).slice(2, -2)}\n`
  )
    .join("");
}
