/**
 * The setup of a random run: nodes, instances and settings, drawn from a seed and written as TOML.
 */
import { compareIp, type Ip, ip } from "../../src/net/ip.ts";
import {
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  parseDuration,
  seconds,
  writeDuration,
} from "../../src/time.ts";
import type { Transport } from "../../src/vrrp/rules.ts";
import type { CardPlan } from "./cluster.ts";
import type { Random } from "./random.ts";

/** One instance, the same on all nodes but for what stands in {@link NodeSetup}. */
export interface InstanceSetup {
  readonly name: string;
  readonly vrid: number;
  readonly family: "ipv4" | "ipv6";
  readonly version: 2 | 3;
  readonly transport: Transport;
  /** The card and the switch. */
  readonly card: string;
  readonly segment: string;
  /** As configured, "192.168.1.50/24". */
  readonly addresses: readonly string[];
  /** The password (version 2), where there is one. */
  readonly password?: string;
}

/** What one node says of all instances. */
export interface NodeSetup {
  readonly name: string;
  /** 11, 12, …: the last part of its addresses. */
  readonly number: number;
  readonly priority: number;
  readonly preempt: boolean;
  readonly preemptDelay: Nanoseconds;
  readonly initialState: "backup" | "master";
  readonly interval: Nanoseconds;
  /** The key `lease`: "auto", "off", or a duration. */
  readonly lease: string;
  /** The key `stop`. */
  readonly stop: "handover" | "release";
  readonly cards: readonly CardPlan[];
}

/** The key [cluster]. */
export interface ClusterSetup {
  /** Are nodes reached by {@link LINK} too? */
  readonly linked: boolean;
  /** Another secret than the usual one. */
  readonly secret?: string;
}

/** A whole run's cast. */
export interface Setup {
  readonly nodes: readonly NodeSetup[];
  readonly instances: readonly InstanceSetup[];
  /** Do the instances change state together? */
  readonly grouped: boolean;
  /** Does the file name all nodes and their priorities, rather than peers by hand? */
  readonly oneFile: boolean;
  /** Does a file with peers by hand leave it to the machine which address its adverts come from? */
  readonly sourceless?: boolean;
  /** With [cluster], where one file names all nodes. */
  readonly cluster?: ClusterSetup;
}

const OUTSIDE = { card: "eth0", segment: "outside", net4: "192.168.1", net6: "fd01:" } as const;
const INSIDE = { card: "eth1", segment: "inside", net4: "10.0.2", net6: "fd02:" } as const;

/** The second road between nodes of a cluster, on which there is nothing but what they tell. */
export const LINK = { card: "link0", segment: "link", net4: "10.9.0" } as const;

const SECRET = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8";

/** Mostly what people use, and what may be used at the utmost; in ms. */
const INTERVALS = [
  ...[10, 50, 100, 200, 500],
  ...[1000, 1000, 1000, 1000, 1000, 1000],
  ...[3000, 3000, 10_000, 40_000],
];

/** Draws a setup. */
export function drawSetup(random: Random): Setup {
  const count = random.pick([2, 2, 3, 3, 4, 5]);
  const grouped = random.chance(0.2);
  const version = random.chance(0.2) ? 2 : 3;
  const family = version === 3 && random.chance(0.3) ? "ipv6" : "ipv4";
  const transport = random.chance(0.5) ? "unicast" : "multicast";
  const places = grouped || random.chance(0.2) ? [OUTSIDE, INSIDE] : [OUTSIDE];
  const vrid = random.between(0, 254);
  // By the number: seeds stay what they are.
  const byUdp = transport === "unicast" && vrid % 3 === 0;
  const instances = places.map((place, i): InstanceSetup => ({
    name: i === 0 ? "web" : "db",
    vrid: (vrid + i) % 255 + 1,
    family,
    version,
    transport: byUdp ? "udp" : transport,
    card: place.card,
    segment: place.segment,
    addresses: drawAddresses(place, family, random),
  }));
  const interval = drawInterval(version, random);
  const sameInterval = version === 2 || random.chance(0.8);
  const preempt = random.pick(["all", "all", "none", "some"] as const);
  const delayed = random.chance(0.2);
  const nodes = Array.from({ length: count }, (_, i): NodeSetup => ({
    name: `n${i + 1}`,
    number: 11 + i,
    priority: random.pick([1, 50, 100, 100, 100, 150, 200, random.between(1, 254)]),
    preempt: preempt === "some" ? random.chance(0.5) : preempt === "all",
    preemptDelay: delayed ? nanoseconds(random.between(0, 5) * interval) : seconds(0),
    initialState: random.chance(0.1) ? "master" : "backup",
    interval: sameInterval ? interval : milliseconds(random.pick(near(interval))),
    lease: random.pick(["auto", "auto", "auto", "auto", "auto", "off", "1s", "2s", "5s"]),
    stop: random.chance(0.2) ? "release" : "handover",
    cards: places.map((place) => ({
      name: place.card,
      segment: place.segment,
      addresses: [`${place.net4}.${11 + i}/24`, `${place.net6}:${11 + i}/64`],
    })),
  }));
  // Known by one address of a family, a node is known on one wire only. By the number: seeds stay
  // what they are.
  const oneFile = places.length === 1 && vrid % 2 === 0;
  // One file says one interval, drawn or not.
  const equal = nodes.map((node) => ({ ...node, interval }));
  return { nodes: oneFile ? equal : nodes, instances, grouped, oneFile };
}

