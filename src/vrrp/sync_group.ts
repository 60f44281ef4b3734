/** Sync groups: the events that make all members master, or none. */
import type { Event } from "./event.ts";
import { isHolder, isOut, type State } from "./state.ts";
import { groupFault } from "./transitions.ts";

/** One member, in the order in which the group names them: the same order on every node. */
export interface Member {
  readonly name: string;
  readonly state: State;
}

/** An event for `step` of the member called `name`. */
export interface GroupEvent {
  readonly name: string;
  readonly event: Event;
}

/**
 * The events that bring a group into agreement; call it after every step of a member, step each
 * event, and call it again until it returns nothing (at most three times). Rules, in this order:
 *
 * 1. a member with a fault of its own puts every other one in fault, kind "group", which goes
 *   when that fault goes;
 * 2. while a member is not ready (its master-down has not passed), no member is master: those
 *   who are leave willingly;
 * 3. when every member is ready, all become master.
 *
 * Where priorities or addresses contradict each other (A wins inside, B wins outside), both nodes
 * would leave for the other's sake and claim again at the same time, without end. So the node that
 * lost with the first member waits twice as long.
 */
export function groupEvents(members: readonly Member[]): readonly GroupEvent[] {
  const faults = members.flatMap((member) => faultEvent(member, members));
  if (faults.length > 0) return faults;
  if (members.every((member) => isReady(member.state))) return claims(members);
  const missing = members.find(({ state }) => !isReady(state) && !isAtRest(state));
  if (missing === undefined) return [];
  const patience = missing === members[0] ? 2 : 1;
  return members.filter(({ state }) => isHolder(state)).map(({ name }) => ({
    name,
    event: { kind: "group-release", member: missing.name, patience },
  }));
}

function claims(members: readonly Member[]): readonly GroupEvent[] {
  const waiting = members.filter(({ state }) => state.kind === "backup" && state.claim !== "due");
  const last = waiting.at(-1);
  if (last === undefined) return [];
  return waiting.map(({ name }) => ({ name, event: { kind: "group-claim", member: last.name } }));
}

/** Is it master, or could it be as far as it alone is concerned? */
function isReady(state: State): boolean {
  return isHolder(state) || (state.kind === "backup" && state.masterDownAt === undefined);
}

/**
 * Not started yet, or stopped: the others are about to be told the same and need not be told to
 * leave before.
 */
function isAtRest(state: State): boolean {
  return state.kind === "init";
}

/** Gives `member` the fault of another member, or takes it back. */
function faultEvent(member: Member, members: readonly Member[]): readonly GroupEvent[] {
  const culprit = members.find((other) => other.name !== member.name && hasOwnFault(other.state));
  const wanted = culprit === undefined ? undefined : groupFault(culprit.name).message;
  if (wanted === presentGroupFault(member.state)) return [];
  return [{ name: member.name, event: { kind: "group-fault", member: culprit?.name } }];
}

function hasOwnFault(state: State): boolean {
  return isOut(state) && state.faults.some((fault) => fault.kind !== "group");
}

function presentGroupFault(state: State): string | undefined {
  if (!isOut(state)) return undefined;
  return state.faults.find((fault) => fault.kind === "group")?.message;
}
