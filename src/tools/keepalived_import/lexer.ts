/** How does keepalived cut a line into pieces? Comments, braces, words and quotes, as keepalived.conf(5) and 2.2.7 have them. */
import { type FileLine, refuse } from "./statement.ts";

/** A line without its comment. */
export interface Bare {
  readonly text: string;
  /** The comment began inside a word. */
  readonly cut: boolean;
}

/** The lines of a file, without line ends and the mark that some editors put at its beginning. */
export function linesOf(text: string): readonly string[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  // The end of the last line is the end of the file.
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\r$/, ""));
}

/**
 * `line` without the comment that a `#` or `!` outside of double quotes begins, also in the middle of a word, and without
 * blanks at its ends. Refuses a quote that is not closed on its line.
 */
export function withoutComment(line: string, place: FileLine): Bare {
  const end = findOutside(line, (character) => character === "#" || character === "!", place);
  if (end === undefined) return { text: line.trim(), cut: false };
  const before = line.charAt(end - 1);
  return { text: line.slice(0, end).trim(), cut: before !== "" && !isBlank(before) };
}

/** `text` cut at every brace outside of double quotes; braces are pieces of their own, empty pieces are left out. */
export function piecesOf(text: string, place: FileLine): readonly string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest !== "") {
    const at = findOutside(rest, (character) => character === "{" || character === "}", place);
    const end = at ?? rest.length;
    pieces.push(rest.slice(0, end).trim());
    if (at !== undefined) pieces.push(rest.charAt(at));
    rest = rest.slice(end + 1);
  }
  return pieces.filter((piece) => piece !== "");
}

/**
 * The words of a statement: blanks divide them, double quotes hold one together and go; no escapes, and an apostrophe is a
 * letter like any other.
 */
export function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"?|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);
}

/**
 * The words of a statement that names a command: quotes of both kinds hold words together and may stand inside them,
 * a backslash takes the next character's meaning away or gives it one (`\t`, `\x41`, `\101`). Undefined: a quote
 * is not closed.
 */
export function scriptWordsOf(text: string): readonly string[] | undefined {
  return shellWords(text, true);
}

/** A command's program and arguments: divided at blanks, held together by quotes; undefined: a quote is not closed. */
export function argvOf(command: string): readonly string[] | undefined {
  return shellWords(command, false);
}

function shellWords(text: string, escapes: boolean): readonly string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = "";
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (escapes && character === "\\") {
      const [value, length] = unescape(text.slice(at + 1, at + 12));
      word = (word ?? "") + value;
      at += length;
    } else if (quote !== "" ? character === quote : character === '"' || character === "'") {
      quote = quote === "" ? character : "";
      word ??= "";
    } else if (quote === "" && isBlank(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else {
      word = (word ?? "") + character;
    }
  }
  if (quote !== "") return undefined;
  return word === undefined ? words : [...words, word];
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  E: "\x1b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

/** What the text behind a backslash stands for, and how many characters of it that takes. */
function unescape(text: string): readonly [string, number] {
  const octal = /^[0-7]{1,3}/.exec(text)?.[0];
  if (octal !== undefined) return [String.fromCharCode(parseInt(octal, 8)), octal.length];
  const hex = /^x([0-9A-Fa-f]+)/.exec(text);
  if (hex !== null) {
    return [String.fromCharCode(parseInt(hex[1] ?? "", 16) & 0xff), hex[0].length];
  }
  const control = /^c(.)/s.exec(text)?.[1];
  if (control !== undefined) return [String.fromCharCode(control.charCodeAt(0) & 0x1f), 2];
  const [first = ""] = text;
  return [ESCAPES[first] ?? first, first.length];
}

/** Where the first character that `wanted` says yes to stands outside of double quotes. */
function findOutside(
  text: string,
  wanted: (character: string) => boolean,
  place: FileLine,
): number | undefined {
  let open: number | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === "\\") at++;
    else if (character === '"') open = open === undefined ? at : undefined;
    else if (open === undefined && wanted(character)) return at;
  }
  if (open === undefined) return undefined;
  return refuse(
    place,
    "a quote is opened and not closed on its line",
    "What belongs to it cannot be told; keepalived 2.2.7 crashes on such a line.",
    `close it with a second "`,
  );
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || /\s/.test(character);
}
