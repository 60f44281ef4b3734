/** Macros (`$NAME`, `${NAME}`) and sequences (`~SEQ`, `~LST`), replaced where a line is used. */
import { type FileLine, refuse } from "./statement.ts";

/** The lines of each macro; most have one. */
export type Macros = ReadonlyMap<string, readonly string[]>;

/** The first line of a definition. */
export interface Definition {
  readonly name: string;
  /** The text after the `=`. */
  readonly value: string;
}

/** The definition in a line without comment; undefined: it is none. */
export function definitionIn(text: string): Definition | undefined {
  const match = /^\$([A-Za-z_]\w*)=(.*)$/s.exec(text);
  if (match === null) return undefined;
  const [, name = "", value = ""] = match;
  return { name, value: value.trim() };
}

/**
 * A line of a definition. A `\` at its end, also in a comment, continues it; `text` is without it.
 */
export function continued(raw: string): { readonly text: string; readonly goesOn: boolean } {
  const text = raw.trimEnd();
  return text.endsWith("\\") ? { text: text.slice(0, -1), goesOn: true } : { text, goesOn: false };
}

/** Longest line after macros. keepalived has about the same limit. */
export const LONGEST_LINE = 16_384;

/** A line with its macros replaced, or the lines of the one macro that it consists of. */
export type MacroResult =
  | { readonly kind: "line"; readonly text: string; readonly changed: boolean }
  | { readonly kind: "lines"; readonly name: string; readonly lines: readonly string[] };

const USE = /\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*)(?=\s|$))/g;

/**
 * Replaces the macros of `text` once; the result may have further ones. An undefined name stays:
 * scripts have `$` of their own. Rejects a line longer than {@link LONGEST_LINE}, and a macro of
 * several lines with other text on its line.
 */
export function substitute(text: string, macros: Macros, place: FileLine): MacroResult {
  if (!text.includes("$")) return { kind: "line", text, changed: false };
  const alone = /^\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))$/.exec(text);
  const only = alone?.[1] ?? alone?.[2] ?? "";
  const lines = macros.get(only);
  if (lines !== undefined && lines.length > 1) return { kind: "lines", name: only, lines };
  let changed = false;
  let grown = text.length;
  const replaced = text.replace(USE, (use, braced?: string, bare?: string) => {
    const name = braced ?? bare ?? "";
    const found = macros.get(name);
    if (found === undefined) return use;
    if (found.length > 1) refuseInline(name, place);
    changed = true;
    const [value = ""] = found;
    grown += value.length;
    if (grown > LONGEST_LINE) tooLong(place);
    return value;
  });
  return { kind: "line", text: replaced, changed };
}

/** A predefined macro whose value is known to keepalived only: what replaces it, and why. */
export interface GuessedValue {
  readonly place: FileLine;
  /** As written: "${_ENV NAME}". */
  readonly text: string;
  /** Its replacement. */
  readonly value: string;
  /** Why that is a guess; one sentence without a full stop. */
  readonly why: string;
}

const GUESSED = /\$\{_(?:ENV\s+(\w+)|RANDOM(?:\s+(\d{1,9}))?(?:\s+(\d{1,9}))?)\s*\}/g;

/** Replaces `${_ENV NAME}` and `${_RANDOM [MIN [MAX]]}` (keepalived.conf(5)). */
export function guess(
  text: string,
  place: FileLine,
): { readonly text: string; readonly guesses: readonly GuessedValue[] } {
  const guesses: GuessedValue[] = [];
  const replaced = text.replace(GUESSED, (use, name?: string, least = "0", most = "32767") => {
    const [value, why] = name === undefined
      ? [least, `keepalived draws a number from ${least} to ${most} here at each start`]
      : [
        "",
        `keepalived takes ${name} from the environment of its service, which is not known here`,
      ];
    guesses.push({ place, text: use, value, why });
    return value;
  });
  return { text: replaced, guesses };
}

/** Rejects a line that is too long. */
export function tooLong(place: FileLine): never {
  return refuse(
    place,
    `the line is longer than ${LONGEST_LINE} characters once its macros are replaced`,
    "A macro that contains itself grows without end.",
    "look for a $NAME in the value of $NAME",
  );
}

