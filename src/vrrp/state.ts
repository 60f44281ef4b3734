/**
 * States of one virtual router (RFC 9568 6.4), and what a step answers. Each variant carries
 * exactly its own data: there is no flag beside them, and none in them that another one makes
 * meaningless.
 */
import type { Ip } from "../net/ip.ts";
import type { Instant, Nanoseconds } from "../time.ts";
import type { Announcements } from "./announcements.ts";
import type { Damping } from "./damping.ts";
import type { Effect, Fault, HandoffReason, Says, StateName, Transition } from "./event.ts";

/** The last advert of a master. */
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

/** What goes along from backup to master and back. */
export interface Memory {
  /** Undefined: no master was obeyed yet. */
  readonly acquaintance: Acquaintance | undefined;
  /** Whether masters came and went too often of late. */
  readonly damping: Damping;
}

/** Not started, or stopped. */
export interface InitState {
  readonly kind: "init";
  /** What keeps it from taking part once it is started. */
  readonly faults: readonly Fault[];
}

/** Started, and kept from taking part. */
export interface FaultState {
  readonly kind: "fault";
  /** At least one. */
  readonly faults: readonly Fault[];
}

/** What a backup knows of the master. */
export type KnownMaster =
  /**
   * Nothing yet. `probesLeft`: how often the neighbours are still to be asked who has the addresses
   * (acd.ts).
   */
  | { readonly kind: "unknown"; readonly probesLeft: number }
  /** Its adverts restart the master-down timer. */
  | { readonly kind: "obeyed"; readonly heard: Heard; readonly probesLeft: number }
  /** It loses against this backup: the timer keeps running. */
  | { readonly kind: "outranked"; readonly heard: Heard }
  /** It said priority 0, and no master was heard since. */
  | { readonly kind: "resigned"; readonly source: Ip; readonly at: Instant }
  /** Its adverts stay away, and its reports say that it is there (opinion.ts). */
  | Reported;

/** A master that is known by its reports. */
export interface Reported {
  readonly kind: "reported";
  /** Where its adverts would come from. */
  readonly source: Ip;
  /** 1-255. */
  readonly priority: number;
  /** When its last report came. */
  readonly at: Instant;
  /** The last advert of the master before; undefined: none came since this node became backup. */
  readonly heard: Heard | undefined;
  /** Why it does not hold the addresses any more; undefined: it holds them. */
  readonly gone: Says | undefined;
}

/**
 * What a backup wants of the lease of exclusive addresses: nothing yet, to have it in a moment, or
 * to take over as soon as it has it (claim.ts).
 */
export type Claim = "ahead" | "asked" | "due";

/** Watches a master, or the absence of one; holds no address. */
export interface BackupState extends Memory {
  readonly kind: "backup";
  readonly since: Instant;
  readonly master: KnownMaster;
  /**
   * When the master counts as gone; undefined: it does, and this node takes over together with its
   * sync group.
   */
  readonly masterDownAt: Instant | undefined;
  /** How often the other nodes are still to be asked before it takes over (opinion.ts). */
  readonly asksLeft: number;
  /** The master's interval as learnt (v3), else one's own. */
  readonly masterInterval: Nanoseconds;
  /**
   * It takes over no earlier: a node that has just arrived listens for one whole master-down
   * interval first.
   */
  readonly listenUntil: Instant;
  /**
   * Until then a living master of lower priority is obeyed (preempt_delay); undefined: not armed.
   */
  readonly preemptHoldUntil: Instant | undefined;
  /**
   * initial_state = "master" and the first election is still open: preempts whatever preempt and
   * preempt_delay say.
   */
  readonly preemptOnce: boolean;
  /**
   * What is left of the priority-0 adverts that count although they are not the master's
   * (budget.ts).
   */
  readonly priorityZeroPaid: Instant;
  /** Of exclusive addresses alone. */
  readonly claim?: Claim;
}

