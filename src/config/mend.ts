/** How would the line look if it were right? Guesses from what was written; the example where no guess fits. */
import * as v from "valibot";
import type { Path } from "./problem.ts";
import { holdsHidden } from "./redact.ts";
import type { Key } from "./schema.ts";
import { writeKey, writeValue } from "./toml_text.ts";

/** `name = value` with the value, written at `path`, as it was probably meant; secrets are never repeated. */
export function mendLine(name: string, key: Key, written: unknown, path: Path): string {
  return `${writeKey(name)} = ${mendValue(key, written, path) ?? key.example}`;
}

/** The value as TOML, as it was probably meant; undefined where no guess fits, or it is a secret. */
export function mendValue(key: Key, written: unknown, path: Path): string | undefined {
  if (key.secret || holdsHidden(path, written)) return undefined;
  for (const guess of guesses(written)) {
    if (key.entry !== undefined && Array.isArray(guess)) {
      const mended = guess.map((inner) => mendEntry(key.entry, inner));
      if (mended.length > 0 && mended.every((inner) => inner !== undefined)) {
        return writeValue(mended);
      }
    } else if (v.is(key.shape, guess)) {
      return writeValue(guess);
    }
  }
  return undefined;
}

function mendEntry(shape: Key["entry"], written: unknown): unknown {
  return shape && guesses(written).find((guess) => v.is(shape, guess));
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
  const host = /^[a-z]+:\/\/([^/?#@\s]+)/i.exec(written)?.[1];
  return [
    written,
    word,
    ...(/^\d+$/.test(written) ? [Number(written)] : []),
    ...(/^\d+(\.\d+)?$/.test(written) ? [`${written}s`] : []),
    ...(YES.includes(word) ? [true] : []),
    ...(NO.includes(word) ? [false] : []),
    ...(host === undefined ? [] : [host]),
    ...(/^[\d.]+\/|:[^/]*\//.test(written)
      ? [`${bare}/${bare.includes(":") ? 64 : 24}`, bare]
      : []),
    ...(/^:\d+$/.test(written) ? [`0.0.0.0${written}`] : []),
    ...(/^[\d.]+$|^\[.+\]$|^[a-z][\w.-]+$/i.test(written) ? [`${written}:9112`] : []),
    ...(/[\s,]/.test(written) ? [written.split(/[\s,]+/)] : []),
  ];
}
