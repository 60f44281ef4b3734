/** The parser: lines to words, words and braces to statements with blocks. */
import { type ExpandedLine, type FileLine, refuse, type Statement } from "./statement.ts";

/** Most levels of blocks; a keepalived.conf has five. */
const DEEPEST = 16;

/** Keywords at the root only: inside a block they mean that a brace is missing before. */
const ROOTS: ReadonlySet<string> = new Set([
  "global_defs",
  "vrrp_instance",
  "vrrp_script",
  "vrrp_sync_group",
  "vrrp_track_process",
  "vrrp_track_file",
  "virtual_server",
  "virtual_server_group",
  "static_ipaddress",
  "static_routes",
  "static_rules",
  "bfd_instance",
  "garp_group",
]);

/** A statement whose block is not complete. */
interface Growing extends Omit<Statement, "block"> {
  block: Growing[] | undefined;
}

interface Open {
  readonly statement: Growing;
  readonly block: Growing[];
  readonly place: FileLine;
}

/** The statements at the root. Throws MalformedError where the braces do not fit. */
export function parse(lines: readonly ExpandedLine[]): readonly Statement[] {
  const root: Growing[] = [];
  const open: Open[] = [];
  let order = 0;
  for (const { place, text, cut } of lines) {
    for (const piece of piecesOf(text, place)) {
      const block = open.at(-1)?.block ?? root;
      if (piece === "{") open.push(openBlock(block, open.length, { place, text }));
      else if (piece !== "}" || open.pop() === undefined) {
        // Of a } that closes nothing keepalived logs "Extra '}' found", and ignores it.
        block.push(toStatement(piece, { place, order: order++, cut }, open));
      }
    }
  }
  const unclosed = open.at(-1);
  if (unclosed !== undefined) missingBrace(unclosed, unclosed.place, "the end of the file");
  return root;
}

function toStatement(
  text: string,
  rest: Pick<Statement, "place" | "order" | "cut">,
  open: readonly Open[],
): Growing {
  const [first = text, ...more] = wordsOf(text);
  const inside = open.at(-1);
  if (inside !== undefined && ROOTS.has(first)) missingBrace(inside, rest.place, first);
  return { ...rest, text, words: [first, ...more], block: undefined };
}

function openBlock(
  block: Growing[],
  depth: number,
  { place, text }: Pick<ExpandedLine, "place" | "text">,
): Open {
  const statement = block.at(-1);
  if (statement?.text.endsWith("$") === true) notFilledIn(/\$\{[^}]{0,60}\}?/, text, place);
  if (statement === undefined || statement.block !== undefined) {
    if (text.includes("{{")) notFilledIn(/\{\{[^}]{0,60}\}{0,2}/, text, place);
    return refuse(
      place,
      "a { has no keyword before it",
      "A block needs a keyword.",
      "write the keyword before the brace, or remove the brace",
    );
  }
  if (depth >= DEEPEST) {
    refuse(
      place,
      `blocks are nested more than ${DEEPEST} deep`,
      "keepalived has no such blocks.",
      "look for a { without a }",
    );
  }
  statement.block = [];
  return { statement, block: statement.block, place };
}

/** A placeholder of a tutorial or template: `${NAME}`, `{{ name }}`. */
function notFilledIn(blank: RegExp, text: string, place: FileLine): never {
  return refuse(
    place,
    `${blank.exec(text)?.[0] ?? "$ {"} is not filled in`,
    "No line above defines it, and keepalived takes its brace for the start of a block.",
    "write the value in its place, or import the file made from the template",
  );
}

function missingBrace({ statement, place: opened }: Open, place: FileLine, found: string): never {
  const where = opened.file === place.file ? `in line ${opened.line}` : `in ${opened.file}`;
  const atEnd = found === "the end of the file";
  return refuse(
    place,
    `${statement.words[0]} is opened ${where} and not closed before ${found}`,
    "It is not clear what belongs to the block. keepalived reads the rest as part of it, or not.",
    atEnd ? `close it with a }` : `write the missing } before line ${place.line}`,
  );
}

/** A line without its comment. */
interface Bare {
  readonly text: string;
  /** The comment began inside a word. */
  readonly cut: boolean;
}

/** The lines of a file, without line ends and byte order mark. */
export function linesOf(text: string): readonly string[] {
  const lines = text.replace(/^\ufeff/, "").split("\n");
  // The end of the last line is the end of the file.
  if (lines.at(-1) === "") lines.pop();
  return lines.map((line) => line.replace(/\r$/, ""));
}

/**
 * `line` without its comment, trimmed. A `#` or `!` outside of double quotes begins a comment, also
 * inside a word. Rejects a quote that is not closed on its line.
 */
export function withoutComment(line: string, place: FileLine): Bare {
  const end = findOutside(line, (character) => character === "#" || character === "!", place);
  if (end === undefined) return { text: line.trim(), cut: false };
  const before = line.charAt(end - 1);
  return { text: line.slice(0, end).trim(), cut: before !== "" && !isBlank(before) };
}

/**
 * `text` split at braces outside of double quotes; braces are pieces too, empty pieces are left
 * out.
 */
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
 * The words of a statement, divided by spaces. Double quotes enclose a word and are removed. There
 * are no escapes, and an apostrophe is a letter.
 */
export function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"([^"]*)"?|[^\s"]+/g)].map(([word, quoted]) => quoted ?? word);
}

/**
 * The words of a statement with a command. Both kinds of quotes enclose text, also inside of words;
 * a backslash escapes (`\t`, `\x41`, `\101`). Undefined: a quote is not closed.
 */
export function scriptWordsOf(text: string): readonly string[] | undefined {
  return shellWords(text, true);
}

/**
 * Program and arguments of a command: divided by spaces, with quotes. Undefined: a quote is not
 * closed.
 */
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

/** The meaning of the text after a backslash, and its length. */
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

/** The index of the first `wanted` character outside of double quotes. */
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
    "a quote is not closed on its line",
    "It is not clear what it encloses; keepalived 2.2.7 crashes on such a line.",
    'close it with a second "',
  );
}

function isBlank(character: string): boolean {
  return character === " " || character === "\t" || /\s/.test(character);
}
