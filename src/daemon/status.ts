/** The status document: what this node knows now, made from the routers at one moment. */
import type {
  CheckStatus,
  ConflictStatus,
  InstanceStatus,
  MasterStatus,
  PeerStatus,
  StatusDocument,
} from "../control/api.ts";
import type { InParts } from "../async.ts";
import { priorityBounds } from "../config/plan/node_priorities.ts";
import { formatIp, includesIp, type Ip } from "../net/ip.ts";
import { formatPrefix } from "../net/prefix.ts";
import {
  ageMs,
  between,
  formatDuration,
  formatWallTime,
  type Instant,
  seconds,
  toMilliseconds,
  type WallTime,
} from "../time.ts";
import { VERSION } from "../version.ts";
import { heardOf, isHolder, isOut, nameOf } from "../vrrp/state.ts";
import { LEAVING_PRIORITY } from "../vrrp/election.ts";
import { masterDownOf } from "../vrrp/intervals.ts";
import { advertsLost, isMasterUnheard } from "./nodes/adverts_lost.ts";
import type { Checks } from "./checks.ts";
import type { Moment } from "./moment.ts";
import { pendingChecks } from "./priority.ts";
import { isEvidence, isLiving } from "./holders/conflicts.ts";
import { describeAll, type Description } from "./holders/evidence_text.ts";
import { votesAttention, votesStatus } from "./exclusive/votes_status.ts";
import { fenceOf } from "./machine/fence.ts";
import { healthOf, masterHeard } from "./holders/health.ts";
import { causeText, labelOf } from "./journal/log.ts";
import { lastHolder } from "./holders/last_holder.ts";
import { unclear } from "./holders/unclear.ts";
import {
  clusterAttention,
  type KnownNodes,
  knownNodes,
  nodeBySource,
  nodeStatuses,
  readyByInstance,
  readyNodes,
  votelessSenders,
} from "./nodes/node_statuses.ts";
import { checksumForm } from "./effects.ts";
import { withoutArp } from "./holders/questions.ts";
import { type Conflict, type Heard, isRecent, type VirtualRouter } from "./virtual_router.ts";

/** The part of a status document that the daemon's loop knows. */
export type DaemonStatus = Omit<StatusDocument, "sinks" | "config_since" | "last_reload">;

/**
 * What the routers say at one moment. Nothing may change `moment` between two parts: `stillOf`
 * gives one that stays as it is.
 */
export function statusOf(moment: Moment): InParts<DaemonStatus> {
  const known = knownNodes(moment);
  return withRouters(aroundOf(moment, known), moment, known);
}

function* withRouters(
  { attention: { first, last }, ...around }: Around,
  moment: Moment,
  known: KnownNodes,
): InParts<DaemonStatus> {
  const instances: InstanceStatus[] = [];
  const words: string[] = [];
  for (const router of moment.routers) {
    instances.push(instanceStatus(router, moment, known));
    words.push(...attention(router, moment, known));
    yield;
  }
  return { ...around, instances, attention: [...first, ...words, ...last] };
}

type Around = Omit<DaemonStatus, "attention"> & {
  readonly attention: Readonly<Record<"first" | "last", readonly string[]>>;
};

/** All but the instances; what a person should look at comes before and behind theirs. */
function aroundOf(moment: Moment, known: KnownNodes): Around {
  return {
    schema: 1,
    node: moment.node?.node ?? "unknown",
    version: VERSION,
    started: formatWallTime(moment.started),
    config_file: moment.configFile,
    ...(moment.node?.isWitness === true ? { witness: true } : {}),
    instances: [],
    nodes: nodeStatuses(moment, known, votesOf(moment)),
    ready: readyByInstance(moment, known),
    rejects: Object.fromEntries(moment.unknown),
    channel_refused: Object.fromEntries(moment.channel.refused),
    maintenance: moment.maintenance,
    scheduling: moment.scheduling,
    attention: {
      first: [...(moment.deaf === undefined ? [] : [moment.deaf]), ...moment.channel.attention],
      last: [...moment.nodes.attention(moment.now), ...clusterAttention(moment, known)],
    },
  };
}

function votesOf({ routers, leases }: Moment): readonly Pick<InstanceStatus, "name" | "votes">[] {
  return routers.map((router) => ({
    name: router.plan.name,
    votes: votesStatus(leases.viewOf(router)),
  }));
}

