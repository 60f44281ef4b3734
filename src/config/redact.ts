/** Secrets of a configuration by their keys, and sentences about it without them. */
import { CREDENTIAL_PATTERN } from "./credentials.ts";
import { nearestWord } from "./did_you_mean.ts";
import type { Path } from "./problem.ts";
import type { Key, Keys } from "./tables/key.ts";
import { ROOT, TABLES } from "./tables/root.ts";
import { isHarmless, MASK, type Ranges, SECRET_WORD, secretRanges } from "./secret.ts";
import { isTable } from "./toml_text.ts";

const TABLE_KEYS: readonly Keys[] = [ROOT, ...TABLES.map(({ keys }) => keys)];

/** Of no table, or only of some. */
const PLAIN_KEYS: readonly string[] = ["node", "address"];

/** Every key that some table has, and whether its value is never shown. */
const KNOWN: ReadonlyMap<string, boolean> = new Map([
  ...TABLE_KEYS.flatMap((keys) =>
    Object.values(keys).flatMap(({ secret, synonyms = [] }: Key) =>
      synonyms.map((word) => [word, secret === true || SECRET_WORD.test(word)] as const)
    )
  ),
  ...PLAIN_KEYS.map((name) => [name, false] as const),
  // What a table has under its own name counts more than another's synonym for something secret.
  ...TABLE_KEYS.flatMap((keys) =>
    Object.entries(keys).map(([name, { secret }]) => [name, secret === true] as const)
  ),
]);

const KNOWN_NAMES: readonly string[] = [...KNOWN.keys()];

const SECRET_NAMES: readonly string[] = [
  "password",
  "passphrase",
  "secret",
  "token",
  "credential",
];

/** Tables in which the next step is a name that people choose. */
const NAMED: readonly unknown[] = ["instance", "nodes", "group", "check"];

/** What stands beside the URL of a sink, and is no secret. */
const HARMLESS: ReadonlySet<unknown> = new Set(["retries", "topic", "user", "discovery", "ca"]);

type Visibility = "shown" | "unknown" | "secret";

/** What a key says of its value. */
function visibilityOf(step: string): Visibility {
  const before = LOOKED_UP.get(step);
  if (before !== undefined) return before;
  const meant = meantBy(step);
  const known = KNOWN.get(meant);
  const isSecret = known === true || (known === undefined && SECRET_WORD.test(meant));
  const visibility = isSecret ? "secret" : known === undefined ? "unknown" : "shown";
  if (LOOKED_UP.size >= MOST_LOOKED_UP) LOOKED_UP.clear();
  LOOKED_UP.set(step, visibility);
  return visibility;
}

/** To find what a misspelt key meant takes long, and one mistake is often made on every line. */
const LOOKED_UP = new Map<string, Visibility>();
const MOST_LOOKED_UP = 4096;

/** The key that was meant by a misspelt one; else what was written. */
function meantBy(step: string): string {
  const plain = step.toLowerCase().replaceAll("-", "_");
  return KNOWN.has(plain) ? plain : near(plain) ?? plain;
}

/** Short words are near to everything: of "pwd" two letters make "id". */
function near(word: string): string | undefined {
  if (nearestWord(word, SECRET_NAMES) !== undefined) return "secret";
  return word.length < 5 ? undefined : nearestWord(word, KNOWN_NAMES);
}

/** What the keys on the way to a value say of it; a node or instance may be called as it likes. */
function visibilityOfPath(path: Path): Visibility {
  const steps = path.filter((step, index) =>
    typeof step === "string" && !(index === 1 && NAMED.includes(path[0]))
  ).map(String);
  const all = steps.map(visibilityOf);
  if (all.includes("secret")) {
    const beside = HARMLESS.has(meantBy(steps.at(-1) ?? "")) && all.at(-1) === "shown";
    return beside ? "shown" : "secret";
  }
  return all.includes("unknown") ? "unknown" : "shown";
}

/**
 * Do the keys on the way to a single value say that it is a secret? The name of a credential is
 * none.
 */
export function isSecret(path: Path, value: unknown): boolean {
  return visibilityOfPath(path) === "secret" && !namesCredential(path, value);
}

/** `{ credential = "NAME" }` where a secret is wanted, and a name that could be a file's. */
function namesCredential(path: Path, value: unknown): boolean {
  return path.at(-1) === "credential" && visibilityOfPath(path.slice(0, -1)) === "secret" &&
    typeof value === "string" && CREDENTIAL_PATTERN.test(value);
}

/**
 * Is the single value at `path` hidden? That of a key that nobody knows is, unless it can be no
 * secret.
 */
export function isHidden(path: Path, value: unknown): boolean {
  const visibility = visibilityOfPath(path);
  if (visibility === "secret") return !namesCredential(path, value);
  return visibility === "unknown" && !isHarmless(String(value));
}

