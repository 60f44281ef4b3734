/**
 * Backup: which masters it obeys, and when it takes over (RFC 9568 6.4.2; numbers are the steps of
 * RFC 5798).
 */
import { affords, type Limits, spend } from "../budget.ts";
import { after, between, earliest, type Instant, nanoseconds, seconds } from "../time.ts";
import { type Ip, sameIp } from "../net/ip.ts";
import { probeAt, probed, probesBeforeTakeover } from "./acd.ts";
import { isObeyedByBackup, isSoleSuccessor, LEAVING_PRIORITY } from "./election.ts";
import { claimAt, claimed, mayClaim } from "./claim.ts";
import type { Cause, Event, Observation, Opinion } from "./event.ts";
import { type BackupState, type Heard, heardOf, type Reported, type Step } from "./state.ts";
import { learntInterval, masterDownOf, skewOf } from "./intervals.ts";
import { askAt, asked, asksBeforeTakeover, lastHeard, stayed } from "./opinion.ts";
import { acquainted, becomeMaster, fail, groupFault, stop, unchanged } from "./transitions.ts";
import { isOwner, type Rules } from "./rules.ts";

/**
 * A deadline that is met later than by this means that the node did not run, and adverts may have
 * been lost on the way to it. One that is slow by less is busy: its sockets held what was sent
 * meanwhile.
 */
const STALL = seconds(1);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** {@link ./step.ts} `step` in backup. */
export function stepBackup(state: BackupState, event: Event, now: Instant, rules: Rules): Step {
  return claimed(stepClaimless(state, event, now, rules), now, rules);
}

function stepClaimless(state: BackupState, event: Event, now: Instant, rules: Rules): Step {
  switch (event.kind) {
    case "advert": // (420)
      return hear(state, event, now, rules);
    case "overrun":
      return unchanged(doubt(state, now, rules));
    case "deadline":
      return onDeadline(state, event, now, rules);
    case "permit":
      return state.claim === "due" ? takeOver(state, true, now, rules) : unchanged(state);
    case "reports":
      return onReports(state, event.opinion, now, rules);
    case "group-claim":
      return state.masterDownAt === undefined
        ? takeOver(state, event.permit, now, rules)
        : unchanged(state);
    case "stop": // (345)
      return stop("backup", event.cause ?? { kind: "stop" });
    case "hand-over":
      return event.why.kind === "handover" ? unchanged(state) : stop("backup", event.why);
    case "faults":
      return event.faults.length === 0 ? unchanged(state) : fail("backup", event.faults);
    case "group-fault":
      return event.member === undefined
        ? unchanged(state)
        : fail("backup", [groupFault(event.member)]);
    case "rules":
      return unchanged(adaptToRules(state, event.before, now, rules));
    default:
      return unchanged(state);
  }
}

/** When a deadline of `state` is due; undefined: it waits for its sync group, or its lease. */
export function backupDeadline(state: BackupState): Instant | undefined {
  const { masterDownAt, claim } = state;
  return masterDownAt === undefined || claim === "due"
    ? undefined
    : earliest(probeAt(state), askAt(state), claimAt(state), masterDownAt);
}

function onDeadline(
  state: BackupState,
  { opinion, permit }: Extract<Event, { kind: "deadline" }>,
  now: Instant,
  rules: Rules,
): Step {
  const { masterDownAt } = state;
  if (masterDownAt === undefined || state.claim === "due") return unchanged(state);
  if (now < masterDownAt) return ask(state, now);
  const isStalled = between(masterDownAt, now) >= Math.max(state.masterInterval, STALL);
  if (isStalled && !isOwner(rules)) return unchanged(listenAgain(state, now, rules));
  const waiting = stayed(state, opinion, now, rules);
  if (waiting !== undefined) return stay(state, waiting, now, rules);
  if (rules.grouped) return unchanged({ ...state, masterDownAt: undefined });
  return takeOver(state, permit, now, rules); // (365)
}