function instanceStatus(
  router: VirtualRouter,
  moment: Moment,
  known: KnownNodes,
): InstanceStatus {
  const { plan, rules, state, counters } = router;
  const masterInterval = state.kind === "backup" ? state.masterInterval : rules.advertInterval;
  const { health, evidence, rivals } = healthOf(router, moment.now, moment.neighbours);
  const lastAdvert = heardOf(state)?.at;
  return {
    name: plan.name,
    state: nameOf(state),
    health,
    evidence,
    rivals,
    vrid: rules.vrid,
    interface: plan.interface ?? null,
    family: plan.family,
    version: rules.version,
    transport: rules.transport,
    port: plan.port ?? null,
    base_priority: plan.rules.priority,
    priority: rules.priority,
    addresses: plan.virtualAddresses.map((held) => formatPrefix(held.prefix)),
    master: masterStatus(router, moment, known),
    last_holder: lastHolder(router, moment.node?.node ?? "this node", known.told, moment.now),
    since: formatWallTime(router.since),
    cause: causeOf(router, moment),
    faults: isOut(state) ? state.faults.map((fault) => fault.message) : [],
    checks: plan.checks.map((name) => checkStatus(name, moment.checks)),
    group: plan.group ?? null,
    source: router.source === undefined ? null : formatIp(router.source),
    advert_interval_ms: toMilliseconds(rules.advertInterval),
    master_interval_ms: toMilliseconds(masterInterval),
    master_down_ms: toMilliseconds(masterDownOf(rules, masterInterval)),
    last_advert_age_ms: lastAdvert === undefined ? null : ageMs(lastAdvert, moment.now),
    checksum: rules.version === 3 && plan.family === "ipv4" ? checksumForm(router) : null,
    peers: peerStatuses(router, moment),
    counters: {
      master_transitions: counters.masterTransitions,
      rcvd_advertisements: counters.received,
      sent_advertisements: counters.sent,
      rcvd_pri_zero_packets: counters.receivedZero,
      sent_pri_zero_packets: counters.sentZero,
      near_misses: counters.nearMisses,
      conflicts: counters.conflicts,
    },
    rejects: Object.fromEntries(router.rejects),
    conflicts: conflictsOf(router, moment).map(({ words }) => words),
    conflict: conflictOf(router, moment),
    lease_remaining_ms: leaseMs(router, moment.now),
    fence: fenceOf(router, moment.fence),
    votes: votesStatus(moment.leases.viewOf(router)),
    aside: asideOf(router, moment),
    held_down_ms: heldDownMs(router, moment.now),
    adverts_lost: isMasterUnheard(state),
    ready: readyNodes(router, known)?.length ?? null,
  };
}

/** Why it is what it is; of one that has not started yet, what it waits for. */
function causeOf({ plan, state, cause }: VirtualRouter, { checks, maintenance }: Moment): string {
  const waits = state.kind === "init" && maintenance === null;
  const pending = waits ? pendingChecks(plan, checks) : [];
  if (pending.length === 0) return causeText(plan, cause);
  return `waits for the first result of ${pending.length === 1 ? "check" : "checks"} ${
    pending.join(", ")
  }`;
}

/** The newest conflict that goes on. */
function conflictOf(router: VirtualRouter, moment: Moment): ConflictStatus | null {
  const newest = presentConflicts(router, moment).at(-1);
  const [told] = newest === undefined
    ? []
    : describeAll([newest], router, moment.neighbours, moment.now);
  if (newest === undefined || told === undefined) return null;
  const { rival, words } = told;
  return { address: rival, since: formatWallTime(wallTimeOf(newest.since, moment)), words };
}

function conflictsOf(router: VirtualRouter, moment: Moment): readonly Description[] {
  return describeAll(presentConflicts(router, moment), router, moment.neighbours, moment.now);
}

function presentConflicts(router: VirtualRouter, { now }: Moment): readonly Conflict[] {
  return [...router.conflicts.values()].filter((conflict) =>
    isEvidence(conflict, router, now) || isLiving(conflict, now)
  );
}

function heldDownMs({ state }: VirtualRouter, now: Instant): number | null {
  const isHeld = state.kind === "backup" && state.damping.until > now;
  return isHeld ? Math.round(toMilliseconds(between(now, state.damping.until))) : null;
}

function asideOf(
  { noPreemptUntil }: VirtualRouter,
  moment: Moment,
): InstanceStatus["aside"] {
  if (noPreemptUntil === undefined) return null;
  if (noPreemptUntil === "asked") return { until: null };
  return { until: formatWallTime(wallTimeOf(noPreemptUntil, moment)) };
}

function wallTimeOf(instant: Instant, { now, wallNow }: Moment): WallTime {
  return (wallNow + Math.round(toMilliseconds(between(now, instant)))) as WallTime;
}

function checkStatus(name: string, checks: Checks): CheckStatus {
  const { up, last } = checks.judgement(name);
  const weight = checks.settings(name)?.weight ?? null;
  return {
    name,
    up: up ?? null,
    last: last?.text ?? "no result yet",
    latency_ms: last === undefined ? null : Math.round(toMilliseconds(last.latency) * 100) / 100,
    weight,
  };
}

function masterStatus(
  router: VirtualRouter,
  moment: Moment,
  known: KnownNodes,
): MasterStatus | null {
  const { state, source } = router;
  if (isHolder(state) && source !== undefined) {
    return {
      node: moment.node?.node ?? formatIp(source),
      address: formatIp(source),
      priority: router.rules.priority,
    };
  }
  const heard = masterHeard(router, moment.now);
  if (heard === undefined) return null;
  const address = formatIp(heard.source);
  const node = moment.node?.names.get(address) ?? nodeBySource(router, address, known) ?? address;
  return { node, address, priority: heard.priority };
}

