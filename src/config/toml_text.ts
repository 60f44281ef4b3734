/** Values written as TOML, for the corrected lines and sentences of problems. */
import { withoutSecrets } from "./secret.ts";

/** Is `value` a TOML table? smol-toml's tables have no prototype, its dates have one. */
export function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype;
}

/** `name` as a TOML key: bare where it can be. */
export function writeKey(name: string): string {
  return /^[A-Za-z0-9_-]+$/.test(name) ? name : writeText(name);
}

/** `path` as a TOML table header: [instance.web]. */
export function writeHeader(path: readonly (string | number)[]): string {
  return `[${path.map((step) => writeKey(String(step))).join(".")}]`;
}

/** `value` as TOML on one line: "eth0", 51, ["a", "b"], { pass = "x" }. */
export function writeValue(value: unknown): string {
  if (typeof value === "string") return writeText(value);
  if (Array.isArray(value)) return `[${value.map(writeValue).join(", ")}]`;
  if (isTable(value)) {
    const pairs = Object.entries(value).map(([name, inner]) =>
      `${writeKey(name)} = ${writeValue(inner)}`
    );
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return String(value);
}

/** `value` for a sentence, never long: a text in quotes, a number, "a table", "a list". */
export function showValue(value: unknown): string {
  if (typeof value === "string") return writeText(shorten(withoutSecrets(value)));
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (isTable(value)) return "a table";
  if (typeof value === "object") return "a date";
  return shorten(String(value));
}

/** `name` for a sentence: in quotes, control characters written out, never long. */
export function showName(name: string): string {
  return writeText(shorten(name));
}

/** Most names that a sentence lists. */
const MOST_NAMES = 20;

/** "a, b, c", or the first of them "and 980 more". */
export function listNames(names: readonly string[]): string {
  const shown = names.slice(0, MOST_NAMES).join(", ");
  return names.length <= MOST_NAMES ? shown : `${shown} and ${names.length - MOST_NAMES} more`;
}

function shorten(text: string): string {
  const characters = [...text];
  return characters.length <= 60 ? text : `${characters.slice(0, 57).join("")}...`;
}

function writeText(text: string): string {
  // JSON's escapes are TOML's, but for DEL and C1, which a terminal must not see either.
  return JSON.stringify(text).replace(
    /[\u007f-\u009f\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
