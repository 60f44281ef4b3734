/** Backup: which masters it obeys, and when it takes over (RFC 9568 6.4.2). */
import { affords, type Limits, spend } from "../budget.ts";
import { after, between, type Instant, nanoseconds, seconds } from "../time.ts";
import { type Ip, sameIp } from "../net/ip.ts";
import { probeAt, probesBeforeTakeover, probesLeftAfter } from "./acd.ts";
import { isObeyedByBackup, isSoleSuccessor, LEAVING_PRIORITY } from "./election.ts";
import type { Cause, Event } from "./event.ts";
import type { BackupState, Heard, Step } from "./state.ts";
import { learntInterval, masterDownOf, skewOf } from "./intervals.ts";
import { acquainted, becomeMaster, groupFault, unchanged, withdraw } from "./transitions.ts";
import { isOwner, type Rules } from "./rules.ts";

/** A node that is slow by less than this is busy, not stalled: its sockets held what was sent meanwhile. */
const STALL = seconds(1);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** {@link ./step.ts} `step` in backup. */
export function stepBackup(state: BackupState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "advert":
      return unchanged(hearAsBackup(state, event, now, rules));
    case "overrun":
      return unchanged(doubt(state, now, rules));
    case "deadline":
      return meetDeadline(state, now, rules);
    case "group-claim":
      if (!state.awaitingGroup) return unchanged(state);
      return claim(state, now, rules);
    case "stop":
      return withdraw("backup", [], event.cause ?? { kind: "stop" });
    case "faults":
      if (event.faults.length === 0) return unchanged(state);
      return withdraw("backup", event.faults, { kind: "fault", faults: event.faults });
    case "group-fault": {
      if (event.member === undefined) return unchanged(state);
      const faults = [groupFault(event.member)];
      return withdraw("backup", faults, { kind: "fault", faults });
    }
    case "rules":
      return unchanged(adaptToRules(state, event.before, now, rules));
    case "hand-over":
      return event.why.kind === "handover" ? unchanged(state) : withdraw("backup", [], event.why);
    case "start":
    case "resume":
    case "address-conflict":
    case "addresses-lost":
    case "link-changed":
    case "group-release":
    case "release":
      return unchanged(state);
  }
}

function meetDeadline(state: BackupState, now: Instant, rules: Rules): Step {
  if (state.awaitingGroup) return unchanged(state);
  if (now < state.masterDownAt) return probe(state, now);
  if (isStalled(state, now) && !isOwner(rules)) return unchanged(listenAgain(state, now, rules));
  if (rules.grouped) return unchanged({ ...state, awaitingGroup: true });
  return claim(state, now, rules);
}

function claim(state: BackupState, now: Instant, rules: Rules): Step {
  return becomeMaster("backup", claimCause(state, now, rules), now, rules, state);
}

/** Shortly before it claims, it asks who has the addresses: an answer is an alarm, not a veto. */
function probe(state: BackupState, now: Instant): Step {
  const due = probeAt(state);
  if (due === undefined || now < due) return unchanged(state);
  return {
    state: { ...state, probesLeft: probesLeftAfter(state, now) },
    effects: [{ kind: "probe-addresses" }],
  };
}

/** So late a deadline means that this node did not run, and adverts may have been lost on the way to it meanwhile. */
function isStalled(state: BackupState, now: Instant): boolean {
  return between(state.masterDownAt, now) >= Math.max(state.masterInterval, STALL);
}

/** A living master is heard within an interval. */
function listenAgain(state: BackupState, now: Instant, rules: Rules): BackupState {
  const { masterInterval } = state;
  const masterDownAt = after(after(now, masterInterval), skewOf(rules, masterInterval));
  return { ...state, masterDownAt, listenUntil: masterDownAt };
}

/** So many master-down intervals after its last advert, a master is gone whatever was lost. */
const LONGEST_DOUBT = 3;

/** A living master is heard within an interval, once packets get through again. */
function doubt(state: BackupState, now: Instant, rules: Rules): BackupState {
  const { heard, outranked, awaitingGroup, masterInterval } = state;
  if (heard === undefined || outranked || awaitingGroup) return state;
  const wait = after(after(now, masterInterval), skewOf(rules, masterInterval));
  const latest = heard.at + LONGEST_DOUBT * masterDownOf(rules, masterInterval);
  const masterDownAt = Math.max(state.masterDownAt, Math.min(wait, latest)) as Instant;
  return masterDownAt === state.masterDownAt ? state : { ...state, masterDownAt };
}

/** Why a backup whose master-down has passed takes over, with the evidence. */
function claimCause(state: BackupState, now: Instant, rules: Rules): Cause {
  const { heard, left } = state;
  if (left !== undefined) return { kind: "master-left", master: left };
  if (heard === undefined) {
    if (isOwner(rules)) return { kind: "owner" };
    return { kind: "nobody-heard", listened: between(state.since, now) };
  }
  const silence = between(heard.at, now);
  const living = silence < masterDownOf(rules, heard.interval);
  if (state.outranked && living) {
    return { kind: "preempted-master", master: heard.source, priority: heard.priority };
  }
  return { kind: "master-silent", master: heard.source, silence };
}

