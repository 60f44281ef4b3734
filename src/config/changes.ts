/** The changes between two configuration files: table by table and key by key, in words. Pure. */
import { formatIp } from "../net/ip.ts";
import { keyIdText } from "./cluster_key.ts";
import type { Config } from "./config.ts";
import { type CheckSettings, COMMON_KEYS, type Probe, PROBE_KEYS } from "./tables/check.ts";
import { CLUSTER, type ClusterSettings } from "./tables/cluster.ts";
import { ETCD } from "./tables/etcd.ts";
import { fieldOf, type Key, type Keys } from "./tables/key.ts";
import type { NodeEntry } from "./tables/node.ts";
import { ROOT } from "./tables/root.ts";
import { writeHeader } from "./toml_text.ts";

/** What differs between two tables. */
interface Difference {
  /** What the words are about: the key, or the words themselves where they say it all. */
  readonly key: string;
  /** "interval 2s -> 1s", "check nginx added", "auth pass changed". */
  readonly words: string;
}

/** A difference between two files, and the table that it is in. */
export interface FileChange extends Difference {
  /** As it stands in the file: "[check.nginx]". */
  readonly header: string;
  /** The instance whose table it is, if it is one's. */
  readonly instance: string | undefined;
}

/** The settings of a table by their fields. */
type Fields = Readonly<Record<string, unknown>>;

type NamedFields = Fields & { readonly name: string };

/**
 * What differs between two files, in the order in which tables stand in a file; a table after the
 * other. Never a secret.
 */
export function* fileChanges(before: Config, after: Config): Generator<void, FileChange[]> {
  const all: FileChange[] = [];
  for (const [name, key] of Object.entries<Key>(ROOT)) {
    for (const some of changesBelow(name, key, before, after)) {
      all.push(...some);
      yield;
    }
  }
  return all;
}

/** Those of a table, or one after the other of the tables below a name. */
function changesBelow(
  name: string,
  key: Key,
  before: Config,
  after: Config,
): Iterable<readonly FileChange[]> {
  if (name === "nodes") return [headed([name], nodeChanges(before.nodes, after.nodes))];
  if (name === "cluster") return [headed([name], clusterChanges(before.cluster, after.cluster))];
  if (name === "check") return namedChanges(name, before.checks, after.checks, checkChanges);
  return rootChanges(name, key, before, after);
}

/** `change` as a sentence: "[check.nginx] interval 2s -> 1s". */
export function describeFileChange({ header, words }: FileChange): string {
  return `${header} ${words}`;
}

function rootChanges(
  name: string,
  key: Key,
  before: object,
  after: object,
): Iterable<readonly FileChange[]> {
  const field = fieldOf(name, key);
  const [old, now] = [before, after].map((config) => (config as Fields)[field]);
  const { type } = key;
  if (type.kind === "named") {
    const changes = (a: NamedFields, b: NamedFields) => tableChanges(type.keys, a, b);
    return namedChanges(name, old as NamedFields[], now as NamedFields[], changes);
  }
  if (type.kind !== "table") return [];
  const changes = old === undefined || now === undefined
    ? old === now ? [] : [saying(old === undefined ? "added" : "removed")]
    : tableChanges(type.keys, old as Fields, now as Fields);
  return [headed([name], changes)];
}

function headed(
  path: readonly string[],
  differences: readonly Difference[],
): readonly FileChange[] {
  const instance = path[0] === "instance" ? path[1] : undefined;
  return differences.map((one) => ({ ...one, header: writeHeader(path), instance }));
}

/** Tables of one kind, told apart by their names, one after the other: removed ones first. */
function* namedChanges<T extends { readonly name: string }>(
  kind: string,
  before: readonly T[],
  after: readonly T[],
  changes: (before: T, after: T) => readonly Difference[],
): Iterable<readonly FileChange[]> {
  const old = new Map(before.map((one) => [one.name, one]));
  const now = new Set(after.map(({ name }) => name));
  for (const { name } of before) {
    if (!now.has(name)) yield headed([kind, name], [saying("removed")]);
  }
  for (const one of after) {
    const was = old.get(one.name);
    yield headed([kind, one.name], was === undefined ? [saying("added")] : changes(was, one));
  }
}

/** Words that say it all. */
function saying(words: string): Difference {
  return { key: words, words };
}

/** What differs between two tables with these keys, in their order. */
function tableChanges(keys: Keys, before: Fields, after: Fields): readonly Difference[] {
  return Object.entries(keys).flatMap(([name, key]) => {
    const field = fieldOf(name, key);
    return keyChanges(name, key, before[field], after[field]);
  });
}

function keyChanges(
  name: string,
  key: Key,
  before: unknown,
  after: unknown,
): readonly Difference[] {
  if (isSame(before, after)) return [];
  const { type, entryWord } = key;
  const isNew = before === undefined;
  if (type.kind === "table" && !isNew && after !== undefined) {
    return tableChanges(type.keys, before as Fields, after as Fields)
      .map((one) => ({ key: `${name} ${one.key}`, words: `${name} ${one.words}` }));
  }
  if (type.kind === "table" || key.secret || key.discreet) {
    const how = isNew ? "added" : after === undefined ? "removed" : "changed";
    return [{ key: name, words: `${name} ${how}` }];
  }
  if (entryWord !== undefined) {
    return entryChanges(entryWord, entriesOf(key, before), entriesOf(key, after));
  }
  const [old, now] = [textOf(key, before), textOf(key, after)];
  // What differs may be what is not shown: arguments of a command, a password in a URL.
  return [{ key: name, words: old === now ? `${name} changed` : `${name} ${old} -> ${now}` }];
}

