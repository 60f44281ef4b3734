/** State of one virtual router (RFC 9568 6.4): a union whose variants carry exactly their own data. */
import type { Ip } from "../net/ip.ts";
import type { Instant, Nanoseconds } from "../time.ts";
import type { Announcements } from "./announcements.ts";
import type { Damping } from "./damping.ts";
import type { Effect, Fault, HandoffReason, StateName } from "./event.ts";

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
  readonly preemptOnce: boolean;
  /** Undefined: none was obeyed yet. */
  readonly acquaintance: Acquaintance | undefined;
  /** Whether masters came and went too often of late. */
  readonly damping: Damping;
  /** What is left of the farewells that count although they are not the master's (budget.ts). */
  readonly priorityZeroPaid: Instant;
  /** How often the neighbours are still to be asked who has the addresses, before a claim (acd.ts). */
  readonly probesLeft: number;
}

/** "solicit": advertises priority 1, and backups that preempt take over. "resign": has said priority 0. */
export type HandoffPhase = "solicit" | "resign";

/** A master that is on its way out, and keeps the addresses until somebody has taken over and said where they are (handoff.ts). */
export interface Handoff {
  readonly why: HandoffReason;
  readonly phase: HandoffPhase;
  /** The phases after this one, where nobody takes over. */
  readonly rest: readonly HandoffPhase[];
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
  readonly leaving: Handoff | undefined;
}

/** The state of one virtual router. All of it: there is no flag beside it. */
export type State = InitState | BackupState | MasterState;

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

/** The state's name for people and scripts; "fault" is init with reasons. */
export function nameOf(state: State): StateName {
  if (state.kind !== "init") return state.kind;
  return state.started && state.faults.length > 0 ? "fault" : "init";
}
