/** The changes between two configuration files: table by table and key by key, in words. Pure. */
import { formatIp, type Ip } from "../net/ip.ts";
import { formatPrefix } from "../net/prefix.ts";
import { type Nanoseconds, writeDuration } from "../time.ts";
import type { CheckSettings } from "../health/check.ts";
import {
  type Compare,
  compareKeys,
  type Comparisons,
  type Difference,
  isSame,
  listed,
  secret,
  shown,
  table,
  within,
} from "./compare.ts";
import type {
  Config,
  FloatingAddress,
  GroupConfig,
  InstanceConfig,
  ListenAddress,
  MetricsSettings,
  MqttSettings,
  NodeEntry,
  NotifySettings,
  NtfySettings,
  WebhookSettings,
} from "./config.ts";
import { probeChanges } from "./probe_changes.ts";
import { writeHeader, writeValue } from "./toml_text.ts";

/** One change of a file. */
export interface FileChange extends Difference {
  /** As it stands in the file: "[check.nginx]". */
  readonly header: string;
  /** The instance whose table it is, if it is one's. */
  readonly instance: string | undefined;
}

const duration = (value: Nanoseconds): string => writeDuration(value);
const list = (values: readonly string[]): string =>
  values.length === 0 ? "none" : values.join(", ");
/** A program; its arguments may be secrets. */
const program = (argv: readonly string[]): string => writeValue(argv[0] ?? "");

const WEBHOOK: Comparisons<WebhookSettings> = {
  url: secret("url"),
  secret: secret("secret"),
  retries: shown("retries", String),
};

const NTFY: Comparisons<NtfySettings> = {
  url: secret("url"),
  token: secret("token"),
  retries: shown("retries", String),
};

const MQTT: Comparisons<MqttSettings> = {
  url: secret("url"),
  user: shown("user", writeValue, "none"),
  password: secret("password"),
  ca: shown("ca", writeValue, "none"),
  topic: shown("topic", writeValue),
  discovery: shown("discovery", String),
};

const NOTIFY: Comparisons<NotifySettings> = {
  command: shown("command", program, "none"),
  onMaster: shown("on_master", program, "none"),
  onBackup: shown("on_backup", program, "none"),
  onFault: shown("on_fault", program, "none"),
  onStop: shown("on_stop", program, "none"),
  user: shown("user", writeValue),
  timeout: shown("timeout", duration),
  webhook: table("webhook", WEBHOOK),
  ntfy: table("ntfy", NTFY),
  mqtt: table("mqtt", MQTT),
};

/** Of [notify] itself, whose keys stand for themselves. */
const notify: Compare<NotifySettings | undefined> = (before, after) =>
  before === undefined || after === undefined
    ? before === after ? [] : [standing(before === undefined ? "added" : "removed")]
    : compareKeys(NOTIFY, before, after);

const INSTANCE: Comparisons<Omit<InstanceConfig, "name">> = {
  interface: shown("interface", String),
  vrid: shown("vrid", String),
  addresses: listed("address", showAddress),
  prefer: shown("prefer", list, "none"),
  priority: shown("priority", String),
  priorities: shown(
    "priority",
    (all) => all.size === 0 ? "the same for all" : [...all].map((one) => one.join(" ")).join(", "),
  ),
  version: shown("version", String),
  advertInterval: shown("advert_interval", duration),
  transport: shown("transport", String),
  port: shown("port", String),
  source: shown("source", formatIp),
  peers: listed<Ip>("peer", formatIp),
  preempt: shown("preempt", String),
  preemptDelay: shown("preempt_delay", duration),
  initialState: shown("initial_state", String),
  password: secret("password"),
  checksum: shown("checksum", String),
  addressMismatch: shown("address_mismatch", String),
  lease: shown("lease", (lease) => typeof lease === "string" ? lease : writeDuration(lease)),
  duplicateCheck: shown("duplicate_check", String),
  stop: shown("stop", String),
  checks: listed("check", String),
  notify: (before, after) => within("notify", notify(before, after)),
};

