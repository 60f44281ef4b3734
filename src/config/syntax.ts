/**
 * Parses TOML; of a text that is none, says where it stops being TOML, and what was probably meant.
 */
import { parse, TomlError } from "smol-toml";
import type { Problem } from "./problem.ts";
import { suspectRanges } from "./redact.ts";
import { writeKey, writeValue } from "./toml_text.ts";

/** A TOML document as tables, or the one problem at which reading it stopped. */
type Parsed =
  | { readonly kind: "document"; readonly root: Readonly<Record<string, unknown>> }
  | { readonly kind: "problem"; readonly problem: Problem };

/** Reads `text` as TOML. Never throws. */
export function parseToml(text: string): Parsed {
  try {
    return { kind: "document", root: parse(text, { maxDepth: 32 }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    return { kind: "problem", problem: syntaxProblem(text, error) };
  }
}

function syntaxProblem(text: string, error: TomlError): Problem {
  const lines = text.split(/\r?\n/);
  const line = Math.min(Math.max(1, error.line), lines.length);
  const source = lines[line - 1] ?? "";
  // The first line of the message; the rest is a picture of the text, which may hold a password.
  const words = (error.message.split("\n")[0] ?? "").replace(/^Invalid TOML document: /, "");
  const guess = guesses.find(({ when }) => when({ text, source, words }));
  return {
    severity: "error",
    path: [],
    at: "value",
    what: guess?.what ?? `this is not TOML: ${words}`,
    why: guess?.why ??
      "Nothing after this place can be read, so nothing of the file is used.",
    fix: guess?.fix({ text, source, words }) ??
      'write it as TOML: key = "text", key = 51, or [table]',
    position: { line, column: Math.min(Math.max(1, error.column), source.length + 1) },
  };
}

interface Place {
  readonly text: string;
  readonly source: string;
  readonly words: string;
}

interface Guess {
  readonly when: (place: Place) => boolean;
  readonly what: string;
  readonly why: string;
  readonly fix: (place: Place) => string;
}

const ASSIGNMENT = /^\s*([A-Za-z0-9_-]+)\s*=\s*([^"'[{\s#][^"'#]*?)\s*(#.*)?$/;

/** Longest line that is guessed at, in characters: the pattern above takes the square of it. */
const LONGEST_GUESSED = 1000;

const CURLY = /[\u201c\u201d\u201e\u2018\u2019\u00ab\u00bb]/g;

/** What only a keepalived.conf has. */
const KEEPALIVED: readonly RegExp[] = [
  /^[ \t]*vrrp_(instance|sync_group|script|track_\w+)\b[^=\n]*$/m,
  /^[ \t]*(global_defs|virtual_server(_group)?)\b[^=\n]*$/m,
  /^\s*[!#].*keepalived/i,
  /^[ \t]*include[ \t]+[\w./*"-]+[ \t]*$/m,
];

/** Stands for the name of the file in a fix, wherever the text came from. */
export const THIS_FILE = "{file}";

/** The mistakes that people make, first match. */
const guesses: readonly Guess[] = [
  {
    when: ({ text }) => KEEPALIVED.some((sign) => sign.test(text)),
    what: "this is a keepalived.conf, not TOML",
    why: "floatip reads TOML, and translates such a file.",
    fix: () => `floatip import ${THIS_FILE}`,
  },
  {
    when: ({ words }) => words.includes("redefine"),
    what: "this is here twice",
    why: "TOML allows each key and each table once; it cannot be told which one should hold.",
    fix: () => "remove one of the two",
  },
  {
    when: ({ source }) => source.search(CURLY) >= 0,
    what: "these quotes are not TOML's",
    why: "A word processor or web page made them curly; TOML knows the straight ones only.",
    fix: ({ source }) => repeated(source.replace(CURLY, '"')),
  },
  {
    when: ({ words }) => /control characters|unfinished/.test(words),
    what: "this text is not closed: its second quote is missing",
    why: "A text ends where its line ends, or has three quotes on either side.",
    fix: ({ source }) => repeated(`${source}"`),
  },
  {
    when: ({ source }) =>
      source.length <= LONGEST_GUESSED && ASSIGNMENT.test(source) &&
      suspectRanges(source).length === 0,
    what: "this value is not TOML: a text needs quotes",
    why: "Without quotes TOML knows numbers, true and false only.",
    fix: ({ source }) => {
      const [, name = "", value = ""] = ASSIGNMENT.exec(source) ?? [];
      return `${writeKey(name)} = ${writeValue(value)}`;
    },
  },
];

/** A corrected line, unless a secret may be in it. */
function repeated(line: string): string {
  return suspectRanges(line).length > 0 ? 'key = "text"' : showLine(line);
}

function showLine(line: string): string {
  return line.trim().replace(/\p{C}/gu, " ").slice(0, 120);
}