/** The master lives, by its reports: `waiting` is the state that waits for them. */
function stay(state: BackupState, waiting: BackupState, now: Instant, rules: Rules): Step {
  const { master, since, masterInterval } = state;
  if (master.kind === "reported" || waiting.master.kind !== "reported") return unchanged(waiting);
  const silence = between(lastHeard(master)?.at ?? since, now);
  const limit = masterDownOf(rules, masterInterval);
  const { source } = waiting.master;
  const lost: Observation = { kind: "adverts-lost", master: source, silence, limit };
  return { state: waiting, effects: [lost] };
}

/** A report came while this backup waits for one, or for its sync group. */
function onReports(
  state: BackupState,
  opinion: Opinion | undefined,
  now: Instant,
  rules: Rules,
): Step {
  const { master, masterDownAt } = state;
  if (opinion?.kind === "holds") {
    if (master.kind !== "reported" && masterDownAt !== undefined) return unchanged(state);
    return stay(state, stayed(state, opinion, now, rules) ?? state, now, rules);
  }
  if (opinion === undefined || master.kind !== "reported" || masterDownAt === undefined) {
    return unchanged(state);
  }
  if (!sameIp(master.source, opinion.source) || master.gone !== undefined) return unchanged(state);
  const relief = relieveAt(state, opinion.source, now, rules);
  return unchanged({
    ...state,
    master: { ...master, gone: opinion.says },
    asksLeft: 0,
    masterDownAt: Math.min(masterDownAt, relief) as Instant,
  });
}

function takeOver(
  state: BackupState,
  permit: boolean | undefined,
  now: Instant,
  rules: Rules,
): Step {
  if (!mayClaim(rules, permit)) return unchanged({ ...state, claim: "due" });
  return becomeMaster("backup", takeoverCause(state, now, rules), now, rules, state);
}

/** Shortly before it takes over, it asks nodes and neighbours which machine has the addresses. */
function ask(state: BackupState, now: Instant): Step {
  const asks = isDue(askAt(state), now);
  const probes = isDue(probeAt(state), now);
  const next = asks ? asked(state, now) : state;
  return {
    state: probes ? probed(next, now) : next,
    effects: [
      ...(asks ? [{ kind: "ask-nodes" } as const] : []),
      ...(probes ? [{ kind: "probe-addresses" } as const] : []),
    ],
  };
}

function isDue(at: Instant | undefined, now: Instant): boolean {
  return at !== undefined && at <= now;
}

/** A living master is heard within an interval. */
function listenAgain(state: BackupState, now: Instant, rules: Rules): BackupState {
  const { masterInterval } = state;
  const masterDownAt = after(after(now, masterInterval), skewOf(rules, masterInterval));
  // The questions that follow a report would be overdue.
  const asksLeft = state.master.kind === "reported" ? 0 : asksBeforeTakeover(rules);
  return { ...state, masterDownAt, listenUntil: masterDownAt, asksLeft };
}

/** So many master-down intervals after its last advert, a master is gone whatever was lost. */
const LONGEST_DOUBT = 3;

/** A living master is heard within an interval, once packets get through again. */
function doubt(state: BackupState, now: Instant, rules: Rules): BackupState {
  const { master, masterDownAt: before, masterInterval } = state;
  if (master.kind !== "obeyed" || before === undefined) return state;
  const wait = after(after(now, masterInterval), skewOf(rules, masterInterval));
  const latest = master.heard.at + LONGEST_DOUBT * masterDownOf(rules, masterInterval);
  const masterDownAt = Math.max(before, Math.min(wait, latest)) as Instant;
  if (masterDownAt === before) return state;
  return { ...state, masterDownAt, asksLeft: asksBeforeTakeover(rules) };
}

/** Why a backup whose master-down has passed takes over, with the evidence. */
function takeoverCause({ master, since }: BackupState, now: Instant, rules: Rules): Cause {
  switch (master.kind) {
    case "resigned":
      return { kind: "master-left", master: master.source };
    case "unknown":
      return isOwner(rules)
        ? { kind: "owner" }
        : { kind: "nobody-heard", listened: between(since, now) };
    case "reported":
      return reportedCause(master, since, now);
    case "obeyed":
    case "outranked": {
      const { source, priority, interval, at } = master.heard;
      const silence = between(at, now);
      return master.kind === "outranked" && silence < masterDownOf(rules, interval)
        ? { kind: "preempted-master", master: source, priority }
        : { kind: "master-silent", master: source, silence };
    }
  }
}

