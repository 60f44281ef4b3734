/** States, rules and events of the printed tables of the engine. */
import { milliseconds, seconds } from "../../../src/time.ts";
import { calm } from "../../../src/vrrp/damping.ts";
import type { Event, Fault } from "../../../src/vrrp/event.ts";
import {
  type BackupState,
  type HandoffState,
  type Heard,
  isOut,
  type KnownMaster,
  type MasterState,
  type Reported,
  type State,
} from "../../../src/vrrp/state.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { at, heard, HIGHER, holds, LOWER, reports, rules } from "./scene.ts";

/** Every row happens at this moment, except deadlines. */
const NOW_MS = 100_000;
/** The moment of every row, except deadlines. */
export const NOW = at(NOW_MS);

const CARRIER: Fault = { kind: "no-carrier", message: "eth0 has no carrier" };
const GROUP: Fault = { kind: "group", message: "inside, a member of the same group, is in fault" };

/** Kinds of rules, the default first. */
export const RULES: Readonly<Record<string, Rules>> = {
  "v3 preempt": rules(),
  "v3 nopreempt": rules({ preempt: false }),
  "v3 preempt_delay 10s": rules({ preemptDelay: seconds(10) }),
  "v3 owner": rules({ priority: 255 }),
  "v3 grouped": rules({ grouped: true }),
  "v3 grouped owner": rules({ grouped: true, priority: 255 }),
  "v3 with reports": rules({ secondOpinion: true }),
  "v2 preempt": rules({ version: 2 }),
  "v2 nopreempt": rules({ version: 2, preempt: false }),
};

function obeyed(heard: Heard): KnownMaster {
  return { kind: "obeyed", heard, probesLeft: 0 };
}

const UNKNOWN: KnownMaster = { kind: "unknown", probesLeft: 0 };
const DOWN_AT = at(NOW_MS + 3109.375);

/**
 * A backup that entered 5 s ago, heard priority 200 half a second ago and has 3109.375 ms to go.
 */
const BACKUP: BackupState = {
  kind: "backup",
  since: at(NOW_MS - 5000),
  masterDownAt: DOWN_AT,
  asksLeft: 0,
  masterInterval: seconds(1),
  listenUntil: at(NOW_MS - 1390.625),
  master: obeyed({ source: HIGHER, priority: 200, interval: seconds(1), at: at(NOW_MS - 500) }),
  preemptHoldUntil: undefined,
  preemptOnce: false,
  acquaintance: undefined,
  damping: calm(at(0)),
  priorityZeroPaid: at(0),
};

/** Its adverts stopped 9 s ago; its last report came half a second ago. */
const REPORTED: Reported = {
  kind: "reported",
  source: HIGHER,
  priority: 200,
  at: at(NOW_MS - 500),
  heard: { source: HIGHER, priority: 200, interval: seconds(1), at: at(NOW_MS - 9000) },
  gone: undefined,
};

const REPORTED_BACKUP: BackupState = {
  ...BACKUP,
  since: at(NOW_MS - 30_000),
  listenUntil: at(NOW_MS - 26_000),
  master: REPORTED,
  asksLeft: 1,
  masterDownAt: at(NOW_MS + 500 + 609.375),
};

/** A master for 3.5 s; the next advert is due in half a second. */
const MASTER: MasterState = {
  kind: "master",
  since: at(NOW_MS - 3500),
  advertAt: at(NOW_MS + 500),
  announceAt: at(NOW_MS + 1500),
  announceNext: "follow-up",
  burstAt: at(NOW_MS - 3500),
  framesPaid: at(0),
  answered: undefined,
  answersPaid: at(0),
  acquaintance: undefined,
  damping: calm(at(0)),
  renewAt: undefined,
  defendedAt: undefined,
  contested: undefined,
};

const STOPPING: HandoffState = {
  kind: "handoff",
  master: MASTER,
  why: { kind: "stop" },
  phase: "resign",
  rest: [],
  until: at(NOW_MS + 400),
  successor: undefined,
};

const LOSER = { source: HIGHER, priority: 50, interval: seconds(1), at: at(NOW_MS - 500) };

