/**
 * One step of a virtual router: RFC 9568 6.4 as a pure function, state and event in, state and
 * effects out.
 */
import { earliest, type Instant } from "../time.ts";
import { backupDeadline, stepBackup } from "./backup.ts";
import type { Event } from "./event.ts";
import { handoffDeadline, stepHandoff } from "./handoff.ts";
import { stepFault, stepInit } from "./initialize.ts";
import { stepMaster } from "./master.ts";
import type { Rules } from "./rules.ts";
import type { State, Step } from "./state.ts";

/**
 * One step of RFC 9568 6.4 (with the verified errata) under `rules` at `now`. Never throws; an
 * event that means nothing in a state leaves the very same state object. Effects of each way out of
 * and into a state:
 *
 * - becoming master: send-advert, add-addresses, announce, transition; by a lease that a living
 *   master has given: add-addresses, announce, send-advert, transition
 * - going on as master after a restart: send-advert, add-addresses
 * - leaving master at once (stop, fault, sync group): remove-addresses, send-advert 0, transition
 * - leaving master for a successor (hand-over): remove-addresses, transition, once the successor
 *   was heard to announce itself
 * - yielding to a better master: remove-addresses, a last advert, transition
 * - yielding after a stall to the node that took over: remove-addresses, transition
 * - entering backup or fault from init: remove-addresses (a crash may have left some), transition
 */
export function step(state: State, event: Event, now: Instant, rules: Rules): Step {
  switch (state.kind) {
    case "init":
      return stepInit(state, event, now, rules);
    case "fault":
      return stepFault(state, event, now, rules);
    case "backup":
      return stepBackup(state, event, now, rules);
    case "master":
      return stepMaster(state, event, now, rules);
    case "handoff":
      return stepHandoff(state, event, now, rules);
  }
}

/** When the next "deadline" event is wanted; undefined: not before something else happens. */
export function nextDeadline(state: State): Instant | undefined {
  switch (state.kind) {
    case "init":
    case "fault":
      return undefined;
    case "backup":
      return backupDeadline(state);
    case "master":
      return earliest(state.advertAt, state.announceAt, state.renewAt);
    case "handoff":
      return handoffDeadline(state);
  }
}