function peerStatuses(router: VirtualRouter, moment: Moment): readonly PeerStatus[] {
  const configured = router.plan.rules.peers;
  const silent = configured.filter((peer) => !router.heard.has(formatIp(peer)));
  return [
    ...[...router.heard.values()].map((heard) =>
      peerStatus(heard.source, heard, includesIp(configured, heard.source), moment)
    ),
    ...silent.map((peer) => peerStatus(peer, undefined, true, moment)),
  ];
}

function peerStatus(
  source: Ip,
  heard: Heard | undefined,
  configured: boolean,
  moment: Moment,
): PeerStatus {
  const address = formatIp(source);
  return {
    node: nameOfNode(address, moment),
    address,
    configured,
    priority: heard?.priority ?? null,
    last_heard_ms: heard === undefined ? null : ageMs(heard.at, moment.now),
    checksum: heard?.checksum ?? null,
    other_addresses: heard?.otherAddresses ?? false,
  };
}

function attention(router: VirtualRouter, moment: Moment, known: KnownNodes): readonly string[] {
  const label = labelOf(router.plan);
  const mismatch = [...router.heard.values()]
    .filter((heard) => heard.otherAddresses && isRecent(heard, router, moment.now))
    .map((heard) => {
      const sender = nameOfNode(formatIp(heard.source), moment);
      return `${label}: ${sender} names other floating addresses: the files differ`;
    });
  const forms = new Set([...router.heard.values()].map((heard) => heard.checksum));
  forms.delete(undefined);
  const mixed = forms.size > 1 && router.plan.checksum === "auto"
    ? [`${label}: peers use both checksum forms: set checksum by hand`]
    : [];
  return [
    ...sendTrouble(router).map((trouble) => `${label}: ${trouble}`),
    ...withoutArp(router.plan, moment).map((words) => `${label}: ${words}`),
    ...(router.askTrouble === undefined ? [] : [
      `${label}: whether another machine has its addresses cannot be asked: ${router.askTrouble}`,
    ]),
    ...new Set([
      ...healthOf(router, moment.now, moment.neighbours).evidence,
      ...conflictsOf(router, moment).map(({ words }) => words),
    ].map((words) => `${label}: ${words}`)),
    ...unclear(router).map((words) => `${label}: ${words}`),
    ...votesAttention(router, moment.leases.viewOf(router)).map((words) => `${label}: ${words}`),
    ...advertsLost(router, moment.reports.wordsOn(router, moment.now), moment.node?.node)
      .map((words) => `${label}: ${words}`),
    ...votelessSenders(router, moment, known).map((words) => `${label}: ${words}`),
    ...mismatch,
    ...otherPriorities(label, router, moment),
    ...mixed,
    ...slowMaster(label, router, moment),
    ...heldDown(label, router, moment.now),
  ];
}

/** A node that advertises what this file does not give it: its own file prefers another node. */
function otherPriorities(label: string, router: VirtualRouter, moment: Moment): readonly string[] {
  const { config, node, now } = moment;
  const instance = config.instances.find(({ name }) => name === router.plan.name);
  if (instance === undefined) return [];
  return [...router.heard.values()].flatMap((heard) => {
    const { source, priority } = heard;
    const name = node?.names.get(formatIp(source));
    if (name === undefined || priority <= LEAVING_PRIORITY || !isRecent(heard, router, now)) {
      return [];
    }
    const bounds = priorityBounds(config, instance, name);
    if (bounds === undefined) return [];
    const { least, most } = bounds;
    if (priority >= least && priority <= most) return [];
    const given = least === most ? `${most}` : `${least} to ${most}`;
    return [
      `${label}: ${name} advertises priority ${priority}, ` +
      `this file gives it ${given}: the files differ`,
    ];
  });
}

/** A backup does not believe at once that its master advertises so seldom (RFC 9568 6.1). */
function slowMaster(label: string, { state }: VirtualRouter, moment: Moment): readonly string[] {
  if (state.kind !== "backup" || state.master.kind !== "obeyed") return [];
  const { source, interval } = state.master.heard;
  if (interval <= state.masterInterval) return [];
  const [said, believed] = [interval, state.masterInterval].map(formatDuration);
  return [
    `${label}: ${nameOfNode(formatIp(source), moment)} advertises every ${said}, this node waits ` +
    `as if it were every ${believed} until it has been master for so long: give both one ` +
    "advert_interval",
  ];
}

/** Only a master sends: the last word of one that has let go may have failed for good reason. */
function sendTrouble({ state, sendTrouble: trouble }: VirtualRouter): readonly string[] {
  return isHolder(state) && trouble !== undefined ? [trouble] : [];
}

function heldDown(label: string, router: VirtualRouter, now: Instant): readonly string[] {
  const rest = heldDownMs(router, now);
  if (rest === null) return [];
  const wait = formatDuration(seconds(Math.ceil(rest / 1000)));
  return [`${label}: better masters came and went: this node does not take over for ${wait}`];
}

function nameOfNode(address: string, moment: Moment): string {
  return moment.node?.names.get(address) ?? address;
}

function leaseMs({ leaseUntil }: VirtualRouter, now: Instant): number | null {
  return leaseUntil === undefined ? null : ageMs(now, leaseUntil);
}