/** States, by a name for the table. */
export const STATES: Readonly<Record<string, State>> = {
  "init": { kind: "init", faults: [] },
  "init, with a fault": { kind: "init", faults: [CARRIER] },
  "fault": { kind: "fault", faults: [CARRIER] },
  "fault, of the group": { kind: "fault", faults: [GROUP] },
  "fault, own and of the group": { kind: "fault", faults: [CARRIER, GROUP] },
  "backup, listening": {
    ...BACKUP,
    since: at(NOW_MS - 500),
    listenUntil: DOWN_AT,
    master: UNKNOWN,
  },
  "backup, listening eagerly": {
    ...BACKUP,
    since: at(NOW_MS - 500),
    listenUntil: DOWN_AT,
    master: UNKNOWN,
    preemptOnce: true,
  },
  "backup, of a better master": BACKUP,
  "backup, of a fast master": {
    ...BACKUP,
    masterInterval: milliseconds(100),
    masterDownAt: at(NOW_MS + 300),
  },
  "backup, about to preempt": { ...BACKUP, master: { kind: "outranked", heard: LOSER } },
  "backup, preemption held": {
    ...BACKUP,
    master: obeyed(LOSER),
    preemptHoldUntil: at(NOW_MS + 4000),
  },
  "backup, hold over": { ...BACKUP, master: obeyed(LOSER), preemptHoldUntil: at(NOW_MS - 1) },
  "backup, master has left": {
    ...BACKUP,
    master: { kind: "resigned", source: HIGHER, at: at(NOW_MS - 300) },
    masterDownAt: at(NOW_MS + 300),
  },
  "backup, of one farewell too many": { ...BACKUP, priorityZeroPaid: at(NOW_MS + 60_000) },
  "backup, held down": {
    ...BACKUP,
    master: { kind: "resigned", source: HIGHER, at: at(NOW_MS - 300) },
    masterDownAt: at(NOW_MS + 4000),
    listenUntil: at(NOW_MS + 4000),
    damping: { paid: at(NOW_MS + 14_000), held: 1, until: at(NOW_MS + 4000) },
  },
  "backup, awaiting the group": {
    ...BACKUP,
    masterDownAt: undefined,
    master: obeyed({ ...LOSER, priority: 200, at: at(NOW_MS - 5609.375) }),
  },
  "backup, about to ask": {
    ...BACKUP,
    asksLeft: 1,
    masterDownAt: at(NOW_MS + 100),
  },
  "backup, master reported": REPORTED_BACKUP,
  "backup, of a reported master that is gone": {
    ...REPORTED_BACKUP,
    asksLeft: 0,
    master: { ...REPORTED, gone: "no-gateway" },
    masterDownAt: at(NOW_MS + 300),
  },
  "master": MASTER,
  "master, new": {
    ...MASTER,
    since: at(NOW_MS - 500),
    burstAt: at(NOW_MS - 500),
    announceAt: at(NOW_MS + 4500),
  },
  "master, answered just now": {
    ...MASTER,
    answered: { source: HIGHER, at: at(NOW_MS - 1) },
    burstAt: at(NOW_MS - 1),
    announceAt: at(NOW_MS + 4999),
  },
  "master, owes a burst": {
    ...MASTER,
    burstAt: at(NOW_MS - 400),
    announceAt: at(NOW_MS + 600),
    announceNext: "owed",
  },
  "master, that answered enough": {
    ...MASTER,
    answered: { source: HIGHER, at: at(NOW_MS - 10) },
    answersPaid: at(NOW_MS + 80),
    framesPaid: at(NOW_MS + 50_000),
  },
  "master, that yielded thrice": {
    ...MASTER,
    damping: { paid: at(NOW_MS + 9000), held: 1, until: at(0) },
  },
  "master, asked to stand aside": {
    ...STOPPING,
    why: { kind: "handover" },
    phase: "solicit",
    rest: ["resign"],
  },
  "master, stopping": STOPPING,
  "master, succeeded": {
    ...STOPPING,
    successor: { source: HIGHER, next: { kind: "init", faults: [] }, until: at(NOW_MS + 100) },
  },
  "master, overdue": { ...MASTER, advertAt: at(NOW_MS - 5000), burstAt: at(NOW_MS - 9000) },
  "master, contested": {
    ...MASTER,
    contested: { source: HIGHER, since: at(NOW_MS - 1500), at: at(NOW_MS - 500) },
  },
  "master, settled": { ...MASTER, announceNext: "refresh", announceAt: at(NOW_MS + 30_000) },
};