/** Holds the addresses and says so. */
export interface MasterState extends Memory, Announcements {
  readonly kind: "master";
  readonly since: Instant;
  /** When the next regular advert is due. */
  readonly advertAt: Instant;
  /** When which losing master was last answered; undefined: none was. */
  readonly answered: { readonly source: Ip; readonly at: Instant } | undefined;
  /** What is left of the adverts that rivals can provoke (budget.ts). */
  readonly answersPaid: Instant;
  /** When the lease of the addresses is to be renewed; undefined: they have none. */
  readonly renewAt: Instant | undefined;
  /**
   * When the neighbours were last told because another machine claimed an address; undefined:
   * never.
   */
  readonly defendedAt: Instant | undefined;
  /** What reports say of another master; undefined: they know of none. */
  readonly contested: Contest | undefined;
}

/** Reports, not adverts, say that another node is master too. */
export interface Contest {
  readonly source: Ip;
  /** When the first and the last of such reports came, without a break between them. */
  readonly since: Instant;
  readonly at: Instant;
}

/**
 * "solicit": advertises priority 1, and backups that preempt take over. "resign": has said priority
 * 0.
 */
export type HandoffPhase = "solicit" | "resign";

/**
 * A master on its way out: it keeps the addresses until a successor has announced them
 * (handoff.ts).
 */
export interface HandoffState {
  readonly kind: "handoff";
  readonly why: HandoffReason;
  /** The master that it was, and is again where no node takes over. */
  readonly master: MasterState;
  readonly phase: HandoffPhase;
  /** The phases after this one, where no node takes over. */
  readonly rest: readonly HandoffPhase[];
  /**
   * When the phase ends without a successor; with one, when its announcement is not waited for any
   * more.
   */
  readonly until: Instant;
  /** Undefined: no node has taken over yet. */
  readonly successor: Successor | undefined;
  /** Another member of its sync group has let go: it goes too, with a successor or without. */
  readonly isReleased?: boolean;
}

/** The node that has taken over in a handoff. */
export interface Successor {
  readonly source: Ip;
  /** What this node is once it has let go. */
  readonly next: InitState | BackupState;
  /** So long its announcement is waited for. */
  readonly until: Instant;
}

/** The state of one virtual router. */
export type State = InitState | FaultState | BackupState | MasterState | HandoffState;

/** What `step` answers. */
export interface Step {
  readonly state: State;
  /** To be performed in this order. */
  readonly effects: readonly Effect[];
  /** To be told after the effects: what is urgent goes first, and hooks find the work done. */
  readonly transition?: Transition;
}

/** The state before anything happened. */
export function initial(): State {
  return { kind: "init", faults: [] };
}

/** The state's name for people and scripts; a master in a handoff is a master. */
export function nameOf({ kind }: State): StateName {
  return kind === "handoff" ? "master" : kind;
}

/** Does it hold the addresses, whether or not it is about to give them up? */
export function isHolder(state: State): state is MasterState | HandoffState {
  return state.kind === "master" || state.kind === "handoff";
}

/** Does it take no part, whether it is in fault or not started? */
export function isOut(state: State): state is InitState | FaultState {
  return state.kind === "init" || state.kind === "fault";
}

/** The last advert of the master that a backup knows; undefined: it knows none, or is no backup. */
export function heardOf(state: State): Heard | undefined {
  if (state.kind !== "backup") return undefined;
  const { master } = state;
  return master.kind === "unknown" || master.kind === "resigned" ? undefined : master.heard;
}

/** The master that a backup believes in, by its adverts or its reports; undefined: in none. */
export function masterOf(state: State): Pick<Heard, "source" | "priority"> | undefined {
  if (state.kind === "backup" && state.master.kind === "reported") {
    return state.master.gone === undefined ? state.master : undefined;
  }
  return heardOf(state);
}

/** The master that was obeyed last, before or since this node became one. */
export function acquaintanceOf(state: State): Acquaintance | undefined {
  switch (state.kind) {
    case "init":
    case "fault":
      return undefined;
    case "handoff":
      return state.master.acquaintance;
    case "backup":
    case "master":
      return state.acquaintance;
  }
}