function reportedCause(
  { source, at, heard, gone }: Reported,
  since: Instant,
  now: Instant,
): Cause {
  if (gone !== undefined) return { kind: "reported-gone", master: source, says: gone };
  const silence = between(heard?.at ?? since, now);
  return { kind: "reports-ended", master: source, silence, unreported: between(at, now) };
}

function hear(state: BackupState, event: AdvertEvent, now: Instant, rules: Rules): Step {
  const next = hearAsBackup(state, event, now, rules);
  return { state: next, effects: rhythm(state, next, rules) };
}

/** What the master's advert that led from `before` to `next` says of its rhythm. */
function rhythm(before: BackupState, next: BackupState, rules: Rules): readonly Observation[] {
  const [earlier, later] = [heardOf(before), heardOf(next)];
  if (earlier === undefined || later === undefined || earlier === later) return [];
  // Between two masters is a takeover: a better backup was quicker, as it should.
  if (!sameIp(earlier.source, later.source)) return [];
  const gap = between(earlier.at, later.at);
  const limit = masterDownOf(rules, before.masterInterval);
  const isObeyed = before.master.kind === "obeyed" && next.master.kind === "obeyed";
  const isLate = isObeyed && gap + before.masterInterval > limit;
  return [
    { kind: "advert-gap", gap },
    ...(isLate ? [{ kind: "near-miss", master: later.source, silence: gap, limit } as const] : []),
  ];
}

/** The state of a backup that has heard an advert: obeyed, or not. */
export function hearAsBackup(
  state: BackupState,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): BackupState {
  const { priority, interval } = event.advert;
  if (priority === 0) return onPriorityZero(state, event.source, now, rules); // (425)
  const heard: Heard = { source: event.source, priority, interval, at: now }; // (440)
  if (isObeyedByBackup(rules.priority, priority)) { // (445)
    return obey({ ...state, preemptHoldUntil: undefined, preemptOnce: false }, heard, now, rules);
  }
  if (isOwner(rules)) return disregard(state, heard, now, rules);
  if (event.isUnproved === true) return obey(state, heard, now, rules);
  if (rules.asked === "aside") {
    return obey({ ...state, preemptHoldUntil: undefined, preemptOnce: false }, heard, now, rules);
  }
  if (state.preemptOnce) return disregard(state, heard, now, rules);
  if (isSolicited(state, heard)) return disregard(state, heard, now, rules);
  if (!rules.preempt) return obey(state, heard, now, rules); // (445)
  if (rules.preemptDelay === 0) return disregard(state, heard, now, rules); // (465)
  // Armed by the first advert of a living, losing master; a dead one is replaced when its adverts
  // stay away.
  const preemptHoldUntil = state.preemptHoldUntil ?? after(now, rules.preemptDelay);
  const held = { ...state, preemptHoldUntil };
  return now < preemptHoldUntil
    ? obey(held, heard, now, rules)
    : disregard(held, heard, now, rules);
}

/**
 * (430): priority 0 from any node counts. Should it come from a rival of the present master, then
 * the master answers it with an advert at once (6.4.3), which sets the timer right again before a
 * skew has passed. But the master does not answer without end, and so those of others do not count
 * without end.
 */
function onPriorityZero(
  state: BackupState,
  source: Ip,
  now: Instant,
  rules: Rules,
): BackupState {
  const { priorityZeroPaid } = state;
  // It waits for its lease, which that very node gives it, perhaps.
  if (state.claim === "due") return state;
  const heard = heardOf(state);
  const isOther = heard !== undefined && !sameIp(heard.source, source);
  const limits = otherResignations(rules);
  if (isOther && !affords(priorityZeroPaid, limits, now)) return state;
  return {
    ...state,
    master: { kind: "resigned", source, at: now },
    asksLeft: asksBeforeTakeover(rules),
    priorityZeroPaid: isOther ? spend(priorityZeroPaid, limits, now) : priorityZeroPaid,
    masterDownAt: state.masterDownAt === undefined
      ? undefined
      : relieveAt(state, source, now, rules),
  };
}

/**
 * As many as there are nodes that may leave together, and one more for each time in which one can
 * come back.
 */