/** What the nodes report, with the priority of the other node. */
const REPORTS: Readonly<Record<string, Event>> = {
  "reports, 200 holds": reports(holds(NOW_MS)),
  "reports, 99 holds": reports(holds(NOW_MS, { priority: 99 })),
  "reports, 99 with the LAN holds": reports(holds(NOW_MS, { priority: 99, isBetterPlaced: true })),
  "reports, .3 released": reports({ kind: "gone", source: HIGHER, says: "released" }),
  "reports, .3 without gateway": reports({ kind: "gone", source: HIGHER, says: "no-gateway" }),
  "reports, nothing": reports(undefined),
};

/** The events that depend on the rules: priorities are relative to ours. */
export function eventsUnder(own: Rules): Readonly<Record<string, Event>> {
  const better = Math.min(own.priority + 1, 255);
  return {
    "start": { kind: "start" },
    "resume": { kind: "resume" },
    "hand over": { kind: "hand-over", why: { kind: "handover" } },
    "hand over, stop": { kind: "hand-over", why: { kind: "stop" } },
    "address conflict": { kind: "address-conflict" },
    "overrun": { kind: "overrun" },
    "stop": { kind: "stop" },
    "stop, reconfigured": { kind: "stop", cause: { kind: "reconfigured", what: "removed" } },
    "advert 0": heard(0),
    "advert lower": heard(own.priority - 1),
    "advert equal, from .1": heard(own.priority, LOWER),
    "advert equal, from .3": heard(own.priority, HIGHER),
    ...(better > own.priority ? { "advert higher": heard(better, LOWER) } : {}),
    "advert 255, 100 ms": heard(255, HIGHER, 100),
    "faults": { kind: "faults", faults: [CARRIER] },
    "faults cleared": { kind: "faults", faults: [] },
    "addresses lost": { kind: "addresses-lost" },
    "link changed": { kind: "link-changed" },
    "release": {
      kind: "release",
      cause: { kind: "outranked", priority: 150, by: ["pi-b"], reason: "" },
    },
    "group claim": { kind: "group-claim", member: "outside" },
    "group release": { kind: "group-release", member: "inside" },
    "group release, patient": { kind: "group-release", member: "inside", patience: 2 },
    "group fault": { kind: "group-fault", member: "inside" },
    "group fault over": { kind: "group-fault", member: undefined },
    ...(own.secondOpinion === true ? REPORTS : {}),
    "rules, priority was 50": { kind: "rules", before: rules({ ...own, priority: 50 }) },
    "rules, interval was 3s": { kind: "rules", before: { ...own, advertInterval: seconds(3) } },
    "rules, address was .1": { kind: "rules", before: { ...own, addresses: [LOWER] } },
    "rules, preempt was other": { kind: "rules", before: { ...own, preempt: !own.preempt } },
  };
}

/** Can a router get into `state` under these rules? */
export function isPossible(state: State, own: Rules): boolean {
  if (state.kind === "master" && state.contested !== undefined && own.secondOpinion !== true) {
    return false;
  }
  if (state.kind !== "backup") return own.grouped || !(isOut(state) && hasGroup(state.faults));
  if (state.masterDownAt === undefined) return own.grouped;
  if (state.preemptHoldUntil !== undefined) return own.preemptDelay > 0;
  const isReported = state.master.kind === "reported" || state.asksLeft > 0;
  return own.secondOpinion === true || !isReported;
}

function hasGroup(faults: readonly Fault[]): boolean {
  return faults.some((fault) => fault.kind === "group");
}
