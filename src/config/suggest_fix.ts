/** The corrected line: guesses from what was written; the example where no guess fits. */
import type { Path } from "./problem.ts";
import { holdsHidden } from "./redact.ts";
import { exampleText, type Key, type Type, wantedLine } from "./tables/key.ts";
import { accepts } from "./tables/types.ts";
import { writeKey, writeValue } from "./toml_text.ts";

/**
 * `name = value` with the value, written at `path`, as it was probably meant, or else the default;
 * where neither is known, what is wanted in words. Secrets are never repeated, and no address, name
 * or place is made up.
 */
export function fixLine(name: string, key: Key, written: unknown, path: Path): string {
  const value = fixValue(key, written, path) ?? defaultOf(key);
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
    } else if (accepts(key.type, guess)) {
      return writeValue(guess);
    }
  }
  return undefined;
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
