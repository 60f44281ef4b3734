/** The corrected line: guesses from what was written; the example where no guess fits. */
import type { Path } from "./problem.ts";
import { holdsHidden } from "./redact.ts";
import { exampleText, type Key, type Type, wantedLine } from "./tables/key.ts";
import { accepts } from "./tables/types.ts";
import { writeKey, writeValue } from "./toml_text.ts";
import { type Nanoseconds, writeDuration } from "../time.ts";

/**
 * `name = value` with the value, written at `path`, as it was probably meant, or else the default;
 * where neither is known, what is wanted in words. Secrets are never repeated, no address, name or
 * place is made up, and no amount takes the place of another one.
 */
export function fixLine(name: string, key: Key, written: unknown, path: Path): string {
  const meant = fixValue(key, written, path);
  if (meant === undefined && isAmount(key, written)) return wantedLine(name, key);
  const value = meant ?? defaultOf(key);
  return value === undefined ? proposedLine(name, key) : `${writeKey(name)} = ${value}`;
}

/** The example, where it can stand in the file as it is; else what is wanted. */
export function proposedLine(name: string, key: Key): string {
  if (key.remark === undefined) return wantedLine(name, key);
  return `${writeKey(name)} = ${exampleText(key)}${key.remark === "" ? "" : `  # ${key.remark}`}`;
}

/** The default as TOML; undefined where it is told in words, or there is none. */
function defaultOf(key: Key): string | undefined {
  const isTold = key.absent === undefined && key.default !== undefined && key.secret === undefined;
  return isTold ? writeValue(key.default) : undefined;
}

/**
 * The value as TOML, as it was probably meant; undefined where no guess fits, or it is a secret.
 */
function fixValue(key: Key, written: unknown, path: Path): string | undefined {
  if (key.secret || holdsHidden(path, written)) return undefined;
  for (const guess of guesses(written)) {
    const entry = key.type.kind === "value" ? key.type.entry : undefined;
    if (entry !== undefined && Array.isArray(guess)) {
      const fixed = guess.map((inner) => fixEntry(entry, inner));
      if (fixed.length > 0 && fixed.every((inner) => inner !== undefined)) {
        return writeValue(fixed);
      }
    } else if (accepts(key.type, guess) && key.offers?.(guess) !== false) {
      return writeValue(guess);
    }
  }
  return undefined;
}

/** An amount in the place of one: the default is hardly what was meant. */
function isAmount({ type: { form } }: Key, written: unknown): boolean {
  return /\b(number|duration)\b/.test(form) &&
    (typeof written === "number" || typeof written === "string" && /\p{Nd}/u.test(written));
}

function fixEntry(type: Type, written: unknown): unknown {
  return guesses(written).find((guess) => accepts(type, guess));
}

const YES = ["true", "yes", "on", "1"];
const NO = ["false", "no", "off", "0"];

/** What `written` could have meant, most literal first. */
function guesses(written: unknown): readonly unknown[] {
  if (typeof written === "string") return [written, ...fromText(written.trim()), [written]];
  if (typeof written === "number") {
    return [written, String(written), `127.0.0.1:${written}`, `${written}s`, written === 1, [
      written,
    ]];
  }
  if (Array.isArray(written) && written.length === 1) return [written, written[0]];
  return [written];
}

