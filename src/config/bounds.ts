/**
 * Bounds of a configuration text, looked at before any parser sees it, and of the document that the
 * parser made of it: how deep, how long, how many. Both looks take time in proportion to the text.
 */
import { error, type Path, type Problem } from "./problem.ts";

/** Brackets within brackets. */
const DEEPEST = 32;
/** Parts of a dotted key. */
const MOST_PARTS = 16;
/**
 * Keys, entries, tables and dots of the whole text: a parser makes an object of each, and more of
 * them take all memory.
 */
const MOST_PIECES = 16_384;
/** Characters in one line: a list of 255 IPv6 addresses fits. */
const LONGEST_LINE = 16_384;
/** Characters in one text or key. */
const LONGEST_TEXT = 8192;
/** Entries of one list, and keys of one table. */
const MOST_ENTRIES = 1024;
/** [nodes]: each of them would be sent every advert. */
const MOST_NODES = 255;
/** Links of a node: all that is told to it goes to each of them. */
const MOST_LINKS = 8;
/**
 * Floating addresses of one instance: an advert names 255 (RFC 9568 5.2.5), and others may move
 * along.
 */
const MOST_ADDRESSES = 512;
/** Floating addresses of the whole file. */
const MOST_ADDRESSES_OF_ALL = 4096;

const NEWLINE = 10;
const RETURN = 13;
const QUOTE = 34;
const HASH = 35;
const APOSTROPHE = 39;
const DOT = 46;
const BACKSLASH = 92;

/** Brackets, and what they add to the depth. */
const BRACKETS: ReadonlyMap<number, number> = new Map([[91, 1], [123, 1], [93, -1], [125, -1]]);

/** What ends a dotted key or a number: newline, comma, equals sign. */
const ENDS: ReadonlySet<number> = new Set([NEWLINE, 44, 61]);

/** The first place at which `text` goes beyond a bound; undefined: it may be parsed. */
export function boundsProblem(text: string): Problem | undefined {
  let depth = 0;
  let dots = 0;
  let pieces = 0;
  let start = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === NEWLINE) start = at + 1;
    else if (at - start >= LONGEST_LINE) return tooMuch(text, start, LINE);
    if (code === HASH) {
      // The newline itself, if there is one, is looked at next.
      const end = endOfLine(text, at);
      if (end - start > LONGEST_LINE) return tooMuch(text, start, LINE);
      at = end - 1;
    } else if (code === QUOTE || code === APOSTROPHE) {
      const end = endOfText(text, at, code);
      if (end - at > LONGEST_TEXT) return tooMuch(text, at, TEXT);
      start = Math.max(start, text.lastIndexOf("\n", end - 1) + 1);
      at = end - 1;
    } else if (code === DOT) {
      if (++dots >= MOST_PARTS) return tooMuch(text, at, PARTS);
      pieces++;
    } else {
      const step = BRACKETS.get(code);
      if (step !== undefined) depth = Math.max(0, depth + step);
      if (depth > DEEPEST) return tooMuch(text, at, DEPTH);
      if (step !== undefined || ENDS.has(code)) dots = 0;
      if (step === 1 || code !== NEWLINE && ENDS.has(code)) pieces++;
    }
    if (pieces > MOST_PIECES) return tooMuch(text, at, PIECES);
  }
  return undefined;
}

/** Where the comment that begins at `at` ends. */
function endOfLine(text: string, at: number): number {
  const end = text.indexOf("\n", at);
  return end < 0 ? text.length : end;
}

/**
 * The index behind the text that opens at `at` with `quote`; one that is not closed ends with its
 * line or the file.
 */
function endOfText(text: string, at: number, quote: number): number {
  const isLong = text.charCodeAt(at + 1) === quote && text.charCodeAt(at + 2) === quote;
  for (let next = at + (isLong ? 3 : 1); next < text.length; next++) {
    const code = text.charCodeAt(next);
    if (code === BACKSLASH && quote === QUOTE) next++;
    else if (!isLong && (code === NEWLINE || code === RETURN)) return next;
    else if (code === quote && !isLong) return next + 1;
    else if (
      code === quote && text.charCodeAt(next + 1) === quote && text.charCodeAt(next + 2) === quote
    ) return next + 3;
  }
  return text.length;
}

type Bound = Pick<Problem, "what" | "fix">;

const LINE: Bound = {
  what: `this line is longer than ${LONGEST_LINE} characters`,
  fix: "break the list into lines: TOML allows a newline behind each comma",
};
const TEXT: Bound = {
  what: `this text is longer than ${LONGEST_TEXT} characters, or its second quote is missing`,
  fix: "put what is long into a file, and name the file",
};
const PARTS: Bound = {
  what: `this has more than ${MOST_PARTS} parts with dots between`,
  fix: "[instance.web]  # and the keys below it",
};
const PIECES: Bound = {
  what: `the file has more than ${MOST_PIECES} keys, entries and tables: here is one too many`,
  fix: "remove what is not needed",
};
const DEPTH: Bound = {
  what: `brackets are more than ${DEEPEST} deep here`,
  fix: "close what is open: a list with ], a table with }",
};

function tooMuch(text: string, at: number, { what, fix }: Bound): Problem {
  const before = text.slice(0, at).split("\n");
  return {
    severity: "error",
    path: [],
    at: "value",
    what,
    why: "No configuration needs it, and a file that has it by mistake must not stop a daemon.",
    fix,
    position: { line: before.length, column: (before.at(-1) ?? "").length + 1 },
  };
}

/**
 * What `root` has too many of; undefined: nothing. `root` comes from a text within {@link
 * boundsProblem}.
 */
export function countProblem(root: Readonly<Record<string, unknown>>): Problem | undefined {
  let addresses = 0;
  const waiting: { readonly value: unknown; readonly path: Path }[] = [{ value: root, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    if (typeof value !== "object" || value === null) continue;
    const entries = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
    const most = mostAt(path);
    if (entries.length > most) return tooMany(path, entries.length, most);
    if (isAddresses(path)) addresses += entries.length;
    if (addresses > MOST_ADDRESSES_OF_ALL) {
      return tooMany(path, addresses, MOST_ADDRESSES_OF_ALL, "all instances together have");
    }
    for (const [key, inner] of entries) waiting.push({ value: inner, path: [...path, key] });
  }
  return undefined;
}

function mostAt(path: Path): number {
  if (path.length === 1 && path[0] === "nodes") return MOST_NODES;
  if (path.length === 3 && path[0] === "nodes" && path[2] === "links") return MOST_LINKS;
  return isAddresses(path) ? MOST_ADDRESSES : MOST_ENTRIES;
}

function isAddresses(path: Path): boolean {
  return path.length === 3 && path[0] === "instance" && path[2] === "addresses";
}

function tooMany(path: Path, count: number, most: number, subject?: string): Problem {
  const name = path.length === 0 ? "the file" : path.slice(-2).join(".");
  return error(
    path,
    `${subject ?? `${name} has`} ${count} entries, and at most ${most} are read`,
    "Each of them costs the daemon time in which adverts have to go out.",
    "remove what is not needed",
    "key",
  );
}
