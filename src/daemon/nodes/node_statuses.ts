/** Nodes in the status document: what each told, and how many could hold an instance. Pure. */
import { couldHold, isFresh, routerKey } from "../../cluster/knowledge.ts";
import type { MaintenanceReport, RouterReport } from "../../cluster/report.ts";
import { keyIdText } from "../../config/cluster_key.ts";
import { type Config, type Machine, machinesOf } from "../../config/config.ts";
import type { NodePlan } from "../../config/plan/plan.ts";
import type {
  InstanceStatus,
  MaintenanceStatus,
  NodeInstanceStatus,
  NodeStatus,
} from "../../control/api.ts";
import { formatIp } from "../../net/ip.ts";
import {
  ageMs,
  formatWallTime,
  type Instant,
  latest,
  toMilliseconds,
  type WallTime,
} from "../../time.ts";
import { VERSION } from "../../version.ts";
import { labelOf } from "../journal/log.ts";
import type { NodeWatch } from "./node_watch.ts";
import type { Reports, ToldNode } from "./reports.ts";
import { isAble } from "./successors.ts";
import { isRecent, type VirtualRouter } from "../virtual_router.ts";
import { few } from "../../printable.ts";

/** What they are made of. */
export interface NodesMoment {
  readonly node: NodePlan | undefined;
  readonly routers: readonly VirtualRouter[];
  readonly config: Config;
  readonly nodes: Pick<NodeWatch, "statusOf" | "unnamed">;
  readonly reports: Pick<Reports, "views" | "ownRouters">;
  readonly maintenance: MaintenanceStatus | null;
  readonly started: WallTime;
  readonly now: Instant;
  readonly wallNow: WallTime;
}

/** What the nodes told, and this node would tell, at one moment. */
export interface KnownNodes {
  /** Empty without [cluster]. */
  readonly told: ReadonlyMap<string, ToldNode>;
  /** Of this node, by {@link routerKey}; empty without [cluster]. */
  readonly own: ReadonlyMap<string, RouterReport>;
  /** Names of the nodes that could hold each, or do, by the same; empty without [cluster]. */
  readonly ready: ReadonlyMap<string, readonly string[]>;
}

/** What is known of all nodes at `moment`. */
export function knownNodes(moment: NodesMoment): KnownNodes {
  const { config, routers, reports, now } = moment;
  if (config.cluster === undefined) return { told: new Map(), own: new Map(), ready: new Map() };
  const own = new Map(
    reports.ownRouters(routers, now).map((one) => [routerKey(one.name, one.family), one] as const),
  );
  const told = reports.views(now);
  // A backup that speaks VRRP alone is silent: what can be asked has to do.
  const silent = config.nodes.filter(({ name, onlyVrrp }) =>
    onlyVrrp && moment.nodes.statusOf(name, now)?.state === "up"
  );
  const ready = [...own].map(([key, report]) => {
    const names = config.nodes.filter((entry) =>
      entry.name === moment.node?.node
        ? couldHold(report)
        : silent.includes(entry) || isAble(key, entry.name, told, now)
    ).map(({ name }) => name);
    return [key, names] as const;
  });
  return { told, own, ready: new Map(ready) };
}

/**
 * The machines of the file, and written peers that none of them stands for, by their addresses.
 * `instances`: what this node says of itself in the same document.
 */
export function nodeStatuses(
  moment: NodesMoment,
  known: KnownNodes,
  instances: readonly Pick<InstanceStatus, "name" | "votes">[],
): readonly NodeStatus[] {
  const { config, nodes, now, node } = moment;
  const isVoted = instances.some(({ votes }) => votes?.from !== undefined);
  const named = machinesOf(config).map((entry): NodeStatus => {
    const { name } = entry;
    const status = name === node?.node
      ? selfStatus(entry, moment, known)
      : otherStatus(entry, moment, known.told.get(name));
    const votesFor = instances.filter(({ votes }) => votes?.from?.includes(name))
      .map((one) => one.name);
    return {
      ...status,
      ...(entry.isWitness ? { witness: true } : {}),
      ...(isVoted ? { votes_for: [...new Set(votesFor)] } : {}),
    };
  });
  const unnamed = nodes.unnamed.flatMap((address): readonly NodeStatus[] => {
    const status = nodes.statusOf(address, now);
    if (status === undefined) return [];
    return [{ name: address, addresses: [address], self: false, ...NOTHING_TOLD, ...status }];
  });
  return [...named, ...unnamed];
}

