/**
 * Secrets in a text by how they look: values of keys that speak of one, logins and tokens in URLs
 * and in commands.
 */

/** What stands in place of a secret, whatever its length. */
export const MASK = "********";

/** Half-open pieces of a line, in columns from 0. */
export type Ranges = readonly (readonly [number, number])[];

/**
 * A line with a part of it hidden, and where a column of the old line is in the new one; both
 * 0-based.
 */
interface Masked {
  readonly line: string;
  readonly at: (column: number) => number;
}

/** `line` with `ranges`, which may overlap, replaced by {@link MASK} each. */
export function maskRanges(line: string, ranges: Ranges): Masked {
  let shown = "";
  let rest = 0;
  const moves: { readonly from: number; readonly to: number; readonly start: number }[] = [];
  for (const [from, to] of joined(ranges)) {
    shown += line.slice(rest, from);
    moves.push({ from, to, start: shown.length });
    shown += MASK;
    rest = to;
  }
  return {
    line: shown + line.slice(rest),
    at: (column) => {
      const move = moves.findLast(({ from }) => from <= column);
      if (move === undefined) return column;
      // Inside the mask only its first place: anything else would tell of the secret's length.
      return column < move.to ? move.start : move.start + MASK.length + column - move.to;
    },
  };
}

/** In their order, those that touch or overlap as one, empty ones left out. */
function joined(ranges: Ranges): Ranges {
  const found: (readonly [number, number])[] = [];
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = found.at(-1);
    if (to <= from) continue;
    if (last === undefined || from > last[1]) found.push([from, to]);
    else found.splice(-1, 1, [last[0], Math.max(last[1], to)]);
  }
  return found;
}

const NAME =
  "pass|pwd|psk|\\bpw\\b|auth|secret|sekret|token|tokn|toekn|cred|key\\b|api_?key|bearer|hmac" +
  "|login|signature|cookie|\\bpin\\b|kennwort|geheim";

/** Does a key, an option or a line speak of a secret? Rather too often than once too seldom. */
export const SECRET_WORD = new RegExp(NAME, "i");

/** A word of a secret, what follows it, and the value: in quotes, or up to a blank. */
const NAMED_VALUE = new RegExp(
  `(?:${NAME})[\\w-]{0,40}["']?\\s{0,9}(?:[=:,]|\\s)\\s{0,9}(?:bearer\\s|basic\\s)?` +
    `("[^"]*"?|'[^']*'?|[^\\s"',()[\\]{}]+)`,
  "dgi",
);

/** `//user:password@` of a URL. */
const LOGIN = /\/\/([^/?#\s"']{0,500})@/dg;
/** Behind the `?` or `#` of a URL. */
const QUERY = /:\/\/[^\s"'?#]{0,500}[?#]([^\s"']+)/dg;
/** The path of a URL of a service that takes messages from all who know it. */
const TELLING_HOST = new RegExp(
  `://[^\\s"'/]{0,99}(?:hook|ntfy|gotify|telegram|discord|slack|pushover)` +
    `[^\\s"'/]{0,99}/([^\\s"']+)`,
  "dgi",
);
/** The path of a URL with a hook in it. */
const TELLING_PATH = /:\/\/[^\s"'/]{1,99}\/([^\s"'?#]{0,99}hook[^\s"']*)/dgi;

/** `user:password@host` without a scheme. */
const BARE_LOGIN = /(?:^|[\s"'])[\w.-]{1,64}:([^\s"'@/]{1,200})@/dg;

/** Wherever it stands, it is one. */
const CERTAIN: readonly RegExp[] = [
  ...[NAMED_VALUE, LOGIN, BARE_LOGIN, QUERY, TELLING_HOST, TELLING_PATH],
];

/**
 * Is one unless it can be none: of a variable, behind an option that takes a login, or a long word.
 */
const PROBABLE: readonly RegExp[] = [
  // A variable of the environment.
  /(?:^|[\s"'])[A-Z][A-Z0-9_]{0,63}=([^\s"',]+)/dg,
  /(?:^|[\s"'])-[pPawkuH](?:["'],?\s{0,9}["']?|\s{1,9})?([^\s"',\]-][^\s"',\]]*)/dg,
  /(?:^|[^\w.+-])((?=[\w+-]*\d)(?=[\w+-]*[A-Za-z])[\w+-]{20,})(?![\w.])/dg,
];

/**
 * Is this URL enough to use what is there: has it a login, a token behind `?`, or is it a service's
 * whose URLs are secrets?
 */
export function isSecretUrl(url: string): boolean {
  const looked = url.slice(0, LONGEST);
  const query = rangesOf(QUERY, looked).some((range) => SECRET_WORD.test(looked.slice(...range)));
  return query || [LOGIN, TELLING_HOST].some((pattern) => rangesOf(pattern, looked).length > 0);
}

/** A longer text is hidden from there on, so that no text takes long. */
const LONGEST = 4096;

/** What of a text of the user's is, or may be, a secret, by how it looks. */
export function secretRanges(text: string): Ranges {
  const looked = text.slice(0, LONGEST);
  const certain = CERTAIN.flatMap((pattern) => rangesOf(pattern, looked));
  const probable = PROBABLE.flatMap((pattern) => rangesOf(pattern, looked))
    .filter((range) => !isHarmless(looked.slice(...range)));
  const rest = text.length > LONGEST ? [[LONGEST, text.length] as const] : [];
  return [...certain, ...probable, ...rest];
}

/** The first group of each match. */
function rangesOf(pattern: RegExp, text: string): Ranges {
  return [...text.matchAll(pattern)].flatMap(({ indices }) => indices?.[1] ? [indices[1]] : []);
}

/** `text` with {@link secretRanges} hidden. */
export function withoutSecrets(text: string): string {
  return maskRanges(text, secretRanges(text)).line;
}

/**
 * Does a value, as it stands in the file or a command, say nothing that could be a secret? A
 * number, a time, an address.
 */
export function isHarmless(written: string): boolean {
  const bare = written.replace(/^["']|["']$/g, "");
  return bare === "" || /^(true|false|\d{1,5}|\d+(\.\d+)?(ms|s|m|h|d))$/.test(bare) ||
    /^[\d.]+(\/\d{1,3})?(:\d{1,5})?$/.test(bare) ||
    /^\[?[\da-f]{0,4}(:[\da-f]{0,4}){2,8}(%[\w.]+)?\]?(\/\d{1,3})?(:\d{1,5})?$/i.test(bare) ||
    /^\{\s*credential\s*=\s*"[^"]*"\s*\}$/.test(bare) || bare === MASK;
}