function otherResignations(rules: Rules): Limits {
  return { most: 4, every: masterDownOf(rules, rules.advertInterval) };
}

/** (450) to (460). */
function obey(state: BackupState, heard: Heard, now: Instant, rules: Rules): BackupState {
  const acquaintance = acquainted(state.acquaintance, heard.source, now);
  const interval = learntInterval(rules, heard.interval, between(acquaintance.since, now));
  return {
    ...state,
    acquaintance,
    master: { kind: "obeyed", heard, probesLeft: probesBeforeTakeover(rules) },
    asksLeft: asksBeforeTakeover(rules),
    masterInterval: interval,
    masterDownAt: notWhileListening(state, after(now, masterDownOf(rules, interval))),
  };
}

/**
 * (470): the timer keeps running, and when it ends, this backup takes over from the living master.
 * But one that was good enough until now and says itself that it is not any more is relieved like
 * one that resigns: all have heard it, no other is to be listened for.
 */
function disregard(state: BackupState, heard: Heard, now: Instant, rules: Rules): BackupState {
  const { masterDownAt } = state;
  const isRelieved = hasFallen(state, heard, rules) || isSolicited(state, heard);
  return {
    ...state,
    master: { kind: "outranked", heard },
    masterDownAt: masterDownAt !== undefined && isRelieved
      ? Math.min(masterDownAt, relieveAt(state, heard.source, now, rules)) as Instant
      : masterDownAt,
  };
}

/**
 * It was master with more, and says the least that there is: it wants to be relieved, also by those
 * that do not preempt.
 */
function isSolicited({ master }: BackupState, { source, priority }: Heard): boolean {
  if (priority !== LEAVING_PRIORITY) return false;
  if (master.kind !== "obeyed" && master.kind !== "outranked") return false;
  return sameIp(master.heard.source, source) &&
    (master.heard.priority > LEAVING_PRIORITY || master.kind === "outranked");
}

function hasFallen(state: BackupState, { source }: Heard, rules: Rules): boolean {
  const before = heardOf(state);
  return before !== undefined && sameIp(before.source, source) &&
    isObeyedByBackup(rules.priority, before.priority);
}

/**
 * When the master at `source`, which resigns or has fallen, is relieved: after a skew, so that the
 * best comes first.
 */
function relieveAt(state: BackupState, source: Ip, now: Instant, rules: Rules): Instant {
  const before = heardOf(state);
  const isMaster = before !== undefined && sameIp(before.source, source);
  // The master itself said which node comes next: there is nothing to listen for.
  if (isMaster && rules.asked === "claim") return now;
  const wait = isMaster && isSoleSuccessor(rules, source)
    ? nanoseconds(0)
    : skewOf(rules, state.masterInterval);
  return notWhileListening(state, after(now, wait));
}

/**
 * The rest of a wait for a new priority or interval: longer or shorter by the difference, never
 * over already.
 */
function adaptToRules(
  state: BackupState,
  before: Rules,
  now: Instant,
  rules: Rules,
): BackupState {
  const { master, masterDownAt, preemptHoldUntil: hold } = state;
  const isLearnt = master.kind !== "unknown" && rules.version === 3;
  const masterInterval = isLearnt ? state.masterInterval : rules.advertInterval;
  const isShort = master.kind === "resigned" || master.kind === "reported";
  const wait = isShort ? skewOf : masterDownOf;
  const shift = wait(rules, masterInterval) - wait(before, state.masterInterval);
  const shifted = (instant: Instant) => Math.max(now, instant + shift) as Instant;
  return {
    ...state,
    masterInterval,
    // Out of the sync group it takes over by itself.
    masterDownAt: masterDownAt === undefined
      ? (rules.grouped ? undefined : now)
      : shifted(masterDownAt),
    asksLeft: before.secondOpinion === rules.secondOpinion
      ? state.asksLeft
      : asksBeforeTakeover(rules),
    listenUntil: shifted(state.listenUntil),
    preemptHoldUntil: hold === undefined
      ? undefined
      : (hold + rules.preemptDelay - before.preemptDelay) as Instant,
  };
}

function notWhileListening(state: BackupState, deadline: Instant): Instant {
  return Math.max(deadline, state.listenUntil) as Instant;
}
