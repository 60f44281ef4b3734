/** The tables at the root of the file. */
import { checkRules, error, type Report } from "../problem.ts";
import { twiceProblems } from "./address.ts";
import { CHECK } from "./check.ts";
import { CHECK_RULES, referenceProblems } from "./check_rules.ts";
import { CLUSTER, CLUSTER_RULES, linksWithoutCluster } from "./cluster.ts";
import { exclusiveProblems } from "./exclusive.ts";
import { GROUP, groupProblems } from "./group.ts";
import { INSTANCE, INSTANCE_RULES, vridProblems } from "./instance.ts";
import type { Draft, Key, Keys, Settings } from "./key.ts";
import { METRICS, METRICS_RULES } from "./metrics.ts";
import { NODE, type NodeDraft, NODES_RULES } from "./node.ts";
import { NODE_ENTRY } from "./node_entry.ts";
import { NOTIFY, NOTIFY_RULES } from "./notify.ts";
import { WEB, WEB_RULES } from "./web.ts";
import { anyTable, named, table } from "./types.ts";

/** Every table. */
export const ROOT = {
  node: {
    type: table(NODE),
    default: {},
    absent: "none",
    what: "What this one node says about itself.",
    why: "It is a table of its own.",
    example: { name: "pi-a" },
  },
  nodes: {
    type: anyTable("a table of node names with their addresses"),
    absent: "none",
    what: "Every node that takes part, with its address; the same on all of them.",
    why: "Each node finds itself and its peers in it.",
    example: { "pi-a": "192.168.1.11", "pi-b": "192.168.1.12" },
    synonyms: ["members", "hosts"],
  },
  cluster: {
    type: table(CLUSTER),
    absent: "none: nodes hear each other's adverts alone",
    what: "Nodes tell each other their state, so that any of them knows all.",
    why: "It is a table of its own.",
    example: { secret: { credential: "cluster" } },
  },
  instance: {
    type: named(INSTANCE, "[instance.web]"),
    as: "instances",
    what: "The floating addresses, and how nodes agree on the holder.",
    why: "Logs, status and commands use the name.",
    example: {},
    synonyms: ["vrrp_instance", "vrrp", "router"],
  },
  group: {
    type: named(GROUP, "[group.gateway]"),
    as: "groups",
    default: [],
    absent: "none",
    what: "Instances that change state together.",
    why: "Logs and status use the name.",
    example: {},
    synonyms: ["vrrp_sync_group", "sync_group"],
  },
  check: {
    type: named(CHECK, "[check.nginx]"),
    as: "checks",
    default: [],
    absent: "none",
    what: "Health checks: what must work on a node that holds an address.",
    why: "A node whose service fails would keep the address, without a message.",
    example: {},
    synonyms: ["vrrp_script", "vrrp_track_process"],
  },
  notify: {
    type: table(NOTIFY),
    absent: "none",
    what:
      "Commands and services for changes of every instance; as notify of an instance, of that " +
      "one's.",
    why: "The command or address named here would never be called.",
    example: {},
  },
  metrics: {
    type: table(METRICS),
    default: {},
    absent: "none: metrics are on the control socket only",
    what: "Where Prometheus may ask.",
    why: "It is a table of its own.",
    example: { listen: "127.0.0.1:9112" },
    synonyms: ["prometheus", "exporter", "monitoring", "telemetry"],
  },
  web: {
    type: table(WEB),
    default: {},
    absent: "none: there is no page",
    what: "The page that shows the cluster to a browser.",
    why: "It is a table of its own.",
    example: { listen: "127.0.0.1:9113" },
    synonyms: ["page", "http", "ui", "dashboard"],
  },
} as const satisfies Keys;

/** A table of the file, for pages that describe it. */
interface TableEntry {
  /** As it is written: "[instance.NAME]", "auth = { ... }". */
  readonly header: string;
  readonly what: string;
  readonly keys: Keys;
}

/** Every table with keys of its own, each once, a table in a table behind that. */
export const TABLES: readonly TableEntry[] = [
  {
    header: "[nodes] NAME = { ... }",
    what: "A node of which more is said than its address.",
    keys: NODE_ENTRY,
  },
  ...tablesIn(ROOT, (name, { type }) => type.kind === "named" ? `[${name}.NAME]` : `[${name}]`),
];

function tablesIn(
  keys: Keys,
  headerOf: (name: string, key: Key) => string,
  isRoot = true,
): readonly TableEntry[] {
  return Object.entries(keys).flatMap(([name, key]) => {
    const { type, what } = key;
    // [notify] has an entry of its own.
    if (type.kind === "value" || (!isRoot && name in ROOT)) return [];
    const more = type.kind === "entries" ? " An entry is a text, or a table." : "";
    const table = { header: headerOf(name, key), what: what + more, keys: type.keys };
    return [table, ...tablesIn(type.keys, inlineOf, false)];
  });
}

function inlineOf(name: string, { type }: Key): string {
  return type.kind === "entries" ? `${name} = [{ ... }]` : `${name} = { ... }`;
}

const { nodes: _nodes, check: _check, ...plain } = ROOT;

/** The tables whose settings are those of their keys. */
export const PLAIN_TABLES = plain;

/** What they say. */
export type PlainSettings = Settings<typeof PLAIN_TABLES>;

/** The whole file, as far as it could be read. */
export interface FileDraft {
  readonly keys: Draft<typeof ROOT>;
  readonly nodes: readonly NodeDraft[];
}

/** Reports everything that is unsound in a file whose shape was read, in no particular order. */
export function checkFile({ keys, nodes }: FileDraft, report: Report): void {
  const { instance: instances = [], group: groups = [], check: checks = [] } = keys;
  const isUnread = (name: keyof typeof keys) => name in keys && keys[name] === undefined;
  const hasNodes = isUnread("nodes") ? undefined : "nodes" in keys;
  const all = { hasNodes, nodes, instances, groups, checks };
  const { notify, metrics, cluster, web } = keys;
  checkRules(NODES_RULES, all, { self: keys.node?.keys.name }, report);
  for (const one of instances) checkRules(INSTANCE_RULES, one, all, report);
  for (const one of checks) checkRules(CHECK_RULES, one, all, report);
  if (cluster !== undefined) checkRules(CLUSTER_RULES, cluster, all, report);
  if (metrics !== undefined) checkRules(METRICS_RULES, metrics, instances, report);
  if (web !== undefined) checkRules(WEB_RULES, web, { instances, metrics }, report);
  for (const one of [notify, ...instances.map(({ keys }) => keys.notify)]) {
    if (one !== undefined) checkRules(NOTIFY_RULES, one, undefined, report);
  }
  const found = [
    ..."cluster" in keys ? [] : linksWithoutCluster(all),
    ...exclusiveProblems({ ...all, cluster, hasCluster: "cluster" in keys }),
    ...twiceProblems(instances),
    ...vridProblems(instances),
    // What a table that could not be read has, others may name.
    ...isUnread("instance") ? [] : groupProblems(groups, instances.map(({ name }) => name)),
    ...isUnread("instance") || isUnread("check") ? [] : referenceProblems(all),
  ];
  for (const one of found) report(one);
}

/** Where the file has no [instance.NAME], not even a misspelt one. */
export const NO_INSTANCE = error(
  [],
  "there is no [instance.NAME] in the file",
  "Without one there is no floating address, and nothing to do.",
  "[instance.web]",
  "key",
);
