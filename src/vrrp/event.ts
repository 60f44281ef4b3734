/** Events of a virtual router, and what a step answers to one. */
import type { Ip } from "../net/ip.ts";
import type { Advert } from "../wire/vrrp.ts";
import type { Cause, Effect, Fault } from "./effect.ts";
import type { Rules } from "./rules.ts";
import type { Leaving, State } from "./state.ts";

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
