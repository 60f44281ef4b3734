/** The ways from one state to another, with what has to be done on each (RFC 9568 6.4). */
import { type Ip, sameIp } from "../net/ip.ts";
import {
  after,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../time.ts";
import { announceAgain, type Announced, burst } from "./announcements.ts";
import { calm } from "./damping.ts";
import { probesBeforeTakeover } from "./acd.ts";
import { firstClaim } from "./claim.ts";
import { LEAVING_PRIORITY } from "./election.ts";
import type { Cause, Effect, Fault, HandoffReason } from "./event.ts";
import type {
  Acquaintance,
  BackupState,
  FaultState,
  HandoffPhase,
  InitState,
  MasterState,
  Memory,
  State,
  Step,
} from "./state.ts";
import { masterDown, masterDownOf, skew } from "./intervals.ts";
import { asksBeforeTakeover } from "./opinion.ts";
import { nextRenewal, nextSilentRenewal } from "./lease.ts";
import { isOwner, type Rules } from "./rules.ts";

/** For a backup's timer and the way of its first advert. */
const SLACK = milliseconds(200);

/** No node is solicited longer than this: with long intervals priority 0 is the first word. */
const LONGEST_SOLICITING = seconds(10);

/** Nothing changes and nothing is to be done. */
export function unchanged(state: State): Step {
  return { state, effects: [] };
}

/** What is kept from a state to the next, of one that has nothing to keep. */
function fresh(now: Instant): Memory {
  return { acquaintance: undefined, damping: calm(now) };
}

/** The master at `source` is obeyed. */
export function acquainted(
  before: Acquaintance | undefined,
  source: Ip,
  now: Instant,
): Acquaintance {
  return before !== undefined && sameIp(before.source, source) ? before : { source, since: now };
}

/**
 * To master, steps (110) to (145) and (370) to (410): the advert goes first, so that rivals hear it
 * soonest, and the addresses are there before they are announced. A living master that has given
 * its lease is no rival, and holds nothing any more: then the addresses go first. Its own interval
 * counts from now on, whatever was learnt.
 */
export function becomeMaster(
  from: "init" | "fault" | "backup",
  cause: Cause,
  now: Instant,
  rules: Rules,
  before: Memory = fresh(now),
): Step {
  const { announcements, effects } = burst(now);
  const advert: Effect = { kind: "send-advert", priority: rules.priority };
  const addresses: readonly Effect[] = [{ kind: "add-addresses" }, ...effects];
  const isGiven = rules.exclusive === true &&
    (cause.kind === "preempted-master" || cause.kind === "master-left");
  return {
    state: {
      kind: "master",
      since: now,
      advertAt: after(now, rules.advertInterval),
      answered: undefined,
      answersPaid: now,
      acquaintance: before.acquaintance,
      damping: before.damping,
      renewAt: nextRenewal(now, rules),
      defendedAt: undefined,
      contested: undefined,
      ...announcements,
    },
    effects: isGiven ? [...addresses, advert] : [advert, ...addresses],
    transition: { from, to: "master", cause },
  };
}

/**
 * To master again, without a transition: the process before this one was master, and no node can
 * have taken over since its last advert (daemon/resume.ts). The neighbours and all receivers of
 * transitions know where the addresses are.
 */
export function resumeMaster(now: Instant, rules: Rules): Step {
  const { state, effects } = becomeMaster("init", { kind: "start" }, now, rules);
  const kept = effects.filter(({ kind }) => kind === "send-advert" || kind === "add-addresses");
  return { state, effects: kept };
}

/**
 * Master still, after a time in which no node took over: this one did not run, or was about to
 * leave. The lease may have run out, and rivals and neighbours may doubt.
 */
export function remainMaster(state: MasterState, now: Instant, rules: Rules): Step {
  const next = {
    ...state,
    advertAt: after(now, rules.advertInterval),
    renewAt: nextRenewal(now, rules),
  };
  const effects: readonly Effect[] = [
    { kind: "send-advert", priority: rules.priority },
    { kind: "add-addresses" },
  ];
  return announced(next, effects, announceAgain(state, now));
}

/** A floating address is gone: it is put back, and announced. */
export function restoreAddresses(state: MasterState, now: Instant, rules: Rules): Step {
  const renewed = { ...state, renewAt: nextRenewal(now, rules) };
  return announced(renewed, [{ kind: "add-addresses" }], announceAgain(state, now));
}

/** `state` with `more` to announce, and its effects after `effects`. */
export function announced(state: MasterState, effects: readonly Effect[], more: Announced): Step {
  // One by one: a whole state is an Announcements, too, and would bring its old advertAt along.
  const { announceAt, announceNext, burstAt, framesPaid } = more.announcements;
  return {
    state: { ...state, announceAt, announceNext, burstAt, framesPaid },
    effects: [...effects, ...more.effects],
  };
}

/**
 * From init or fault into the protocol (6.4.1): an owner takes over at once (105), any other node
 * listens for one master-down interval (155 to 165). An owner in a sync group is ready at once but
 * waits for the other members.
 */
export function enter(from: "init" | "fault", cause: Cause, now: Instant, rules: Rules): Step {
  if (isOwner(rules) && !rules.grouped && rules.exclusive !== true) {
    return becomeMaster(from, cause.kind === "start" ? { kind: "owner" } : cause, now, rules);
  }
  const listen = isOwner(rules) ? nanoseconds(0) : masterDownOf(rules, rules.advertInterval);
  const listenUntil = after(now, listen);
  return {
    state: {
      ...newBackup(now, rules),
      masterDownAt: isOwner(rules) ? undefined : listenUntil,
      listenUntil,
      preemptOnce: cause.kind === "start" && rules.initialState === "master",
    },
    // A crash may have left addresses behind; another node may hold them by now.
    effects: [{ kind: "remove-addresses" }],
    transition: { from, to: "backup", cause },
  };
}

/** A backup that has heard no master and has one master-down interval ahead. */
export function newBackup(
  now: Instant,
  rules: Rules,
): BackupState & { readonly masterDownAt: Instant } {
  return {
    kind: "backup",
    since: now,
    master: { kind: "unknown", probesLeft: probesBeforeTakeover(rules) },
    masterDownAt: after(now, masterDownOf(rules, rules.advertInterval)),
    asksLeft: asksBeforeTakeover(rules),
    masterInterval: rules.advertInterval,
    listenUntil: now,
    preemptHoldUntil: undefined,
    preemptOnce: false,
    ...fresh(now),
    priorityZeroPaid: now,
    ...firstClaim(rules),
  };
}

/**
 * What a master does that resigns: the addresses are gone before another node is invited to take
 * them.
 */
export const RESIGN: readonly Effect[] = [
  { kind: "remove-addresses" },
  { kind: "send-advert", priority: 0 },
];

/** Stopped, without known faults. */
export const STOPPED: InitState = { kind: "init", faults: [] };

/** A master lets go of its addresses for a node that has them, or gets its lease. */
export function leave(next: BackupState | InitState, cause: Cause): Step {
  return {
    state: next,
    effects: [{ kind: "remove-addresses" }],
    transition: { from: "master", to: next.kind, cause },
  };
}

/** Out of the protocol by a stop (6.4.2 (345), 6.4.3 (655)). */
export function stop(from: "backup" | "master", cause: Cause): Step {
  return withdraw(from, STOPPED, cause);
}

/** Out of the protocol by `faults` of its own or of its sync group. */
export function fail(from: "backup" | "master", faults: readonly Fault[]): Step {
  return withdraw(from, { kind: "fault", faults }, { kind: "fault", faults });
}

function withdraw(from: "backup" | "master", state: InitState | FaultState, cause: Cause): Step {
  const effects = from === "master" ? RESIGN : [];
  return { state, effects, transition: { from, to: state.kind, cause } };
}

/**
 * From master into a handoff: handover and maintenance begin with "solicit", a stop with "resign".
 */
export function beginHandoff(
  master: MasterState,
  why: HandoffReason,
  now: Instant,
  rules: Rules,
): Step {
  // Priority 0 would let nodes take over that stand aside.
  if (why.kind === "handover" && why.chosen) {
    return enterPhase(master, why, "solicit", [], now, rules);
  }
  const solicits = why.kind !== "stop" && rules.preempt && longestWait(rules) <= LONGEST_SOLICITING;
  if (solicits) return enterPhase(master, why, "solicit", ["resign"], now, rules);
  // A stop makes up for a lost packet once.
  return enterPhase(master, why, "resign", why.kind === "stop" ? ["resign"] : [], now, rules);
}

/** Into a phase of a handoff: says so, and keeps the addresses for its time. */
export function enterPhase(
  master: MasterState,
  why: HandoffReason,
  phase: HandoffPhase,
  rest: readonly HandoffPhase[],
  now: Instant,
  rules: Rules,
): Step {
  const solicits = phase === "solicit";
  const next = {
    ...master,
    advertAt: after(now, rules.advertInterval),
    renewAt: (solicits ? nextRenewal : nextSilentRenewal)(now, rules),
  };
  const wait = solicits ? Math.min(longestWait(rules), LONGEST_SOLICITING) : longestSkew(rules);
  const until = after(now, nanoseconds(wait));
  return {
    state: { kind: "handoff", why, master: next, phase, rest, until, successor: undefined },
    effects: [
      { kind: "send-advert", priority: handoffPriority(phase) },
      { kind: "renew-addresses" },
    ],
  };
}

/** What a master says in `phase`. */
export function handoffPriority(phase: HandoffPhase): number {
  return phase === "solicit" ? LEAVING_PRIORITY : 0;
}

/** Within this every backup that preempts has taken over, whatever its priority. */
function longestWait({ version, advertInterval }: Rules): Nanoseconds {
  return (masterDown(version, 0, advertInterval) + SLACK) as Nanoseconds;
}

/** Within this every backup has taken over that heard priority 0. */
function longestSkew({ version, advertInterval }: Rules): Nanoseconds {
  return (skew(version, 0, advertInterval) + SLACK) as Nanoseconds;
}

/** The fault that a member of a sync group has because another member has one. */
export function groupFault(member: string): Fault {
  return { kind: "group", message: `${member}, a member of the same group, is in fault` };
}