function fromText(written: string): readonly unknown[] {
  const word = written.toLowerCase();
  const bare = written.split("/")[0] ?? "";
  const bracketed = /^\[([\da-f:.]+)\](\/\d+)?$/i.exec(written);
  const masked = /^([\d.]+)\s*\/\s*([\d.]+)$/.exec(written);
  const scoped = /^(fe80[\da-f:.]*)%[^/]+(\/\d+)?$/i.exec(written);
  // That floats nowhere.
  const isNone = /^[0.:]+$/.test(bare);
  const host = /^[a-z]+:\/\/([^/?#@\s]+)/i.exec(written)?.[1];
  return [
    written,
    word,
    ...(/^\d+$/.test(written) ? [Number(written)] : []),
    ...(/^\d+(\.\d+)?$/.test(written) ? [`${written}s`] : []),
    ...durationIn(written),
    ...(YES.includes(word) ? [true] : []),
    ...(NO.includes(word) ? [false] : []),
    ...(host === undefined ? [] : [host]),
    ...(bracketed === null ? [] : [`${bracketed[1]}${bracketed[2] ?? ""}`]),
    ...(scoped === null ? [] : [`${scoped[1]}${scoped[2] ?? "/64"}`]),
    ...(/^0\d|\.0\d/.test(bare) ? [written.replace(/(?<![\d:])0+(?=\d)/g, "")] : []),
    ...(masked === null || isNone ? [] : [`${masked[1]}/${lengthOf(masked[2] ?? "")}`, masked[1]]),
    ...(/^localhost:\d+$/i.test(written) ? [`127.0.0.1${written.slice(9)}`] : []),
    ...(/^[\da-f.:]+(\/\d+)?\s/i.test(written) ? [written.split(/\s+/)[0]] : []),
    ...(masked === null && !isNone && /^[\d.]+\/|:[^/]*\//.test(written)
      ? [`${bare}/${bare.includes(":") ? 64 : 24}`, bare]
      : []),
    ...(/^:\d+$/.test(written) ? [`0.0.0.0${written}`] : []),
    ...(/^[\d.]+$|^\[.+\]$|^[a-z][\w.-]+$/i.test(written) ? [`${written}:9112`] : []),
    ...(/[\s,]/.test(written) ? [written.split(/[\s,]+/)] : []),
    // For a table of hooks.
    ...(/^\/[^\s|&;<>$`"'\\]+(\s+[^\s|&;<>$`"'\\]+)*$/.test(written)
      ? [{ command: written.split(/\s+/) }]
      : []),
  ];
}

/** Units of time as they are written elsewhere, in nanoseconds. */
const UNITS: readonly (readonly [names: RegExp, scale: number])[] = [
  // The micro sign and the Greek letter.
  [/^[u\xb5\u03bc]s(ecs?)?$/, 1e3],
  [/^(ms(ecs?)?|milli(s|seconds?)?)$/, 1e6],
  [/^s(ecs?|econds?)?$/, 1e9],
  [/^m(ins?|inutes?)?$/, 60e9],
  [/^h(rs?|ours?)?$/, 3600e9],
  [/^d(ays?)?$/, 24 * 3600e9],
];

/** A number, of which a comma before three digits may mean either. */
const AMOUNT = /\d+(?:[_ ]\d{3})*(?:\.\d+|,(?!\d{3}\b)\d+)?(?:e\+?\d)?/;
const ONE_TIME = new RegExp(`(${AMOUNT.source})\\s*(\\p{L}+)\\.?\\s*`, "giu");
const TIMES = new RegExp(`^\\+?(?:${ONE_TIME.source})+$`, "iu");

/** "1e3s", "1m30s", "30 seconds", "1,5s" as durations are written here; else nothing. */
function durationIn(written: string): readonly string[] {
  const plain = written.normalize("NFKC").toLowerCase();
  if (plain.length > 40 || !TIMES.test(plain)) return [];
  let sum = 0;
  for (const [, amount = "", unit = ""] of plain.matchAll(ONE_TIME)) {
    const scale = UNITS.find(([names]) => names.test(unit))?.[1];
    if (scale === undefined) return [];
    sum += Number(amount.replace(/[_ ]/g, "").replace(",", ".")) * scale;
  }
  const whole = Math.round(sum);
  return Number.isSafeInteger(whole) ? [writeDuration(whole as Nanoseconds)] : [];
}

/**
 * The length that a netmask such as 255.255.0.0 stands for; a number stays one, too large ones
 * become a usual one.
 */
function lengthOf(mask: string): string {
  const bytes = mask.split(".").map(Number);
  if (bytes.length !== 4) return Number(mask) <= 32 ? mask : "24";
  const bits = bytes.map((byte) => byte.toString(2).padStart(8, "0")).join("");
  return /^1+0*$/.test(bits) ? String(bits.lastIndexOf("1") + 1) : "?";
}