/** The configuration file of `node`. */
export function tomlOf(setup: Setup, node: NodeSetup): string {
  const parts = setup.instances.map((instance) => {
    const lines = [
      `[instance.${instance.name}]`,
      `interface = "${instance.card}"`,
      `vrid = ${instance.vrid}`,
      `addresses = ${JSON.stringify(instance.addresses)}`,
      `priority = ${setup.oneFile ? prioritiesText(setup) : node.priority}`,
      `version = ${instance.version}`,
      `advert_interval = "${writeDuration(node.interval)}"`,
      `transport = "${instance.transport}"`,
      `preempt = ${node.preempt}`,
      `preempt_delay = "${writeDuration(node.preemptDelay)}"`,
      `initial_state = "${node.initialState}"`,
      `lease = "${node.lease}"`,
      `stop = "${node.stop}"`,
    ];
    if (instance.password !== undefined) lines.push(`auth = { pass = "${instance.password}" }`);
    if (instance.transport !== "multicast" && !setup.oneFile) {
      const peers = setup.nodes.filter((other) => other !== node);
      if (setup.sourceless !== true) lines.push(`source = "${sourceText(instance, node)}"`);
      lines.push(`peers = ${JSON.stringify(peers.map((peer) => sourceText(instance, peer)))}`);
    }
    return `${lines.join("\n")}\n`;
  });
  if (setup.grouped) parts.push(`[group.both]\ninstances = ["web", "db"]\n`);
  if (setup.oneFile) parts.unshift(nodesText(setup));
  return [`[node]\nname = "${node.name}"\n`, ...parts].join("\n");
}

function prioritiesText({ nodes }: Setup): string {
  return `{ ${nodes.map(({ name, priority }) => `${name} = ${priority}`).join(", ")} }`;
}

function nodesText({ nodes, instances, cluster }: Setup): string {
  const lines = nodes.map((node) => {
    const addresses = JSON.stringify(instances.map((instance) => sourceText(instance, node)));
    const links = cluster?.linked === true ? `, links = ["${LINK.net4}.${node.number}"]` : "";
    return cluster === undefined
      ? `${node.name} = ${addresses}`
      : `${node.name} = { address = ${addresses}${links} }`;
  });
  const told = cluster === undefined ? "" : `\n[cluster]\nsecret = "${cluster.secret ?? SECRET}"\n`;
  return `[nodes]\n${lines.join("\n")}\n${told}`;
}

/** The interval of the slowest node. */
export function slowest(setup: Setup): Nanoseconds {
  return Math.max(...setup.nodes.map((node) => node.interval)) as Nanoseconds;
}

/** The interval of the fastest node. */
export function fastest(setup: Setup): Nanoseconds {
  return Math.min(...setup.nodes.map((node) => node.interval)) as Nanoseconds;
}

/** No master-down interval of anybody is longer than this. */
export function longestDown(setup: Setup): Nanoseconds {
  const interval = slowest(setup);
  const v2 = setup.instances.some((instance) => instance.version === 2);
  return nanoseconds(3 * interval + (v2 ? 1e9 : interval));
}

/**
 * Nobody who stops waits longer than this for a successor: twice everybody's skew, and a little.
 */
export function longestParting(setup: Setup): Nanoseconds {
  const v2 = setup.instances.some((instance) => instance.version === 2);
  return nanoseconds(2 * ((v2 ? 1e9 : slowest(setup)) + 0.2e9));
}

/**
 * How long a client waits that hears nothing, before it asks again who has the address (Linux: 8
 * s).
 */
export function patience(setup: Setup): Nanoseconds {
  return nanoseconds(Math.min(Math.max(10 * slowest(setup), 0.2e9), 2e9));
}

/**
 * How long the kernel keeps an address of `node` that is not renewed, worked out by hand;
 * undefined: for ever.
 */
export function leaseOf({ lease, interval }: NodeSetup): Nanoseconds | undefined {
  if (lease === "off") return undefined;
  if (lease === "auto") return seconds(Math.max(1, Math.floor(3 * interval / 1e9)));
  return parseDuration(lease);
}

/** Would `a` stay master if it and `b` both were? */
export function outranks(instance: InstanceSetup, a: NodeSetup, b: NodeSetup): boolean {
  if (a.priority !== b.priority) return a.priority > b.priority;
  return compareIp(sourceOf(instance, a), sourceOf(instance, b)) > 0;
}

/**
 * Where the adverts of `node` come from, but for link-local sources: those are in the same order.
 */
function sourceOf(instance: InstanceSetup, node: NodeSetup): Ip {
  return ip(sourceText(instance, node));
}

function sourceText(instance: InstanceSetup, node: NodeSetup): string {
  const place = instance.card === OUTSIDE.card ? OUTSIDE : INSIDE;
  return instance.family === "ipv4"
    ? `${place.net4}.${node.number}`
    : `${place.net6}:${node.number}`;
}

function drawAddresses(
  place: typeof OUTSIDE | typeof INSIDE,
  family: "ipv4" | "ipv6",
  random: Random,
): readonly string[] {
  const count = random.pick([1, 1, 1, 2, 3]);
  const short = random.chance(0.3);
  return Array.from(
    { length: count },
    (_, i) =>
      family === "ipv4"
        ? `${place.net4}.${50 + i}/${short ? 32 : 24}`
        : `${place.net6}:${50 + i}/${short ? 128 : 64}`,
  );
}

/**
 * What other nodes on the same LAN may have: no two of them are more than ten times apart, which is
 * what a backup without [nodes] believes at once.
 */
function near(interval: Nanoseconds): readonly number[] {
  const ms = interval / 1e6;
  return INTERVALS.filter((other) => other ** 2 <= 10 * ms ** 2 && ms ** 2 <= 10 * other ** 2);
}

function drawInterval(version: 2 | 3, random: Random): Nanoseconds {
  return version === 2 ? seconds(random.pick([1, 1, 2])) : milliseconds(random.pick(INTERVALS));
}
