/**
 * A master that leaves: it keeps the addresses until another node has announced them (decision 0010). Handover and maintenance
 * begin with priority 1 ("solicit"), a stop with priority 0 ("resign").
 */
import {
  after,
  earliest,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../time.ts";
import { sameIp } from "../net/ip.ts";
import { hearAsBackup } from "./backup.ts";
import { probeAt } from "./acd.ts";
import { LEAVING_PRIORITY } from "./election.ts";
import type { Cause, Effect, Event, HandoffReason, StateName } from "./event.ts";
import type {
  Handoff,
  HandoffPhase,
  InitState,
  MasterState,
  State,
  Step,
  Successor,
} from "./state.ts";
import { masterDown, skew } from "./intervals.ts";
import { isRenewalDue, nextRenewal } from "./lease.ts";
import { newBackup, remainMaster, resignEffects, unchanged } from "./transitions.ts";
import type { Rules } from "./rules.ts";

/** For a backup's timer and the way of its first advert. */
const SLACK = milliseconds(200);

/**
 * A successor says first that it is master, then puts the addresses on its interface and announces them, which takes a busy one
 * many milliseconds. So long its announcement is waited for at most, and not longer than until its next advert.
 */
const ARRIVAL = milliseconds(200);

/** Nobody is asked longer than this: with long intervals priority 0 is the first word. */
const LONGEST_ASKING = seconds(10);

type AdvertEvent = Extract<Event, { kind: "advert" }>;

/** Begins to leave. */
export function beginHandoff(
  state: MasterState,
  why: HandoffReason,
  now: Instant,
  rules: Rules,
): Step {
  const [first, ...rest] = phasesOf(why, rules);
  return first === undefined ? unchanged(state) : enterPhase(state, why, first, rest, now, rules);
}

/** A lost packet is made up for once. */
const STOPPING: readonly HandoffPhase[] = ["resign", "resign"];

function phasesOf({ kind }: HandoffReason, rules: Rules): readonly HandoffPhase[] {
  if (kind === "stop") return STOPPING;
  return rules.preempt && longestWait(rules) <= LONGEST_ASKING ? ["solicit", "resign"] : ["resign"];
}

function enterPhase(
  state: MasterState,
  why: HandoffReason,
  phase: HandoffPhase,
  rest: readonly HandoffPhase[],
  now: Instant,
  rules: Rules,
): Step {
  const asking = phase === "solicit";
  const until = after(now, asking ? longestWait(rules) : longestSkew(rules));
  return {
    state: {
      ...state,
      leaving: { why, phase, rest, until, successor: undefined },
      advertAt: after(now, rules.advertInterval),
      renewAt: nextRenewal(now, rules),
    },
    effects: [
      { kind: "send-advert", priority: asking ? LEAVING_PRIORITY : 0 },
      { kind: "renew-addresses" },
    ],
  };
}

/** When something is to be done for leaving itself. */
export function handoffDeadline(state: MasterState, leaving: Handoff): Instant | undefined {
  return speaks(leaving) ? earliest(state.advertAt, leaving.until) : endOf(leaving);
}

/** When it does not wait any longer: for somebody to take over, or for the successor to announce itself. */
function endOf({ until, successor }: Handoff): Instant {
  return successor?.until ?? until;
}

/** Does it say so again and again? Nobody has an interest in that once there is a successor. */
function speaks({ phase, successor }: Handoff): boolean {
  return phase === "solicit" && successor === undefined;
}

/** A rival's advert: it has taken over, whoever it is. */
export function hearSuccessor(
  state: MasterState,
  leaving: Handoff,
  event: AdvertEvent,
  now: Instant,
  rules: Rules,
): Step {
  const { successor: before, why } = leaving;
  if (event.advert.priority === 0) {
    const isGone = before !== undefined && sameIp(before.source, event.source);
    return isGone ? loseSuccessor(state, leaving) : unchanged(state);
  }
  const resting = before?.next.kind === "backup" ? before.next : newBackup(now, rules);
  const next: Successor["next"] = why.kind === "handover"
    ? hearAsBackup(resting, event, now, rules)
    : OUT;
  const patience = nanoseconds(Math.min(ARRIVAL, event.advert.interval));
  const until = before?.until ?? after(now, patience);
  const successor: Successor = { source: event.source, next, until };
  return unchanged({ ...state, leaving: { ...leaving, successor } });
}

/** It leaves again before this node has let go, which waits for somebody else as long as it would have without it. */
function loseSuccessor(state: MasterState, leaving: Handoff): Step {
  return unchanged({ ...state, leaving: { ...leaving, successor: undefined } });
}

/** Somebody tells the neighbours that it has an address: the successor, if there is one. From now on nobody comes here. */
export function onAnnouncement(state: MasterState, leaving: Handoff): Step {
  return leaving.successor === undefined ? unchanged(state) : letGo(leaving, leaving.successor);
}

/** Is the successor's time over, or nearly? Then this node did not run meanwhile, and listens anew. */
function present(successor: Successor, now: Instant, rules: Rules): Successor {
  const { next } = successor;
  if (next.kind === "init" || (probeAt(next) ?? next.masterDownAt) > now) return successor;
  return { ...successor, next: newBackup(now, rules) };
}

function letGo({ why }: Handoff, { source, next }: Successor): Step {
  const cause: Cause = { ...why, successor: source };
  return { state: next, effects: [{ kind: "remove-addresses" }, transition(next, cause)] };
}

/** Another member of the sync group was succeeded first: whoever has that one takes all. */
export function leaveWithGroup(leaving: Handoff, now: Instant, rules: Rules): Step {
  const next: State = leaving.why.kind === "handover" ? newBackup(now, rules) : OUT;
  return { state: next, effects: [...resignEffects(), transition(next, leaving.why)] };
}

/** A deadline of a master that leaves. */
export function onHandoffDeadline(
  state: MasterState,
  leaving: Handoff,
  now: Instant,
  rules: Rules,
): Step {
  if (now >= endOf(leaving)) return endPhase(state, leaving, now, rules);
  const due = speaks(leaving) && now >= state.advertAt;
  const renew = isRenewalDue(state.renewAt, due, now, rules);
  return {
    state: {
      ...state,
      advertAt: due ? after(now, rules.advertInterval) : state.advertAt,
      renewAt: renew ? nextRenewal(now, rules) : state.renewAt,
    },
    effects: [
      ...(due ? [{ kind: "send-advert", priority: LEAVING_PRIORITY } as const] : []),
      ...(renew ? [{ kind: "renew-addresses" } as const] : []),
    ],
  };
}

/** Nobody took over in this phase, or nobody was heard to announce itself. In the end who stops goes all the same; who was only asked to stand aside stays. */
function endPhase(state: MasterState, leaving: Handoff, now: Instant, rules: Rules): Step {
  const { why, rest: [next, ...rest], successor } = leaving;
  if (successor !== undefined) return letGo(leaving, present(successor, now, rules));
  if (next !== undefined) return enterPhase(state, why, next, rest, now, rules);
  if (why.kind !== "stop") return remainMaster(state, now, rules);
  return { state: OUT, effects: [{ kind: "remove-addresses" }, transition(OUT, why)] };
}

const OUT: InitState = { kind: "init", started: false, faults: [] };

function transition(next: State, cause: Cause): Effect {
  const to: StateName = next.kind;
  return { kind: "transition", from: "master", to, cause };
}

/** Within this every backup that preempts has claimed, whatever its priority. */
function longestWait({ version, advertInterval }: Rules): Nanoseconds {
  return (masterDown(version, 0, advertInterval) + SLACK) as Nanoseconds;
}

/** Within this everyone has claimed who heard priority 0. */
function longestSkew({ version, advertInterval }: Rules): Nanoseconds {
  return (skew(version, 0, advertInterval) + SLACK) as Nanoseconds;
}