function refuseInline(name: string, place: FileLine): never {
  return refuse(
    place,
    `the macro $${name} has several lines, and other text is on its line`,
    "keepalived replaces such a macro only where it is alone on its line.",
    `put $${name} on a line of its own`,
  );
}

/** Most values of one sequence or list. */
const MOST_VALUES = 10_000;

/** A line that begins with a sequence or list. */
export interface Repeated {
  /** The names and values of each round. */
  readonly rounds: readonly (readonly (readonly [name: string, value: string])[])[];
  /** The rest of the line, for every round. */
  readonly rest: string;
}

/**
 * Reads `~SEQ(var, start, step, end) rest`, `~SEQx` and `~LST(var, values...) rest`; undefined:
 * another line. `resolve` replaces the macros in the parentheses.
 */
export function repeatedIn(
  text: string,
  resolve: (inside: string) => string,
  place: FileLine,
): Repeated | undefined {
  const match = /^~(SEQx?|LST)\(/.exec(text);
  if (match === null) return undefined;
  const end = text.indexOf(")");
  if (end < 0) badForm(text, place);
  const inside = resolve(text.slice(match[0].length, end));
  const rest = text.slice(end + 1).trim();
  const rounds = match[1] === "LST"
    ? listRounds(inside, text, place)
    : sequenceRounds(inside, match[1] === "SEQx", text, place);
  return { rounds, rest };
}

function sequenceRounds(
  inside: string,
  hexadecimal: boolean,
  text: string,
  place: FileLine,
): Repeated["rounds"] {
  const [name = "", ...numbers] = inside.split(",").map((part) => part.trim());
  const values = numbers.map(toInteger);
  if (!isName(name) || values.length < 1 || values.length > 3 || values.includes(undefined)) {
    badForm(text, place);
  }
  const end = values.at(-1) ?? 0;
  const start = values.length > 1 ? values[0] ?? 0 : end < 0 ? -1 : 1;
  const step = values.length > 2 ? values[1] ?? 0 : end < start ? -1 : 1;
  if (step === 0) badForm(text, place);
  const count = Math.max(0, Math.floor((end - start) / step) + 1);
  if (count > MOST_VALUES) tooMany(place);
  return Array.from({ length: count }, (_, round) => {
    const value = start + round * step;
    return [[name, hexadecimal ? value.toString(16) : String(value)]] as const;
  });
}

function listRounds(inside: string, text: string, place: FileLine): Repeated["rounds"] {
  const [names = [], ...rounds] = groupsOf(inside);
  if (names.length === 0 || rounds.length === 0 || !names.every(isName)) badForm(text, place);
  if (rounds.length > MOST_VALUES) tooMany(place);
  return rounds.map((values) => names.map((name, index) => [name, values[index] ?? ""] as const));
}

/** "{A, B}, {1, 2}" -> [["A", "B"], ["1", "2"]]; a value without braces is a group of one. */
function groupsOf(inside: string): readonly (readonly string[])[] {
  return [...inside.matchAll(/\{([^{}]*)\}|[^,{}]+/g)]
    .filter(([whole]) => whole.trim() !== "")
    .map(([whole, group]) =>
      group === undefined ? [whole.trim()] : group.split(",").map((part) => part.trim())
    );
}

function toInteger(text: string): number | undefined {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text);
  return /^0x[0-9A-Fa-f]{1,8}$/.test(text) ? Number(text) : undefined;
}

function isName(text: string): boolean {
  return /^[A-Za-z_]\w*$/.test(text);
}

function badForm(text: string, place: FileLine): never {
  return refuse(
    place,
    `${text.slice(0, 40)} is no ~SEQ or ~LST that can be carried out`,
    "Its lines are not known.",
    "write ~SEQ(NAME, start, step, end) or ~LST(NAME, value, value, ...)",
  );
}

function tooMany(place: FileLine): never {
  return refuse(
    place,
    `the sequence has more than ${MOST_VALUES} values`,
    "No machine has so many addresses or instances.",
    "check its numbers",
  );
}
