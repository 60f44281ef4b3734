/**
 * Fingerprints of a decoded file, by part and key, so that nodes find out where their files differ
 * without telling what is in them. Pure.
 *
 * Comments, order of tables and spelling do not count, nor does a default that is written out. What
 * belongs to one node is left out: [node], interfaces, sources, labels, listening addresses, a
 * priority that is one number. A secret counts as written or not: its value leaves no trace.
 */
import type { Config } from "./config.ts";
import { COMMON_KEYS, PROBE_KEYS } from "./tables/check.ts";
import { fieldOf, type Key, type Keys, settingsOf } from "./tables/key.ts";
import { ROOT } from "./tables/root.ts";
import { isTable, writeHeader, writeKey } from "./toml_text.ts";

/** Keys whose value may be another on each node. */
const OF_ONE_NODE: ReadonlySet<string> = new Set([
  "interface",
  "source",
  "label",
  "listen",
  "initial_state",
]);

/** One table of the file. */
export interface FilePart {
  /** As it stands there: "[check.nginx]". */
  readonly header: string;
  /** The object of the configuration that it is. */
  readonly of: object;
  /** Each key with its value in a canonical form, computed when it is asked for. */
  readonly values: () => ReadonlyMap<string, string>;
}

type Fields = Readonly<Record<string, unknown>>;
type NamedFields = Fields & { readonly name: string };

/** The parts of `config`, by their headers in the order of the alphabet. */
export function partsOf(config: Config): readonly FilePart[] {
  const parts = Object.entries<Key>(ROOT).flatMap(([name, key]): readonly FilePart[] => {
    if (name === "node") return [];
    if (name === "nodes") return [nodesPart(config)];
    if (name === "check") return config.checks.map(checkPart);
    const value = (config as unknown as Fields)[fieldOf(name, key)];
    const { type } = key;
    if (type.kind === "named") {
      return (value as readonly NamedFields[]).map((one) => ({
        header: writeHeader([name, one.name]),
        of: one,
        values: () => valuesOf(type.keys, one),
      }));
    }
    if (type.kind !== "table" || value === undefined) return [];
    const values = valuesOf(type.keys, value as Fields);
    // A table in which nothing counts is as good as none.
    if (values.size === 0) return [];
    return [{ header: writeHeader([name]), of: value as object, values: () => values }];
  });
  return parts.toSorted((a, b) => a.header < b.header ? -1 : 1);
}

function nodesPart({ nodes }: Config): FilePart {
  return {
    header: writeHeader(["nodes"]),
    of: nodes,
    values: () =>
      new Map([
        ...nodes.map(({ name, ...entry }) => [writeKey(name), canonical(entry)] as const),
        ["order", nodes.map(({ name }) => name).join()],
      ]),
  };
}

function checkPart(check: Config["checks"][number]): FilePart {
  const { probe } = check;
  const keys = PROBE_KEYS[probe.kind];
  return {
    header: writeHeader(["check", check.name]),
    of: check,
    values: () =>
      // The kind counts where its value is this node's own.
      new Map([
        [probe.kind, "written"],
        ...valuesOf(keys, probe as Fields),
        ...valuesOf(COMMON_KEYS, check as Fields),
      ]),
  };
}

/** The keys that are not at their defaults. */
function valuesOf(keys: Keys, fields: Fields): ReadonlyMap<string, string> {
  return new Map(
    Object.entries(keys).flatMap(([name, key]) => {
      const value = fields[fieldOf(name, key)];
      if (value === undefined || OF_ONE_NODE.has(name)) return [];
      if (name === "priority" && typeof value === "number") return [];
      // Where it is not written it is the interval.
      if (name === "timeout" && value === fields["interval"]) return [];
      const text = textOf(key, value);
      return text === undefined || text === defaultOf(name, key) ? [] : [[name, text] as const];
    }),
  );
}

const DEFAULTS = new WeakMap<Key, string>();

function defaultOf(name: string, key: Key): string | undefined {
  if (key.default === undefined) return undefined;
  const known = DEFAULTS.get(key);
  if (known !== undefined) return known;
  const value = (settingsOf({ [name]: key }, {}) as Fields)[fieldOf(name, key)];
  const text = textOf(key, value) ?? "";
  DEFAULTS.set(key, text);
  return text;
}

/** Undefined: there is nothing in it that counts. */
function textOf(key: Key, value: unknown): string | undefined {
  const { type } = key;
  if (key.secret) return "written";
  if (type.kind === "table") return textOfTable(type.keys, value as Fields);
  if (type.kind === "entries") {
    const entries = (value as readonly Fields[]).map((one) => textOfTable(type.keys, one) ?? "");
    return JSON.stringify(entries);
  }
  return canonical(value);
}

function textOfTable(keys: Keys, fields: Fields): string | undefined {
  const values = valuesOf(keys, fields);
  return values.size === 0 ? undefined : JSON.stringify([...values]);
}

/** Values of a decoded file as text: equal values have equal texts. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (inner instanceof Map) return [...inner].toSorted();
    if (inner instanceof Uint8Array) return [...inner];
    if (!isTable(inner)) return inner;
    return Object.fromEntries(Object.entries(inner).toSorted(([a], [b]) => a < b ? -1 : 1));
  });
}

/** Fingerprints of the keys of one part, by name. */
export function keyHashes(part: FilePart): ReadonlyMap<string, string> {
  return new Map([...part.values()].map(([name, value]) => [name, hashOf(value)]));
}

const HASHES = new WeakMap<object, string>();

/** The fingerprint of one part. A part that a reload leaves as it was costs nothing. */
export function partHash(part: FilePart): string {
  const known = HASHES.get(part.of);
  if (known !== undefined) return known;
  const hash = hashOf(JSON.stringify([...part.values()]));
  HASHES.set(part.of, hash);
  return hash;
}

/** Fingerprints made in another way, by another version, cannot be compared. */
const FORM = "1";

/** The fingerprint of a file without parts. */
export const NO_PARTS = `${FORM}-`;

/** The fingerprint of a file, `before` with one part more; parts come by their headers. */
export function withPart(before: string, header: string, hash: string): string {
  return `${FORM}-${hashOf(JSON.stringify([before, header, hash]))}`;
}

/** Were both fingerprints of files made in the same way? */
export function areComparable(one: string, other: string): boolean {
  return one.split("-")[0] === other.split("-")[0];
}

/**
 * 64 bits of `text` as 16 hexadecimal digits. Not a cryptographic hash: it goes sealed to machines
 * that have the cluster's secret, and finds mistakes, not attackers.
 */
function hashOf(text: string): string {
  let [a, b] = [0xdeadbeef, 0x41c6ce57];
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    a = Math.imul(a ^ code, 0x9e3779b1);
    b = Math.imul(b ^ code, 0x5f356495);
  }
  a = Math.imul(a ^ a >>> 16, 0x85ebca6b) ^ Math.imul(b ^ b >>> 13, 0xc2b2ae35);
  b = Math.imul(b ^ b >>> 16, 0x85ebca6b) ^ Math.imul(a ^ a >>> 13, 0xc2b2ae35);
  return [a, b].map((half) => (half >>> 0).toString(16).padStart(8, "0")).join("");
}