const CHECK: Comparisons<Omit<CheckSettings, "name">> = {
  probe: probeChanges,
  interval: shown("interval", duration),
  timeout: shown("timeout", duration),
  fall: shown("fall", String),
  rise: shown("rise", String),
  weight: shown("weight", String, "none"),
};

const GROUP: Comparisons<Omit<GroupConfig, "name">> = {
  instances: listed("instance", String),
};

const METRICS: Comparisons<MetricsSettings> = {
  listen: shown("listen", showListen, "nowhere"),
};

/** All tables of the file, each with what it holds. */
const TABLES: {
  readonly [K in keyof Config]-?: (before: Config, after: Config) => readonly FileChange[];
} = {
  nodeName: (before, after) =>
    headed(
      ["node"],
      shown("name", writeValue)(before.nodeName, after.nodeName),
    ),
  nodes: (before, after) => headed(["nodes"], nodeChanges(before.nodes, after.nodes)),
  instances: (before, after) => named("instance", INSTANCE, before.instances, after.instances),
  groups: (before, after) => named("group", GROUP, before.groups, after.groups),
  checks: (before, after) => named("check", CHECK, before.checks, after.checks),
  notify: (before, after) => headed(["notify"], notify(before.notify, after.notify)),
  metrics: (before, after) =>
    headed(["metrics"], compareKeys(METRICS, before.metrics, after.metrics)),
};

/** What differs between two files, in the order in which tables stand in a file. Never a secret. */
export function fileChanges(before: Config, after: Config): readonly FileChange[] {
  return Object.values(TABLES).flatMap((changes) => changes(before, after));
}

/** `change` as a sentence: "[check.nginx] interval 2s -> 1s". */
export function describeFileChange({ header, words }: FileChange): string {
  return `${header} ${words}`;
}

function headed(
  path: readonly string[],
  differences: readonly Difference[],
): readonly FileChange[] {
  const instance = path[0] === "instance" ? path[1] : undefined;
  return differences.map((one) => ({ ...one, header: writeHeader(path), instance }));
}

/** Tables of one kind, told apart by their names: removed ones first. */
function named<T extends { readonly name: string }>(
  kind: string,
  keys: Comparisons<Omit<T, "name">>,
  before: readonly T[],
  after: readonly T[],
): readonly FileChange[] {
  const old = new Map(before.map((one) => [one.name, one]));
  const now = new Set(after.map(({ name }) => name));
  return [
    ...before.filter(({ name }) => !now.has(name))
      .flatMap(({ name }) => headed([kind, name], [standing("removed")])),
    ...after.flatMap((one) => {
      const was = old.get(one.name);
      const differences = was === undefined ? [standing("added")] : compareKeys(keys, was, one);
      return headed([kind, one.name], differences);
    }),
  ];
}

function nodeChanges(
  before: readonly NodeEntry[],
  after: readonly NodeEntry[],
): readonly Difference[] {
  const addresses = ({ addresses }: NodeEntry): string => addresses.map(formatIp).join(" ");
  const text = (all: readonly NodeEntry[]) => new Map(all.map((one) => [one.name, addresses(one)]));
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
  return (differences.length > 0 ? differences : order).map(standing);
}

/** Words that stand for themselves. */
function standing(words: string): Difference {
  return { key: words, words };
}

/** As {@link ./diff.ts} shows them. */
function showAddress({ prefix, interface: wire, label, advertised }: FloatingAddress): string {
  return [
    formatPrefix(prefix),
    ...(wire === undefined ? [] : [`on ${wire}`]),
    ...(label === undefined ? [] : [`label ${label}`]),
    ...(advertised ? [] : ["not advertised"]),
  ].join(" ");
}

function showListen({ address, port }: ListenAddress): string {
  const host = formatIp(address);
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