/** The state of a backup that has heard an advert: obeyed, or not. */
export function hearAsBackup(
  state: BackupState,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): BackupState {
  const { priority, interval: advertised } = event.advert;
  if (priority === 0) return onPriorityZero(state, event, now, rules);
  const heard: Heard = { source: event.source, priority, interval: advertised, at: now };
  if (isObeyedByBackup(rules.priority, priority)) {
    const lost = { ...state, preemptHoldUntil: undefined, preemptOnce: false };
    return obey(lost, heard, now, rules);
  }
  if (state.preemptOnce || isOwner(rules)) return disregard(state, heard, now, rules);
  if (asksForRelief(state, heard)) return disregard(state, heard, now, rules);
  if (!rules.preempt) return obey(state, heard, now, rules);
  if (rules.preemptDelay === 0) return disregard(state, heard, now, rules);
  // Armed by the first advert of a living, losing master; a dead one is replaced when its adverts stay away.
  const preemptHoldUntil = state.preemptHoldUntil ?? after(now, rules.preemptDelay);
  const held = { ...state, preemptHoldUntil };
  return now < preemptHoldUntil
    ? obey(held, heard, now, rules)
    : disregard(held, heard, now, rules);
}

/**
 * Priority 0 from anyone counts, as RFC 9568 6.4.2 has it: should it come from a rival of the present master, then the
 * master answers it with an advert at once (6.4.3), which sets the timer right again before a skew has passed. But the master does
 * not answer without end, and so those of others do not count without end.
 */
function onPriorityZero(
  state: BackupState,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): BackupState {
  const { heard, priorityZeroPaid } = state;
  const isOther = heard !== undefined && !sameIp(heard.source, event.source);
  const limits = otherFarewells(rules);
  if (isOther && !affords(priorityZeroPaid, limits, now)) return state;
  return {
    ...state,
    left: event.source,
    heard: undefined,
    outranked: false,
    priorityZeroPaid: isOther ? spend(priorityZeroPaid, limits, now) : priorityZeroPaid,
    masterDownAt: relieveAt(state, event.source, now, rules),
  };
}

/** As many as there are nodes that may leave together, and one more for each time in which one can come back. */
function otherFarewells(rules: Rules): Limits {
  return { most: 4, every: masterDownOf(rules, rules.advertInterval) };
}

function obey(
  state: BackupState,
  heard: Heard,
  now: Instant,
  rules: Rules,
): BackupState {
  const acquaintance = acquainted(state.acquaintance, heard.source, now);
  const interval = learntInterval(rules, heard.interval, between(acquaintance.since, now));
  return {
    ...state,
    heard,
    acquaintance,
    outranked: false,
    left: undefined,
    awaitingGroup: false,
    probesLeft: probesBeforeTakeover(rules),
    masterInterval: interval,
    masterDownAt: notWhileListening(state, after(now, masterDownOf(rules, interval))),
  };
}

/**
 * The timer keeps running: when it ends, this backup takes over from the living master. But one that was good enough until now
 * and says itself that it is not any more is relieved like one that leaves: everyone has heard it, nobody is to be listened for.
 */
function disregard(state: BackupState, heard: Heard, now: Instant, rules: Rules): BackupState {
  const relief = hasFallen(state, heard, rules) || asksForRelief(state, heard)
    ? relieveAt(state, heard.source, now, rules)
    : state.masterDownAt;
  const masterDownAt = Math.min(state.masterDownAt, relief) as Instant;
  return { ...state, heard, outranked: true, left: undefined, masterDownAt };
}

/** It was master with more, and says the least that there is: it wants to be relieved, also by those who do not preempt. */
function asksForRelief({ heard, outranked }: BackupState, { source, priority }: Heard): boolean {
  return priority === LEAVING_PRIORITY && heard !== undefined && sameIp(heard.source, source) &&
    (heard.priority > LEAVING_PRIORITY || outranked);
}

function hasFallen({ heard }: BackupState, { source }: Heard, rules: Rules): boolean {
  return heard !== undefined && sameIp(heard.source, source) &&
    isObeyedByBackup(rules.priority, heard.priority);
}

/** When the master at `source`, which leaves or has fallen, is relieved: after a skew, so that the best comes first. */
function relieveAt(state: BackupState, source: Ip, now: Instant, rules: Rules): Instant {
  const isMaster = state.heard !== undefined && sameIp(state.heard.source, source);
  const wait = isMaster && isSoleSuccessor(rules, source)
    ? nanoseconds(0)
    : skewOf(rules, state.masterInterval);
  return notWhileListening(state, after(now, wait));
}

/** The rest of a wait for a new priority or interval: longer or shorter by the difference, never over already. */
function adaptToRules(
  state: BackupState,
  before: Rules,
  now: Instant,
  rules: Rules,
): BackupState {
  const met = state.heard !== undefined || state.left !== undefined;
  const learnt = met && rules.version === 3;
  const masterInterval = learnt ? state.masterInterval : rules.advertInterval;
  const wait = state.left === undefined ? masterDownOf : skewOf;
  const shift = wait(rules, masterInterval) - wait(before, state.masterInterval);
  const hold = state.preemptHoldUntil;
  return {
    ...state,
    masterInterval,
    masterDownAt: Math.max(now, state.masterDownAt + shift) as Instant,
    listenUntil: Math.max(now, state.listenUntil + shift) as Instant,
    preemptHoldUntil: hold === undefined
      ? undefined
      : (hold + rules.preemptDelay - before.preemptDelay) as Instant,
    awaitingGroup: state.awaitingGroup && rules.grouped,
  };
}

function notWhileListening(state: BackupState, deadline: Instant): Instant {
  return Math.max(deadline, state.listenUntil) as Instant;
}
