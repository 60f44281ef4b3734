/**
 * Text from elsewhere, made fit for a terminal or a log: nothing in it moves a cursor, changes a
 * direction or begins a line.
 */

/**
 * Control characters of both kinds (C0 and DEL, C1), invisible ones such as bidi overrides, and
 * separators of lines.
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** `text` on one line, each unprintable character as a question mark. */
export function printableLine(text: string): string {
  return text.replace(UNPRINTABLE, "?");
}

/**
 * `text` with its line ends and tabs, each other unprintable character written out as JSON does it
 * (\u001b): a document of JSON says the same afterwards.
 */
export function printable(text: string): string {
  return text.replace(
    UNPRINTABLE,
    (found) => found === "\n" || found === "\t" ? found : escaped(found),
  );
}

function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i));
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("");
}

/** The first `most` of `texts`: "pi-a, pi-b", of more "pi-a, pi-b and 234 more". */
export function few(texts: readonly string[], most: number = 6): string {
  const more = texts.length - most;
  const named = texts.slice(0, most).join(", ");
  return more > 0 ? `${named} and ${more} more` : named;
}

/** `word` for a shell, in single quotes where it needs them: a command can be copied. */
export function shellWord(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

/** The name of a virtual router: "web", or "web (IPv6)". */
export function instanceLabel(instance: string, family: "ipv4" | "ipv6"): string {
  return family === "ipv6" ? `${instance} (IPv6)` : instance;
}
