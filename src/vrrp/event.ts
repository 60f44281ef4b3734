/** Events of a virtual router, effects, the causes of transitions, and faults. */
import type { Ip } from "../net/ip.ts";
import type { Instant, Nanoseconds } from "../time.ts";
import type { Advert } from "../wire/vrrp.ts";
import type { Rules } from "./rules.ts";

/** What can happen to a virtual router. */
export type Event =
  /** `cause` says why, where it is not a plain start. */
  | { readonly kind: "start"; readonly cause?: Cause }
  /**
   * Go on as the master that a process before this one was, within the time in which no node can
   * have taken over.
   */
  | { readonly kind: "resume" }
  /**
   * Leave as soon as another node has taken over: to init for a stop and for maintenance, else to
   * backup.
   */
  | { readonly kind: "hand-over"; readonly why: HandoffReason }
  /** Leave in order, at once. `cause` says why, where it is not a plain stop. */
  | { readonly kind: "stop"; readonly cause?: Cause }
  /**
   * An advert that was admitted (validate_advert.ts). `own` is the address that our adverts leave
   * from. `isUnproved`: its sender takes no advert of ours yet, so that two masters would not hear
   * each other; default: it does.
   */
  | {
    readonly kind: "advert";
    readonly advert: Advert;
    readonly source: Ip;
    readonly own: Ip;
    readonly isUnproved?: boolean;
  }
  /** Packets were lost on their way in: the master's silence is not proven. */
  | { readonly kind: "overrun" }
  /**
   * A deadline may have come; too early a call is harmless. `opinion`: of the holder, by what the
   * nodes report; undefined: they say nothing. `permit`: the lease of exclusive addresses is held.
   */
  | {
    readonly kind: "deadline";
    readonly opinion?: Opinion | undefined;
    readonly permit?: boolean;
  }
  /** The lease of exclusive addresses is held: what waited for it may be done. */
  | { readonly kind: "permit" }
  /** The lease of exclusive addresses is not held any more; `words` say why. */
  | { readonly kind: "lease-ended"; readonly words: string }
  /** The node at `successor` wishes to hold the exclusive addresses in place of this one. */
  | { readonly kind: "wished"; readonly successor: Ip }
  /** A report came that may say something new. `own` is the address that our adverts leave from. */
  | { readonly kind: "reports"; readonly opinion: Opinion | undefined; readonly own: Ip }
  /**
   * The complete list of present faults of its own; empty: cleared. A fault of kind "group" is
   * kept, see below.
   */
  | { readonly kind: "faults"; readonly faults: readonly Fault[] }
  /** The rules were replaced; `step` gets the new ones, these were in force until now. */
  | { readonly kind: "rules"; readonly before: Rules }
  /** Another node should be master now: give the addresses up, but stay in the election. */
  | { readonly kind: "release"; readonly cause: Cause }
  /** A floating address was deleted, or its lease ran out. */
  | { readonly kind: "addresses-lost" }
  /**
   * A link with floating addresses is not what it was: another MAC, another port, a carrier that
   * came back.
   */
  | { readonly kind: "link-changed" }
  /** Another machine on the link told the neighbours that it has one of the addresses. */
  | { readonly kind: "address-conflict" }
  /** Every member of the sync group is ready; `member` was the last. */
  | { readonly kind: "group-claim"; readonly member: string; readonly permit?: boolean }
  /**
   * `member` is not master any more. `patience`: how many master-down intervals to wait before the
   * next claim, 1 or 2.
   */
  | { readonly kind: "group-release"; readonly member: string; readonly patience?: number }
  /** `member` of the sync group is in fault; undefined: none is. */
  | { readonly kind: "group-fault"; readonly member: string | undefined };

/** What the nodes report of the holder of the addresses, as far as their reports are fresh. */
export type Opinion =
  /** A node holds them, and its LAN and gateway are as good as this node's. */
  | {
    readonly kind: "holds";
    /** Where its adverts come from. */
    readonly source: Ip;
    /** 1-255. */
    readonly priority: number;
    /** When the report came. */
    readonly at: Instant;
    /** It has the LAN or the gateway that this node has lost. */
    readonly isBetterPlaced: boolean;
  }
  /** The node that was known by its reports is not to be waited for any more. */
  | { readonly kind: "gone"; readonly source: Ip; readonly says: Says };

/**
 * What a master reports that cannot hold the addresses: it let go, or its LAN or gateway is gone
 * while this node's is there.
 */
export type Says = "released" | "no-lan" | "no-gateway";

/** The names of the states, as people and scripts see them. */
export type StateName = "init" | "backup" | "master" | "fault";

/** A reason why an instance cannot take part now. One per kind and object at a time. */
export interface Fault {
  readonly kind:
    | "identity" // none of this machine's addresses is in [nodes] yet
    | "interface-missing"
    | "link-down" // switched off
    | "no-carrier" // cable unplugged
    | "source-missing" // no address to send adverts from
    | "own-address" // a floating address is this machine's own, or its gateway's
    | "ipv6-off" // the link takes no IPv6 address
    | "kernel" // the kernel refused an effect
    | "other-process" // another daemon of this machine runs it
    | "group" // another member of the sync group is in fault
    | "check" // a health check failed
    | "check-pending"; // a health check has no result yet
  /** For people: "eth0 has no carrier (cable unplugged?)". */
  readonly message: string;
}

/**
 * Why a transition happened, with its evidence. `formatCause` of cause_text.ts puts it into a
 * sentence.
 */
