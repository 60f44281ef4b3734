/** What does a virtual router do next? RFC 9568 6.4 as a pure function: state and event in, state and effects out. */
import { earliest, type Instant, type Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";
import type { Advert } from "../wire/vrrp.ts";
import type { Announcements } from "./announcements.ts";
import { stepBackup } from "./backup.ts";
import type { Damping } from "./damping.ts";
import { askAt } from "./duplicate.ts";
import type { Cause, Effect, Fault, StateName } from "./effect.ts";
import { stepInit } from "./init.ts";
import { leavingDeadline } from "./leaving.ts";
import { stepMaster } from "./master.ts";
import type { Rules } from "./rules.ts";

/** The last advert that said somebody is master. */
export interface Heard {
  readonly source: Ip;
  /** 1-255. */
  readonly priority: number;
  /** As advertised: what tells whether it lives, whether or not it is obeyed. */
  readonly interval: Nanoseconds;
  readonly at: Instant;
}

/** The master that was obeyed last, and since when it has been heard. */
export interface Acquaintance {
  readonly source: Ip;
  readonly since: Instant;
}

/** Takes no part: not started, stopped, or (started, with faults) in fault. Started without faults does not occur. */
export interface InitState {
  readonly kind: "init";
  readonly started: boolean;
  readonly faults: readonly Fault[];
}

/** Watches a master, or the absence of one; holds no address. */
export interface BackupState {
  readonly kind: "backup";
  readonly since: Instant;
  /** When the master counts as gone. Meaningless while {@link awaitingGroup}. */
  readonly masterDownAt: Instant;
  /** The master's interval as learnt (v3), else one's own. */
  readonly masterInterval: Nanoseconds;
  /** No claim before this: whoever has just arrived listens for one whole master-down interval first. */
  readonly listenUntil: Instant;
  /** The last living master's last advert, obeyed or not. */
  readonly heard: Heard | undefined;
  /** {@link heard} loses against us and is not obeyed: masterDownAt keeps running. */
  readonly outranked: boolean;
  /** Who said with priority 0 that it leaves, until anybody is heard again. */
  readonly left: Ip | undefined;
  /** Its master-down has passed; it becomes master together with its sync group. */
  readonly awaitingGroup: boolean;
  /** Until then a living master of lower priority is obeyed (preempt_delay); undefined: not armed. */
  readonly preemptHoldUntil: Instant | undefined;
  /** initial_state = "master" and the first election is still open: preempts whatever preempt and preempt_delay say. */
  readonly eager: boolean;
  /** Undefined: none was obeyed yet. */
  readonly acquaintance: Acquaintance | undefined;
  /** Whether masters came and went too often of late. */
  readonly damping: Damping;
  /** What is left of the farewells that count although they are not the master's (budget.ts). */
  readonly farewellsPaid: Instant;
  /** How often the neighbours are still to be asked who has the addresses, before a claim (duplicate.ts). */
  readonly questions: number;
}

/** "asking": advertises priority 1, and backups that preempt take over. "offering": has said priority 0. */
export type Phase = "asking" | "offering";

/** A master that is on its way out, and keeps the addresses until somebody has taken over and said where they are (leaving.ts). */
export interface Leaving {
  /** Stop, handover or maintenance. */
  readonly why: Extract<Cause, { readonly kind: "stop" | "handover" | "maintenance" }>;
  readonly phase: Phase;
  /** The phases after this one, where nobody takes over. */
  readonly rest: readonly Phase[];
  /** When the phase ends without a successor; with one, when its announcement is not waited for any more. */
  readonly until: Instant;
  /** Undefined: nobody has taken over yet. */
  readonly successor: Successor | undefined;
}

/** Who has taken over from a master that leaves. */
export interface Successor {
  readonly source: Ip;
  /** What the one that leaves is when it has let go. */
  readonly next: InitState | BackupState;
  /** So long its announcement is waited for. */
  readonly until: Instant;
}

/** Holds the addresses and says so. */
export interface MasterState extends Announcements {
  readonly kind: "master";
  readonly since: Instant;
  /** When the next regular advert is due. */
  readonly advertAt: Instant;
  /** When which losing master was last answered; undefined: none was. */
  readonly answered: { readonly source: Ip; readonly at: Instant } | undefined;
  /** What is left of the adverts that rivals can provoke (budget.ts). */
  readonly answersPaid: Instant;
  readonly acquaintance: Acquaintance | undefined;
  readonly damping: Damping;
  /** When the lease of the addresses is to be renewed; undefined: they have none. */
  readonly renewAt: Instant | undefined;
  /** When the neighbours were last told because somebody else claimed an address; undefined: never. */
  readonly defendedAt: Instant | undefined;
  /** Undefined: it stays. */
  readonly leaving: Leaving | undefined;
}

/** The state of one virtual router. All of it: there is no flag beside it. */
export type State = InitState | BackupState | MasterState;

/** What can happen to a virtual router. */
export type Event =
  /** `cause` says why, where it is not a plain start. */
  | { readonly kind: "start"; readonly cause?: Cause }
  /** Go on as the master that a process before this one was, within the time in which nobody can have taken over. */
  | { readonly kind: "resume" }
  /** Leave as soon as somebody has taken over: to init for a stop and for maintenance, else to backup. */
  | { readonly kind: "hand-over"; readonly why: Leaving["why"] }
  /** Leave in order, at once. `cause` says why, where it is not a plain stop. */
  | { readonly kind: "stop"; readonly cause?: Cause }
  /** An advert that was admitted (receive.ts). `own` is the address that our adverts leave from. */
  | { readonly kind: "advert"; readonly advert: Advert; readonly source: Ip; readonly own: Ip }
  /** Packets were lost on their way in: the master's silence is not proven. */
  | { readonly kind: "overrun" }
  /** A deadline may have come; too early a call is harmless. */
  | { readonly kind: "deadline" }
  /** The complete list of present faults of its own; empty: cleared. A fault of kind "group" is kept, see below. */
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  /** The rules were replaced; `step` gets the new ones, these were in force until now. */
  | { readonly kind: "rules"; readonly before: Rules }
  /** Somebody else should be master now: give the addresses up, but stay in the election. */
  | { readonly kind: "release"; readonly cause: Cause }
  /** Somebody deleted a floating address, or its lease ran out. */
  | { readonly kind: "addresses-lost" }
  /** A link with floating addresses is not what it was: another MAC, another port, a carrier that came back. */
  | { readonly kind: "link-changed" }
  /** Somebody else on the link told the neighbours that it has one of the addresses. */
  | { readonly kind: "claimed" }
  /** Every member of the sync group is ready; `member` was the last. */
  | { readonly kind: "group-claim"; readonly member: string }
  /** `member` is not master any more. `patience`: how many master-down intervals to wait before the next claim, 1 or 2. */
  | { readonly kind: "group-release"; readonly member: string; readonly patience?: number }
  /** `member` of the sync group is in fault; undefined: none is. */
  | { readonly kind: "group-fault"; readonly member: string | undefined };

/** What `step` answers. */
export interface Step {
  readonly state: State;
  /** To be performed in this order. A transition comes last: what is urgent goes first, and hooks find the work done. */
  readonly effects: readonly Effect[];
}

/** The state before anything happened. */
export function initial(): State {
  return { kind: "init", started: false, faults: [] };
}

/**
 * One step of RFC 9568 6.4 (with the verified errata) under `rules` at `now`. Never throws; an event that means nothing in
 * a state leaves the very same state object. Effects of each way out of and into a state:
 *
 * - becoming master: send-advert, add-addresses, announce, transition
 * - going on as master after a restart: send-advert, add-addresses
 * - leaving master at once (stop, fault, sync group): remove-addresses, send-advert 0, transition
 * - leaving master for a successor (hand-over): remove-addresses, transition, once the successor was heard to announce itself
 * - yielding to a better master: remove-addresses, a last advert, transition
 * - yielding after a stall to whoever took over: remove-addresses, transition
 * - entering backup or fault from init: remove-addresses (a crash may have left some), transition
 */
export function step(state: State, event: Event, now: Instant, rules: Rules): Step {
  switch (state.kind) {
    case "init":
      return stepInit(state, event, now, rules);
    case "backup":
      return stepBackup(state, event, now, rules);
    case "master":
      return stepMaster(state, event, now, rules);
  }
}

/** When the next "deadline" event is wanted; undefined: not before something else happens. */
export function nextDeadline(state: State): Instant | undefined {
  switch (state.kind) {
    case "init":
      return undefined;
    case "backup":
      return state.awaitingGroup ? undefined : earliest(askAt(state), state.masterDownAt);
    case "master":
      return state.leaving === undefined
        ? earliest(state.advertAt, state.announceAt, state.renewAt)
        : earliest(leavingDeadline(state, state.leaving), state.renewAt);
  }
}

/** The state's name for people and scripts; "fault" is init with reasons. */
export function nameOf(state: State): StateName {
  if (state.kind !== "init") return state.kind;
  return state.started && state.faults.length > 0 ? "fault" : "init";
}
