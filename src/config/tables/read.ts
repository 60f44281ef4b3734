/**
 * Reads a TOML table against its keys: every key that is missing, unknown or wrong is a problem.
 */
import * as v from "valibot";
import { nearestWord } from "../did_you_mean.ts";
import { error, type Path, type Problem, type Report, type Reported } from "../problem.ts";
import { isHidden } from "../redact.ts";
import { fixLine, proposedLine } from "../suggest_fix.ts";
import { isTable, showName, showValue, writeHeader, writeKey } from "../toml_text.ts";
import { INSTANCE } from "./instance.ts";
import { accepts, NAME_PATTERN } from "./types.ts";
import { NODE_ENTRY } from "./node_entry.ts";
import {
  type Draft,
  type EntriesType,
  isRequired,
  type Key,
  type Keys,
  type NamedType,
  type TableDraft,
  type ValueType,
  wantedLine,
} from "./key.ts";

type Raw = Readonly<Record<string, unknown>>;

/**
 * Reads the table at `path` against `keys`, and the tables in it. A key that is missing, unknown or
 * wrong is reported. A wrong one is there and undefined, as is one that was probably meant by an
 * unknown one: what follows from its absence is then no problem of its own.
 */
export function readTable<K extends Keys>(
  keys: K,
  raw: Raw,
  path: Path,
  report: Report,
  more: { readonly name?: string; readonly short?: string } = {},
): TableDraft<K> {
  const draft: Record<string, unknown> = {};
  const pathOf = (key: string): Path => more.short === key ? path : [...path, key];
  for (const [name, value] of Object.entries(raw)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) continue;
    // A text that stands for a table is called what the table is.
    const title = more.short === name ? path.at(-1) : name;
    const called = typeof title === "string" ? title : name;
    draft[name] = readValue(called, key, value, pathOf(name), report);
  }
  for (const [name, value] of Object.entries(raw)) {
    if (Object.hasOwn(keys, name)) continue;
    report(() => {
      const meant = meantBy(keys, name);
      if (meant !== undefined && !Object.hasOwn(draft, meant)) draft[meant] = undefined;
      return unknownKey(keys, name, meant, value, path);
    });
  }
  for (const [name, key] of Object.entries(keys)) {
    const isMissing = isRequired(key) && !Object.hasOwn(draft, name) && path.length > 0;
    if (isMissing) report(missingKey(name, key, path));
  }
  return { name: more.name ?? "", path, raw, keys: draft as Draft<K>, pathOf };
}

function readValue(name: string, key: Key, value: unknown, path: Path, report: Report): unknown {
  const { type } = key;
  if (type.kind === "value") return readSingle(name, key, type, value, path, report);
  const short = type.kind === "table" && typeof value === "string" ? type.short : undefined;
  if (short === undefined && !accepts(type, value)) {
    report(() => wrongValue(name, key, value, value, path));
    return undefined;
  }
  if (type.kind === "named") return readNamed(type, value as Raw, path, report);
  if (type.kind === "entries") return readEntries(type, value as readonly unknown[], path, report);
  if (short === undefined) return readTable(type.keys, value as Raw, path, report);
  return readTable(type.keys, { [short]: value }, path, report, { short });
}

function readSingle(
  name: string,
  key: Key,
  type: ValueType<unknown>,
  value: unknown,
  path: Path,
  report: Report,
): unknown {
  const result = v.safeParse(type.schema, value);
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

/** A text stands for its own address: its problems point at the entry itself. */
function readEntries(
  { keys, short }: EntriesType,
  list: readonly unknown[],
  path: Path,
  report: Report,
): readonly TableDraft[] {
  return list.map((entry, index) => {
    const at = [...path, index];
    if (isTable(entry)) return readTable(keys, entry, at, report);
    const value = (problem: Problem): Problem => ({
      ...problem,
      fix: problem.fix.startsWith(`${short} = `)
        ? problem.fix.slice(short.length + 3)
        : problem.fix,
    });
    const to: Report = (problem: Reported) =>
      report(typeof problem === "function" ? () => value(problem()) : value(problem));
    return readTable(keys, { [short]: entry }, at, to, { short });
  });
}

/** Tables such as [instance.NAME]; entries that are no tables, or ill named, are reported. */
function readNamed(
  { keys, header }: NamedType,
  raw: Raw,
  path: Path,
  report: Report,
): readonly TableDraft[] {
  return Object.entries(raw).flatMap(([name, value]) => {
    const at = [...path, name];
    if (isTable(value)) {
      checkName(name, at, report);
      return [readTable(keys, value, at, report, { name })];
    }
    report(error(
      at,
      `${showName(name)} is in [${path.join(".")}] itself, without a name of its own`,
      `Each ${path.at(-1)} has a name: the table is ${header}.`,
      `${header}  # instead of [${path.join(".")}]`,
      "key",
    ));
    return [];
  });
}

/** Reports a name that logs and commands cannot carry. */
export function checkName(name: string, path: Path, report: Report): void {
  if (NAME_PATTERN.test(name)) return;
  const [table = ""] = path;
  const fixed = name.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "").slice(0, 63) ||
    "web";
  report(error(
    path,
    `${showName(name)} is no name: letters, digits and _ . - (63 at most)`,
    "Names are used in logs, commands and scripts, where blanks and signs would be misread.",
    // A node is a key of [nodes], all else that has a name a table.
    table === "nodes"
      ? `call it ${writeKey(fixed)}, here and wherever it is named`
      : writeHeader([table, fixed]),
    "key",
  ));
}