const NOTHING_TOLD = {
  rtt_ms: null,
  version: null,
  started: null,
  config: null,
  differs_in: [],
  maintenance: null,
  instances: [],
} as const;

/** Of this node, which knows itself. */
function selfStatus(entry: Machine, moment: NodesMoment, { own }: KnownNodes): NodeStatus {
  const { maintenance, config } = moment;
  // A witness in maintenance votes as before.
  const state = maintenance === null || entry.isWitness ? "up" : "maintenance";
  return {
    name: entry.name,
    addresses: entry.addresses.map(formatIp),
    self: true,
    state,
    words: entry.isWitness ? `${state} (witness)` : state,
    heard_ms: null,
    ...NOTHING_TOLD,
    version: VERSION,
    started: formatWallTime(moment.started),
    config: config.cluster === undefined ? null : "same",
    maintenance,
    ...(config.cluster === undefined ? {} : keysOf(config.cluster.keys.map(({ id }) => id))),
    instances: [...own.values()].map((one) => instanceOf(entry.name, one, 0, moment)),
  };
}

function otherStatus(
  { name, addresses }: Machine,
  moment: NodesMoment,
  view: ToldNode | undefined,
): NodeStatus {
  const { nodes, now } = moment;
  const silent = nodes.statusOf(name, now) ?? UNKNOWN;
  const place = { name, addresses: addresses.map(formatIp), self: false };
  if (view === undefined) return { ...place, ...NOTHING_TOLD, ...silent };
  const { told, peer, file } = view;
  const at = latest(told?.at, peer.heard);
  const heard = at === undefined ? null : ageMs(at, now);
  const rtt = peer.roundTrip;
  const isBelieved = isThere(view);
  return {
    ...place,
    ...silent,
    heard_ms: heard === null ? silent.heard_ms : Math.min(heard, silent.heard_ms ?? heard),
    rtt_ms: rtt === undefined ? null : Math.round(toMilliseconds(rtt) * 100) / 100,
    version: told?.node.version ?? null,
    started: isBelieved && told !== undefined
      ? formatWallTime(moment.wallNow - told.node.up - ageMs(told.at, now) as WallTime)
      : null,
    config: isBelieved ? file.config : null,
    differs_in: isBelieved ? file.differsIn : [],
    maintenance: isBelieved ? maintenanceOf(told?.node.maintenance ?? null, moment) : null,
    ...(isBelieved && told !== undefined ? keysOf(told.node.keys) : {}),
    instances: isBelieved ? instancesOf(view, moment) : [],
  };
}

/** Do its reports come? */
function isThere({ standing }: ToldNode): boolean {
  return standing === "up" || standing === "maintenance";
}

function keysOf(ids: readonly number[]): Pick<NodeStatus, "keys"> {
  return { keys: ids.map(keyIdText) };
}

const UNKNOWN = { state: "unknown", words: "unknown", heard_ms: null } as const;

/** What is fresh. */
function instancesOf(
  { told, peer }: ToldNode,
  moment: NodesMoment,
): readonly NodeInstanceStatus[] {
  return [...told?.routers.values() ?? []]
    .filter(({ at }) => isFresh(at, moment.now))
    .map(({ report, at }) => instanceOf(peer.name, report, ageMs(at, moment.now), moment));
}