/** Is anything hidden in the value at `path`, however deep, or looks like a secret? */
export function holdsHidden(path: Path, value: unknown): boolean {
  if (Array.isArray(value)) {
    const whole = value.every((entry) => typeof entry === "string") ? value.join(" ") : "";
    return secretRanges(whole).length > 0 ||
      value.some((entry, index) => holdsHidden([...path, index], entry));
  }
  if (isTable(value)) {
    return Object.entries(value).some(([name, inner]) => holdsHidden([...path, name], inner));
  }
  return isHidden(path, value) || secretRanges(String(value)).length > 0;
}

/**
 * Shorter ones are hidden in quotes only: of a one-letter password every word would be full of
 * holes.
 */
const SHORTEST = 4;

/** A URL that says no more than where to: of such a webhook the secret part is missing. */
const HOST_ALONE = /^[a-z]+:\/\/[^/@?#\s]*\/?$/i;

/** Sentences about a file, and whether something of it stands in them. */
export interface Said {
  /** In whatever form: as it is, as JSON, or a word of it. */
  readonly holds: (text: string) => boolean;
}

/**
 * What `sentences` say, to be asked for thousands of texts: by their first letters most are in
 * none.
 */
export function saidIn(sentences: readonly string[]): Said {
  const said = sentences.join("\n");
  const beginnings = new Set<string>();
  for (let at = 0; at + SHORTEST <= said.length; at++) {
    beginnings.add(said.slice(at, at + SHORTEST));
  }
  const holds = (text: string): boolean =>
    (text.length < SHORTEST || beginnings.has(text.slice(0, SHORTEST))) && said.includes(text);
  return { holds: (text) => formsOf(text).some(holds) };
}

/** How a secret may stand in a sentence. */
function formsOf(secret: string): readonly string[] {
  const escaped = JSON.stringify(secret).slice(1, -1);
  return secret.length < SHORTEST
    ? [`"${escaped}"`]
    : [secret, escaped, ...secret.split(/[\s,]+/).filter((part) => part.length > SHORTEST)];
}

/**
 * Hides each of `secrets`, values as they were read, wherever it stands in a sentence about the
 * file.
 */
export function redactor(secrets: readonly string[]): (text: string) => string {
  const wanted = new Set(
    secrets.filter((one) => !isHarmless(one) && !HOST_ALONE.test(one)).flatMap(formsOf),
  );
  const longestFirst = [...wanted].toSorted((a, b) => b.length - a.length);
  return (text) => longestFirst.reduce((rest, secret) => rest.replaceAll(secret, MASK), text);
}

const PAIR = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=\s*/;

/** First words of a keepalived.conf whose lines say nothing secret. */
const KEEPALIVED = /^\s*(vrrp_\w+|global_defs|virtual_\w+|static_\w+|[}{])\s*[\w.-]*\s*[{}]?\s*$/;

/**
 * For a line of a text that is not TOML: what to hide of it. Shown is `key = value` with a key that
 * is known, as far as the value is one word, a number, an address or a time; of all else nobody
 * knows what it was meant to be.
 */
export function suspectRanges(line: string): Ranges {
  const comment = COMMENT.exec(line)?.[0].length;
  const code = comment === undefined ? line : line.slice(0, comment - 1);
  const behind = comment === undefined ? [] : [[comment, line.length] as const];
  return [...rangesOfCode(code), ...behind];
}

/** Up to the sign that begins a comment, which is in no text. */
const COMMENT = /^(?:[^"'#]|"(?:[^"\\]|\\.)*"|'[^']*')*#/;

function rangesOfCode(line: string): Ranges {
  const start = /^\s*/.exec(line)?.[0].length ?? 0;
  const header = /^\s*\[[^\]"'=]*\]+/.exec(line)?.[0];
  if (header !== undefined) return [[header.length, line.length], ...secretRanges(header)];
  if (KEEPALIVED.test(line)) return [];
  const pair = PAIR.exec(line);
  if (pair === null) return areHarmless(line) ? [] : [[start, line.length]];
  const behind = pair[0].length;
  const steps = (pair[1] ?? "").split(".").map((step) => step.trim().replace(/^["']|["']$/g, ""));
  if (steps.some((step) => visibilityOf(step) !== "shown")) return [[behind, line.length]];
  return [...restRanges(line, behind), ...secretRanges(line)];
}

/** Everything from the second word of the value on that is not known to be harmless. */
function restRanges(line: string, from: number): Ranges {
  const words = [...line.slice(from).matchAll(/[^\s,[\]{}"'\u201c-\u201f\u2018\u2019=]+/g)];
  const suspect = words.findIndex(({ 0: word }, index) => index > 0 && !isPlainWord(word));
  const found = words[suspect];
  return found === undefined ? [] : [[from + found.index, line.length]];
}

function areHarmless(line: string): boolean {
  return line.split(/[\s,[\]{}"']+/).every((word) => isHarmless(word));
}

function isPlainWord(word: string): boolean {
  return isHarmless(word) || (KNOWN.get(word) === false && !SECRET_WORD.test(word));
}