/**
 * The value for a sentence; where it is not written, what the key says of that, if that is short.
 */
function textOf({ type, absent }: Key, value: unknown): string {
  const isWritten = value !== undefined && !(Array.isArray(value) && value.length === 0);
  if (isWritten && type.kind === "value") return type.show(value);
  const [words = ""] = absent?.split(":") ?? [];
  return words.split(" ").length <= 3 ? words : "default";
}

function entriesOf({ type }: Key, value: unknown): readonly string[] {
  const list = (value ?? []) as readonly unknown[];
  if (type.kind === "entries") return list.map((entry) => type.show(entry as never));
  return type.kind !== "value" ? [] : list.map((entry) => type.entry?.show(entry) ?? "");
}

/** Entries that come and go; `word` is the word for one of them. */
function entryChanges(
  word: string,
  before: readonly string[],
  after: readonly string[],
): readonly Difference[] {
  const [old, now] = [new Set(before), new Set(after)];
  const moved = [
    ...after.filter((text) => !old.has(text)).map((text) => `${word} ${text} added`),
    ...before.filter((text) => !now.has(text)).map((text) => `${word} ${text} removed`),
  ];
  return (moved.length > 0 ? moved : [`order of ${word} entries changed`]).map(saying);
}

function checkChanges(before: CheckSettings, after: CheckSettings): readonly Difference[] {
  const { probe: old } = before;
  const { probe: now } = after;
  const probe = old.kind === now.kind
    ? tableChanges(PROBE_KEYS[now.kind], old, now)
    : [{ key: now.kind, words: `${placeOf(old)} -> ${placeOf(now)}` }];
  return [...probe, ...tableChanges(COMMON_KEYS, before, after)];
}

/** What a probe looks at: "http http://127.0.0.1/", "process nginx". */
function placeOf(probe: Probe): string {
  const { kind } = probe;
  const key = PROBE_KEYS[kind][kind];
  return key === undefined ? kind : `${kind} ${textOf(key, (probe as Fields)[fieldOf(kind, key)])}`;
}

function nodeChanges(
  before: readonly NodeEntry[],
  after: readonly NodeEntry[],
): readonly Difference[] {
  const text = (all: readonly NodeEntry[]) => new Map(all.map((one) => [one.name, nodeText(one)]));
  const [old, now] = [text(before), text(after)];
  const differences = [
    ...[...old].flatMap(([name, was]) => now.has(name) ? [] : [`${name} ${was} removed`]),
    ...[...now].flatMap(([name, is]) => {
      const was = old.get(name);
      if (was === undefined) return [`${name} ${is} added`];
      return was === is ? [] : [`${name} ${was} -> ${is}`];
    }),
  ];
  const order = isSame([...old.keys()], [...now.keys()]) ? [] : ["order changed"];
  return (differences.length > 0 ? differences : order).map(saying);
}

/** Keys by their ids. The secret itself is never told. */
function clusterChanges(
  before: ClusterSettings | undefined,
  after: ClusterSettings | undefined,
): readonly Difference[] {
  if (before === undefined || after === undefined) {
    return before === after ? [] : [saying(before === undefined ? "added" : "removed")];
  }
  const ids = ({ keys }: ClusterSettings) => keys.map(({ id }) => keyIdText(id));
  const [old, now] = [ids(before), ids(after)];
  const keys = [
    ...now.filter((id) => !old.includes(id)).map((id) => `key ${id} added`),
    ...old.filter((id) => !now.includes(id)).map((id) => `key ${id} removed`),
    ...old[0] === now[0] ? [] : [`key ${now[0]} signs instead of ${old[0]}`],
  ];
  const port = before.port === after.port ? [] : [
    `port ${before.port} -> ${after.port}: nodes with ${before.port} are not heard until they ` +
    "have it too",
  ];
  return [
    ...[...keys, ...port].map(saying),
    ...keyChanges("witnesses", CLUSTER.witnesses, before.witnesses, after.witnesses),
    ...tableChanges(ETCD, before, after),
  ];
}

/** "192.168.1.12 links 100.64.0.12", "192.168.1.2 only_vrrp". */
function nodeText({ addresses, links, onlyVrrp }: NodeEntry): string {
  return [
    ...addresses.map(formatIp),
    ...links.length === 0 ? [] : ["links", ...links.map(formatIp)],
    ...onlyVrrp ? ["only_vrrp"] : [],
  ].join(" ");
}

/** Do two values of a decoded file say the same? JSON knows neither maps nor undefined. */
function isSame(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  // Texts of both would cost more, and most values are plain ones.
  if (typeof a !== "object" || typeof b !== "object") return false;
  const [one, other] = [a, b].map((value) =>
    // In no list is a Map; without a function for each part it takes a third of the time.
    Array.isArray(value) ? JSON.stringify(value) : JSON.stringify(
      value,
      (_, inner) => inner instanceof Map ? [...inner] : inner,
    )
  );
  return one === other;
}