export type Cause =
  | { readonly kind: "start" }
  /** `successor`: the node that took over before the addresses were given up. */
  | { readonly kind: "stop"; readonly successor?: Ip }
  | { readonly kind: "owner" } // priority 255 claims at once
  | { readonly kind: "nobody-heard"; readonly listened: Nanoseconds }
  | { readonly kind: "master-silent"; readonly master: Ip; readonly silence: Nanoseconds }
  | { readonly kind: "master-left"; readonly master: Ip } // it sent priority 0
  /** Its adverts stayed away for `silence`, and now its reports have, for `unreported`. */
  | {
    readonly kind: "reports-ended";
    readonly master: Ip;
    readonly silence: Nanoseconds;
    readonly unreported: Nanoseconds;
  }
  /** Its adverts stay away, and it reports that it cannot hold the addresses any more. */
  | { readonly kind: "reported-gone"; readonly master: Ip; readonly says: Says }
  /** It reports that it is master too, its adverts stay away, and it comes before this node. */
  | { readonly kind: "reported-master"; readonly master: Ip; readonly priority: number }
  // This node is better.
  | { readonly kind: "preempted-master"; readonly master: Ip; readonly priority: number }
  // The other is better.
  | { readonly kind: "better-master"; readonly master: Ip; readonly priority: number }
  // Its priority is equal and its address higher.
  | { readonly kind: "tie-lost"; readonly master: Ip; readonly priority: number }
  | { readonly kind: "fault"; readonly faults: readonly Fault[] }
  /** Exclusive addresses: the lease came to its end; `words`: by what the voters say. */
  | { readonly kind: "lease-ended"; readonly words: string }
  /** Exclusive addresses: a node that comes before this one asked for them. */
  | { readonly kind: "wished"; readonly successor: Ip }
  | { readonly kind: "faults-cleared" }
  | { readonly kind: "group"; readonly member: string } // followed the sync group
  /** The instance is gone from the configuration, or starts again; `what` says what changed. */
  | { readonly kind: "reconfigured"; readonly what: string }
  /**
   * A check failed, and another node's priority is higher now; `reason`: which and why, or empty.
   */
  | {
    readonly kind: "outranked";
    readonly priority: number;
    readonly by: readonly string[];
    readonly reason: string;
  }
  /** A person asked for it; `successor` has taken over. */
  /** `chosen`: by its name, and the other nodes stand aside. */
  | { readonly kind: "handover"; readonly chosen?: boolean; readonly successor?: Ip }
  | { readonly kind: "maintenance"; readonly successor?: Ip }
  | { readonly kind: "maintenance-over" }
  /**
   * No transition: the process was another one, `elapsed` after whose last advert this one went on.
   */
  | { readonly kind: "resumed"; readonly elapsed: Nanoseconds }
  /** This node did not run (frozen, suspended) for `silence`, and meanwhile `master` took over. */
  | {
    readonly kind: "stalled";
    readonly master: Ip;
    readonly priority: number;
    readonly silence: Nanoseconds;
  };

/** Why a master leaves for a successor: a stop, a handover or maintenance. */
export type HandoffReason = Extract<Cause, { readonly kind: "stop" | "handover" | "maintenance" }>;

/** One thing to be done or told, in the order given. */
export type Effect = Action | Question | Observation;

/** What the engine knows and the daemon counts or tells; nothing is to be done. */
export type Observation =
  /** From one advert of the master to the next. */
  | { readonly kind: "advert-gap"; readonly gap: Nanoseconds }
  | NearMiss
  | AdvertsLost
  | Rival;

const OBSERVATIONS: Readonly<Record<Observation["kind"], true>> = {
  "advert-gap": true,
  "near-miss": true,
  "adverts-lost": true,
  "rival": true,
};

/** Is `effect` only to be counted or told? */
export function isObservation(effect: Effect): effect is Observation {
  return effect.kind in OBSERVATIONS;
}

/**
 * The master's advert came late: less than one of its intervals was left. One more lost advert
 * would have made two masters.
 */
export interface NearMiss {
  readonly kind: "near-miss";
  readonly master: Ip;
  /** From its advert before to this one. */
  readonly silence: Nanoseconds;
  /** The silence after which this node would have taken over. */
  readonly limit: Nanoseconds;
}

/**
 * The master's adverts stayed away for a master-down interval, and it reports that it holds the
 * addresses: without that report there would be two masters now.
 */
export interface AdvertsLost {
  readonly kind: "adverts-lost";
  readonly master: Ip;
  /** Since its last advert, or since this node became backup where none came. */
  readonly silence: Nanoseconds;
  /** The silence after which this node would have taken over. */
  readonly limit: Nanoseconds;
}

/** This node is master, and another one that loses against it says that it is. */
export interface Rival {
  readonly kind: "rival";
  readonly source: Ip;
  readonly priority: number;
  readonly interval: Nanoseconds;
}

/** The other nodes are to be asked for their reports, on every link. */
export interface Question {
  readonly kind: "ask-nodes";
}

/** One thing to be done on the network. */
export type Action =
  /**
   * Send an advert now; 0 says "I am leaving". `interval`: what it says where that is not our own.
   */
  | { readonly kind: "send-advert"; readonly priority: number; readonly interval?: Nanoseconds }
  /** Put them there, for the time of a lease. */
  | { readonly kind: "add-addresses" }
  /** They are there: have the kernel keep them for another lease. */
  | { readonly kind: "renew-addresses" }
  /** Ask the neighbours who has them. */
  | { readonly kind: "probe-addresses" }
  | { readonly kind: "remove-addresses" }
  /** One burst of gratuitous ARP or unsolicited NA (`count` frames for each address). */
  | { readonly kind: "announce"; readonly count: number };

/**
 * A change of state as people and scripts see it: the one source of log line, counter, hook,
 * history and notification.
 */
export interface Transition {
  readonly from: StateName;
  readonly to: StateName;
  readonly cause: Cause;
}
