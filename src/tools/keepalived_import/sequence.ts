/** Which lines do `~SEQ(...)` and `~LST(...)` make of one? The rest of the line, once for each value. */
import { type FileLine, refuse } from "./statement.ts";

/** Most values of one sequence or list. */
export const MOST_VALUES = 10_000;

/** A line that begins with a sequence or list. */
export interface Repeated {
  /** For each round the names and the values that they get. */
  readonly rounds: readonly (readonly (readonly [name: string, value: string])[])[];
  /** The rest of the line, for every round. */
  readonly rest: string;
}

/**
 * Reads `~SEQ(var, start, step, end) rest`, `~SEQx` and `~LST(var, values...) rest`; undefined: the line begins otherwise.
 * `resolve` replaces the macros in the parentheses.
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

/** "{A, B}, {1, 2}" -> [["A", "B"], ["1", "2"]]; what stands without braces is a group of one. */
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
    "The lines that it stands for cannot be told.",
    "write ~SEQ(NAME, start, step, end) or ~LST(NAME, value, value, ...)",
  );
}

function tooMany(place: FileLine): never {
  return refuse(
    place,
    `the sequence has more than ${MOST_VALUES} values`,
    "No machine has so many addresses or instances.",
    "look at its numbers",
  );
}
