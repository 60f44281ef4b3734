/** Does a table have the keys it may have, each of the right shape? Every key that does not is a problem. */
import * as v from "valibot";
import { mendLine, proposedLine } from "../suggest_fix.ts";
import { nearest } from "../did_you_mean.ts";
import type { Path, Problem } from "../problem.ts";
import type { Report } from "../problem_list.ts";
import { isHidden } from "../redact.ts";
import type { Draft, Key, Keys } from "./root.ts";
import { INSTANCE } from "./instance.ts";
import { isTable } from "./types.ts";
import { showName, showValue, writeHeader, writeKey } from "../toml_text.ts";

/**
 * Reads the table at `path` against `keys`. A key that is missing, unknown or wrong is reported and left out; of a list
 * the wrong entries become undefined, so that the others keep their places.
 */
export function readTable<T extends Keys>(
  keys: T,
  raw: Readonly<Record<string, unknown>>,
  path: Path,
  report: Report,
): Draft<T> {
  const draft: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(raw)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) report(() => unknownKey(keys, name, value, path));
    else draft[name] = readValue(name, key, value, [...path, name], report);
  }
  for (const [name, key] of Object.entries(keys)) {
    if (key.default === undefined && !Object.hasOwn(raw, name) && path.length > 0) {
      report(missingKey(name, key, path));
    }
  }
  return draft as Draft<T>;
}

/** Reads a table of tables such as [instance.NAME]; entries that are no tables, or ill named, are reported. */
export function readNamed(
  raw: Readonly<Record<string, unknown>>,
  path: Path,
  example: string,
  report: Report,
): readonly (readonly [string, Readonly<Record<string, unknown>>])[] {
  const found: (readonly [string, Readonly<Record<string, unknown>>])[] = [];
  for (const [name, value] of Object.entries(raw)) {
    if (isTable(value)) {
      found.push([name, value]);
      continue;
    }
    report({
      severity: "error",
      path: [...path, name],
      at: "key",
      what: `${showName(name)} stands in [${path.join(".")}] itself, without a name of its own`,
      why: `Each ${path.at(-1)} has a name: the table is ${example}.`,
      fix: `${example}  # instead of [${path.join(".")}]`,
    });
  }
  return found;
}

function readValue(name: string, key: Key, value: unknown, path: Path, report: Report): unknown {
  const result = v.safeParse(key.shape, value);
  if (result.success) return result.output;
  const wrong = new Set(result.issues.map((issue) => issue.path?.[0]?.key));
  const entries = Array.isArray(value) && Array.isArray(result.output) && !wrong.has(undefined);
  if (!entries) {
    report(() => wrongValue(name, key, value, value, path));
    return undefined;
  }
  for (const index of wrong) {
    if (typeof index !== "number") continue;
    report(() => wrongValue(name, key, value, value[index], [...path, index]));
  }
  return (result.output as readonly unknown[]).map((entry, index) =>
    wrong.has(index) ? undefined : entry
  );
}

function wrongValue(name: string, key: Key, value: unknown, wrong: unknown, path: Path): Problem {
  const found = key.secret || isHidden(path, wrong) ? "" : `, not ${showValue(wrong)}`;
  const keyPath = typeof path.at(-1) === "number" ? path.slice(0, -1) : path;
  return {
    severity: "error",
    path,
    at: "value",
    what: `${name} must be ${key.form}${found}`,
    why: key.why,
    fix: path.length === 1 ? header(name, undefined) : mendLine(name, key, value, keyPath),
  };
}

function missingKey(name: string, key: Key, path: Path): Problem {
  return {
    severity: "error",
    path,
    at: "key",
    what: `${placeName(path)} has no ${name}`,
    why: `It has no default. ${key.what}`,
    fix: proposedLine(name, key),
  };
}

function unknownKey(keys: Keys, name: string, value: unknown, path: Path): Problem {
  const meant = synonym(keys, name) ?? nearest(name, Object.keys(keys));
  const key = meant === undefined ? undefined : keys[meant];
  const where = placeName(path);
  const problem = {
    severity: "error",
    path: [...path, name],
    at: "key",
    why: "A key that is not known would be ignored, and its default would hold without a word.",
  } as const;
  if (meant === undefined || key === undefined) {
    return {
      ...problem,
      what: `unknown key ${showName(name)} in ${where}`,
      fix: path.length === 0 && Object.hasOwn(INSTANCE, name)
        ? `[instance.web]  # above it: ${name} belongs to an instance`
        : `remove it; the keys here are ${Object.keys(keys).join(", ")}`,
    };
  }
  return {
    ...problem,
    what: `unknown key ${showName(name)} in ${where}: did you mean ${writeKey(meant)}?`,
    fix: unknownFix(meant, key, name, value, path),
  };
}

/** At the root a key is a table; `nopreempt` says the contrary of `preempt`. */
function unknownFix(meant: string, key: Key, name: string, value: unknown, path: Path): string {
  if (path.length > 0) {
    return name === "nopreempt" ? "preempt = false" : mendLine(meant, key, value, [...path, name]);
  }
  return header(meant, isTable(value) ? Object.keys(value)[0] : undefined);
}

const CHECK_HEADER = '[check.nginx]  # with what to look at: http = "http://127.0.0.1/"';

/** The header of a root table; of tables with a name of their own one with that name. */
function header(name: string, inner: string | undefined): string {
  if (name === "check" && inner === undefined) return CHECK_HEADER;
  return name === "instance" || name === "group" || name === "check"
    ? writeHeader([name, inner ?? "web"])
    : writeHeader([name]);
}

/** What the table at `path` is called in a sentence. */
function placeName(path: Path): string {
  if (path.length === 0) return "the file";
  return typeof path.at(-1) === "number" ? `this entry of ${path.at(-2)}` : writeHeader(path);
}

function synonym(keys: Keys, name: string): string | undefined {
  const plain = name.toLowerCase().replaceAll("-", "_");
  return Object.keys(keys).find((known) => keys[known]?.synonyms?.includes(plain));
}
