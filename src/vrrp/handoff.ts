/**
 * Handoff: a master on its way out keeps the addresses until a successor has announced them
 * (decision 0010). In the phase "solicit" it advertises priority 1, in "resign" it has said
 * priority 0.
 */
import { after, earliest, type Instant, milliseconds, nanoseconds } from "../time.ts";
import { sameIp } from "../net/ip.ts";
import { announceAgain } from "./announcements.ts";
import { backupDeadline, hearAsBackup } from "./backup.ts";
import type { Event, Opinion } from "./event.ts";
import { adaptToRules, stepMaster } from "./master.ts";
import type { HandoffState, Step, Successor } from "./state.ts";
import { isRenewalDue, nextRenewal, nextSilentRenewal } from "./lease.ts";
import {
  announced,
  beginHandoff,
  enterPhase,
  handoffPriority,
  leave,
  newBackup,
  remainMaster,
  RESIGN,
  restoreAddresses,
  STOPPED,
  unchanged,
} from "./transitions.ts";
import type { Rules } from "./rules.ts";

/**
 * A successor says first that it is master, then puts the addresses on its interface and announces
 * them, which takes a busy one many milliseconds. So long its announcement is waited for at most,
 * and not longer than until its next advert.
 */
export const ARRIVAL = milliseconds(200);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** {@link ./step.ts} `step` in a handoff. */
export function stepHandoff(state: HandoffState, event: Event, now: Instant, rules: Rules): Step {
  const { master, successor, why, phase } = state;
  switch (event.kind) {
    case "advert":
      return unchanged(hearSuccessor(state, event, now, rules));
    case "reports":
      return unchanged(hearReports(state, event.opinion, now, rules));
    case "address-conflict":
      // A successor announces itself: from now on no traffic comes here.
      return successor === undefined ? unchanged(state) : letGo(why, successor);
    case "deadline":
      return onDeadline(state, now, rules);
    case "hand-over":
      return event.why.kind === why.kind
        ? unchanged(state)
        : beginHandoff(master, event.why, now, rules);
    case "group-release":
      return unchanged(released(state, now, rules));
    case "lease-ended":
      return { ...leave(nextOf(why, now, rules), event), effects: RESIGN };
    case "wished": {
      const cause = { ...why, successor: event.successor };
      return leave(nextOf(why, now, rules), cause);
    }
    case "rules":
      return within(state, adaptToRules(master, event.before, handoffPriority(phase), now, rules));
    case "addresses-lost":
      return within(state, restoreAddresses(master, now, rules));
    case "link-changed":
      return within(state, announced(master, [], announceAgain(master, now)));
    case "stop":
    case "faults":
    case "group-fault":
    case "release":
      return within(state, stepMaster(master, event, now, rules));
    default:
      return unchanged(state);
  }
}

/** `step` of the master within `state`: while it is master, the handoff goes on. */
function within(state: HandoffState, step: Step): Step {
  if (step.state.kind !== "master") return step;
  return step.state === state.master ? unchanged(state) : {
    ...step,
    state: { ...state, master: step.state },
  };
}

/** When something is to be done next in a handoff. */
export function handoffDeadline(state: HandoffState): Instant | undefined {
  const { master: { advertAt, renewAt } } = state;
  return earliest(endOf(state), isSoliciting(state) ? advertAt : undefined, renewAt);
}

/**
 * When it does not wait any longer: for a node to take over, or for the successor to announce
 * itself.
 */
function endOf({ until, successor }: HandoffState): Instant {
  return successor?.until ?? until;
}

/** Does it say so again and again? No node has an interest in that once there is a successor. */
function isSoliciting({ phase, successor }: HandoffState): boolean {
  return phase === "solicit" && successor === undefined;
}

