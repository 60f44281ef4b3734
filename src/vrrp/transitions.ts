/** How does a virtual router pass from one state to another, and what has to be done on the way? */
import { type Ip, sameIp } from "../net/ip.ts";
import { after, type Instant, nanoseconds } from "../time.ts";
import { announceAgain, type Announced, burst } from "./announcements.ts";
import { calm } from "./damping.ts";
import { probesBeforeTakeover } from "./acd.ts";
import type { Cause, Effect, Fault, StateName } from "./event.ts";
import type { Acquaintance, BackupState, InitState, MasterState, State, Step } from "./state.ts";
import { masterDownOf } from "./intervals.ts";
import { nextRenewal } from "./lease.ts";
import { isOwner, type Rules } from "./rules.ts";

/** Nothing changes and nothing is to be done. */
export function unchanged(state: State): Step {
  return { state, effects: [] };
}

/** What is kept from a state to the next, of one that has nothing to keep. */
function fresh(now: Instant): Pick<BackupState, "acquaintance" | "damping"> {
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
 * To master. The advert goes first, so that rivals hear it soonest (RFC 9568 6.4.1 (110), 6.4.2 (365)); addresses are there before
 * they are announced. Own interval from now on, whatever was learnt.
 */
export function becomeMaster(
  from: StateName,
  cause: Cause,
  now: Instant,
  rules: Rules,
  before: Pick<BackupState, "acquaintance" | "damping"> = fresh(now),
): Step {
  const { announcements, effects } = burst(now);
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
      leaving: undefined,
      ...announcements,
    },
    effects: [
      { kind: "send-advert", priority: rules.priority },
      { kind: "add-addresses" },
      ...effects,
      { kind: "transition", from, to: "master", cause },
    ],
  };
}

/**
 * To master again, without a transition: the process before this one was it, and nobody can have taken over since its last advert
 * (daemon/resume.ts). The neighbours know where the addresses are, and so does everybody who is told of transitions.
 */
export function resumeMaster(now: Instant, rules: Rules): Step {
  const { state, effects } = becomeMaster("init", { kind: "start" }, now, rules);
  const kept = effects.filter(({ kind }) => kind === "send-advert" || kind === "add-addresses");
  return { state, effects: kept };
}

/**
 * Master still, after a time in which nobody took over: this node did not run, or was about to leave. The lease may have run out, and
 * rivals and neighbours may doubt.
 */
export function remainMaster(state: MasterState, now: Instant, rules: Rules): Step {
  const next = {
    ...state,
    leaving: undefined,
    advertAt: after(now, rules.advertInterval),
    renewAt: nextRenewal(now, rules),
  };
  const effects: readonly Effect[] = [
    { kind: "send-advert", priority: rules.priority },
    { kind: "add-addresses" },
  ];
  return announced(next, effects, announceAgain(state, now));
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
 * From init or fault into the protocol: an owner claims at once (RFC 9568 6.4.1), everyone else listens for one
 * master-down interval. An owner in a sync group is ready at once but waits for the others.
 */
export function enter(from: "init" | "fault", cause: Cause, now: Instant, rules: Rules): Step {
  if (isOwner(rules) && !rules.grouped) {
    return becomeMaster(from, cause.kind === "start" ? { kind: "owner" } : cause, now, rules);
  }
  const listen = isOwner(rules) ? nanoseconds(0) : masterDownOf(rules, rules.advertInterval);
  const listenUntil = after(now, listen);
  const state: BackupState = {
    ...newBackup(now, rules),
    masterDownAt: listenUntil,
    listenUntil,
    awaitingGroup: isOwner(rules),
    preemptOnce: cause.kind === "start" && rules.initialState === "master",
  };
  return {
    state,
    effects: [
      { kind: "remove-addresses" },
      { kind: "transition", from, to: "backup", cause },
    ],
  };
}

/** A backup that has heard nobody and has one master-down interval ahead. */
export function newBackup(now: Instant, rules: Rules): BackupState {
  return {
    kind: "backup",
    since: now,
    masterDownAt: after(now, masterDownOf(rules, rules.advertInterval)),
    masterInterval: rules.advertInterval,
    listenUntil: now,
    heard: undefined,
    outranked: false,
    left: undefined,
    awaitingGroup: false,
    preemptHoldUntil: undefined,
    preemptOnce: false,
    ...fresh(now),
    priorityZeroPaid: now,
    probesLeft: probesBeforeTakeover(rules),
  };
}

/** What a master does that leaves of its own accord: the addresses are gone before anyone is invited to take them. */
export function resignEffects(): readonly Effect[] {
  return [{ kind: "remove-addresses" }, { kind: "send-advert", priority: 0 }];
}

/** Out of the protocol from backup or master: by a fault, or by a stop (`faults` empty). */
export function withdraw(
  from: "backup" | "master",
  faults: readonly Fault[],
  cause: Cause,
): Step {
  const inFault = faults.length > 0;
  const state: InitState = { kind: "init", started: inFault, faults };
  const parting = from === "master" ? resignEffects() : [];
  return {
    state,
    effects: [...parting, { kind: "transition", from, to: inFault ? "fault" : "init", cause }],
  };
}

/** The fault that a member of a sync group has because another member has one. */
export function groupFault(member: string): Fault {
  return { kind: "group", message: `${member}, a member of the same group, is in fault` };
}