function wrongValue(name: string, key: Key, value: unknown, wrong: unknown, path: Path): Problem {
  const isSecret = key.secret === true || isHidden(path, wrong);
  const keyPath = typeof path.at(-1) === "number" ? path.slice(0, -1) : path;
  const line = typeof keyPath.at(-1) === "string" ? String(keyPath.at(-1)) : name;
  const fault = key.type.kind === "value" && value === wrong
    ? key.type.fault?.(value, line)
    : undefined;
  const shown = isSecret ? "" : showValue(wrong);
  const what = fault?.what === undefined
    ? `${name} must be ${key.type.form}${isSecret ? "" : `, not ${shown}`}`
    : `${isSecret ? key.title ?? name : `${name} ${shown}`} ${fault.what}`;
  const isProposed = fault?.what === undefined || (isSecret && key.remark !== undefined);
  const fix = path.length === 1
    ? header(name, undefined)
    : isProposed
    ? fixLine(name, key, value, keyPath)
    : wantedLine(name, key);
  return error(path, what, key.why, (isSecret ? undefined : fault?.fix) ?? fix);
}

function missingKey(name: string, key: Key, path: Path): Problem {
  return error(
    path,
    `${placeName(path)} has no ${name}`,
    `It has no default. ${key.what}`,
    proposedLine(name, key),
    "key",
  );
}

const UNKNOWN =
  "A key that is not known would be ignored, and its default would hold without a word.";

function unknownKey(
  keys: Keys,
  name: string,
  meant: string | undefined,
  value: unknown,
  path: Path,
): Problem {
  const key = meant === undefined ? undefined : keys[meant];
  const what = `unknown key ${showName(name)} in ${placeName(path)}`;
  const at = [...path, name];
  if (meant !== undefined && key !== undefined) {
    const fix = unknownFix(meant, key, name, value, path);
    return error(at, `${what}: did you mean ${writeKey(meant)}?`, UNKNOWN, fix, "key");
  }
  const fix = path.length === 0 && Object.hasOwn(INSTANCE, name)
    ? `[instance.web]  # above it: ${name} belongs to an instance`
    : path[0] === "cluster" && isNode(value)
    ? "[nodes]  # instead of [cluster]"
    : `remove it; the keys here are ${Object.keys(keys).join(", ")}`;
  return error(at, what, UNKNOWN, fix, "key");
}

/** At the root a key is a table; `nopreempt` says the contrary of `preempt`. */
function unknownFix(meant: string, key: Key, name: string, value: unknown, path: Path): string {
  if (path.length > 0) {
    return name === "nopreempt" ? "preempt = false" : fixLine(meant, key, value, [...path, name]);
  }
  return header(meant, isTable(value) ? Object.keys(value)[0] : undefined);
}

/** Could `value` be that of a node in [nodes]? */
function isNode(value: unknown): boolean {
  return accepts(NODE_ENTRY.address.type, isTable(value) ? value["address"] : value);
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

/** The key that was probably meant by `name`, which is none. */
function meantBy(keys: Keys, name: string): string | undefined {
  const plain = name.toLowerCase().replaceAll("-", "_");
  return Object.keys(keys).find((known) => keys[known]?.synonyms?.includes(plain)) ??
    nearestWord(name, Object.keys(keys));
}