/** What the node called `node` says of one virtual router. */
function instanceOf(
  node: string,
  report: RouterReport,
  heardMs: number,
  { wallNow }: NodesMoment,
): NodeInstanceStatus {
  const since = (age: number): string => formatWallTime(wallNow - age - heardMs as WallTime);
  const left = report.more === 0 ? [] : [`${report.more} more, not named for want of room`];
  return {
    name: report.name,
    family: report.family,
    state: report.state,
    priority: report.priority,
    base_priority: report.basePriority,
    since: since(report.age),
    cause: report.cause,
    faults: [...report.faults, ...left],
    checks: report.checks.map(({ name, up, last, age }) => ({
      name,
      up,
      last,
      since: age === null ? null : since(age),
    })),
    master: report.master,
    source: report.source,
    holds_addresses: report.holds,
    link_up: report.link,
    gateway_up: report.gateway,
    adverts_lost: report.unheard,
    aside_for: report.follows === node ? null : report.follows,
    heard_ms: heardMs,
  };
}

function maintenanceOf(
  maintenance: MaintenanceReport | null,
  { wallNow }: NodesMoment,
): MaintenanceStatus | null {
  if (maintenance === null) return null;
  const { age, left, reason } = maintenance;
  return {
    since: formatWallTime(wallNow - age as WallTime),
    until: left === null ? null : formatWallTime(wallNow + left as WallTime),
    reason,
  };
}

/** The node whose adverts for `router` come from `address`, by what it told. */
export function nodeBySource(
  { plan }: Pick<VirtualRouter, "plan">,
  address: string,
  { told }: KnownNodes,
): string | undefined {
  const key = routerKey(plan.name, plan.family);
  const found = [...told].find(([, view]) =>
    view.told?.routers.get(key)?.report.source === address
  );
  return found?.[0];
}

/** Machines that advertise for `router`, which is exclusive, and ask for no votes. */
export function votelessSenders(
  router: VirtualRouter,
  { node, now }: Pick<NodesMoment, "node" | "now">,
  known: KnownNodes,
): readonly string[] {
  if (router.plan.exclusive === undefined) return [];
  return [...router.heard.values()].flatMap((heard) => {
    const address = formatIp(heard.source);
    const isNode = node?.names.has(address) || nodeBySource(router, address, known) !== undefined;
    if (isNode || !isRecent(heard, router, now)) return [];
    return [
      `exclusivity cannot be had: ${address} advertises for it, and is no node that votes: stop ` +
      "VRRP there, or give it another vrid",
    ];
  });
}

/** Names of the nodes that could hold `router` now, or do; undefined without [cluster]. */
export function readyNodes(
  { plan: { name, family } }: Pick<VirtualRouter, "plan">,
  { ready }: KnownNodes,
): readonly string[] | undefined {
  return ready.get(routerKey(name, family));
}

/** The lowest number of all families. */
export function readyByInstance(
  moment: NodesMoment,
  known: KnownNodes,
): Readonly<Record<string, number>> | null {
  if (moment.config.cluster === undefined) return null;
  const ready = new Map<string, number>();
  for (const router of moment.routers) {
    const count = readyNodes(router, known)?.length ?? 0;
    const { name } = router.plan;
    ready.set(name, Math.min(count, ready.get(name) ?? count));
  }
  return Object.fromEntries(ready);
}

/** What a person should look at: files that differ, and what too few nodes could hold. */
export function clusterAttention(moment: NodesMoment, known: KnownNodes): readonly string[] {
  const { config, routers } = moment;
  const drift = [...known.told].flatMap(([name, view]) =>
    view.file.config === "differs" && isThere(view) ? [driftWords(name, view.file.differsIn)] : []
  );
  const wanted = Math.min(2, config.nodes.length);
  const few = routers.flatMap((router) => {
    const names = readyNodes(router, known);
    if (names === undefined || names.length >= wanted) return [];
    const label = labelOf(router.plan);
    return names.length === 0
      ? [`no node could hold ${label} now`]
      : [`only ${names.join()} could hold ${label} now`];
  });
  return [...drift, ...few];
}

/** Keys that a sentence names. */
const MOST_NAMED = 4;

/** "pi-c's file differs: [check.nginx] interval, [nodes] pi-d". */
function driftWords(node: string, keys: readonly string[]): string {
  if (keys.length === 0) return `${node}'s file differs from this node's`;
  return `${node}'s file differs: ${few(keys, MOST_NAMED)}`;
}