/** The advert of another master: it has taken over, whichever node it is. */
function hearSuccessor(
  state: HandoffState,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): HandoffState {
  const { successor: before, why } = state;
  const { source, advert: { priority, interval } } = event;
  if (priority === 0) {
    const isGone = before !== undefined && sameIp(before.source, source);
    // It waits for another one as long as it would have without this one.
    return isGone ? { ...state, successor: undefined } : state;
  }
  const backup = before?.next.kind === "backup" ? before.next : newBackup(now, rules);
  const next = why.kind === "handover" ? hearAsBackup(backup, event, now, rules) : STOPPED;
  const patience = nanoseconds(Math.min(ARRIVAL, interval));
  const until = before?.until ?? after(now, patience);
  return { ...state, successor: { source, next, until } };
}

/** Another node reports that it is master: its adverts, if they do not arrive, are not needed. */
function hearReports(
  state: HandoffState,
  opinion: Opinion | undefined,
  now: Instant,
  rules: Rules,
): HandoffState {
  const { successor, why } = state;
  if (opinion?.kind !== "holds" || successor !== undefined) return state;
  const next = nextOf(why, now, rules);
  const patience = nanoseconds(Math.min(ARRIVAL, rules.advertInterval));
  return { ...state, successor: { source: opinion.source, next, until: after(now, patience) } };
}

/**
 * `successor`, unless its time is over, or nearly: then this node did not run meanwhile, and
 * listens again.
 */
function present(successor: Successor, now: Instant, rules: Rules): Successor {
  const { next } = successor;
  if (next.kind === "init" || (backupDeadline(next) ?? Infinity) > now) return successor;
  return { ...successor, next: newBackup(now, rules) };
}

function letGo(why: HandoffState["why"], { source, next }: Successor): Step {
  return leave(next, { ...why, successor: source });
}

/**
 * Another member of the sync group was succeeded first: the node that has that one takes all, and
 * is about to announce this one's addresses too.
 */
function released(state: HandoffState, now: Instant, rules: Rules): HandoffState {
  if (state.isReleased) return state;
  const patience = nanoseconds(Math.min(ARRIVAL, rules.advertInterval));
  const until = earliest(state.until, after(now, patience)) ?? now;
  return { ...state, isReleased: true, until };
}

/** No successor was heard: it goes all the same. */
function leaveWithGroup({ why }: HandoffState, now: Instant, rules: Rules): Step {
  return { ...leave(nextOf(why, now, rules), why), effects: RESIGN };
}

/** What this node is once it has let go, where it has not heard the successor yet. */
function nextOf(why: HandoffState["why"], now: Instant, rules: Rules): Successor["next"] {
  return why.kind === "handover" ? newBackup(now, rules) : STOPPED;
}

function onDeadline(state: HandoffState, now: Instant, rules: Rules): Step {
  if (now >= endOf(state)) return endPhase(state, now, rules);
  const { master, phase } = state;
  const due = isSoliciting(state) && now >= master.advertAt;
  const renew = isRenewalDue(master.renewAt, due, now, rules);
  if (!due && !renew) return unchanged(state);
  const next = isSoliciting(state) ? nextRenewal : nextSilentRenewal;
  return {
    state: {
      ...state,
      master: {
        ...master,
        advertAt: due ? after(now, rules.advertInterval) : master.advertAt,
        renewAt: renew ? next(now, rules) : master.renewAt,
      },
    },
    effects: [
      ...(due ? [{ kind: "send-advert", priority: handoffPriority(phase) } as const] : []),
      ...(renew ? [{ kind: "renew-addresses" } as const] : []),
    ],
  };
}

/**
 * No node took over in this phase, or none was heard to announce itself. In the end a node that
 * stops goes all the same; one that was only asked to let another node take over stays.
 */
function endPhase(state: HandoffState, now: Instant, rules: Rules): Step {
  const { master, why, rest: [next, ...rest], successor } = state;
  if (successor !== undefined) return letGo(why, present(successor, now, rules));
  if (state.isReleased) return leaveWithGroup(state, now, rules);
  if (next !== undefined) return enterPhase(master, why, next, rest, now, rules);
  if (why.kind !== "stop") return remainMaster(master, now, rules);
  return leave(STOPPED, why);
}
