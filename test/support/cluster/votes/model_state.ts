/**
 * What tells a state of the small model from another one: the whole machine, and whole messages,
 * without what can change nothing any more. Each such omission is a function here.
 */
import type { Candidacy, Holder } from "../../../../src/cluster/votes/candidacy.ts";
import { isLiving } from "../../../../src/cluster/votes/candidacy.ts";
import { isSurelyOver, mayBeOver, type Reading } from "../../../../src/cluster/votes/clocks.ts";
import type { Refusal } from "../../../../src/cluster/votes/message.ts";
import type { Promised, Vote } from "../../../../src/cluster/votes/voter.ts";
import { nanoseconds } from "../../../../src/time.ts";
import { BOOT, contestOf, type Flight, type Machine, type Rules } from "./world.ts";

/** A machine that behaves as `machine` does, and has nothing in it that is over. */
export function reduced(rules: Rules, machine: Machine): Machine {
  const { now, voter, holder, fence, note } = machine;
  const votes = new Map([...voter.votes].map(([lease, vote]) => [lease, livingVote(vote, now)]));
  const silentUntil = isSurelyOver(voter.silentUntil, now) ? BOOT : voter.silentUntil;
  return {
    ...machine,
    voter: { silentUntil, votes },
    holder: livingHolder(rules, machine, holder),
    fence: stillHeld(fence, now),
    note: note === undefined || mayBeOver(note.holder.end, now)
      ? undefined
      : { ...note, own: note.own && livingPromise(note.own, now) },
  };
}

function livingVote(vote: Vote, now: Reading): Vote {
  return vote.last === undefined ? vote : { ...vote, last: livingPromise(vote.last, now) };
}

/** A promise that is over is as one that was released. */
function livingPromise(last: Promised, now: Reading): Promised {
  const isOver = last.end !== undefined && isSurelyOver(last.end, now);
  return isOver ? { ...last, end: undefined } : last;
}

function stillHeld(end: Reading | undefined, now: Reading): Reading | undefined {
  return end === undefined || mayBeOver(end, now) ? undefined : end;
}

function livingHolder(rules: Rules, machine: Machine, holder: Holder): Holder {
  const { candidacy, highest } = holder;
  // No clock of a node asks here, but a deed.
  if (candidacy === undefined) return { ...holder, askAt: undefined };
  return {
    ...holder,
    askAt: undefined,
    // How far below the epoch of its requests, does not matter.
    highest: Math.max(highest, candidacy.asking - 1),
    candidacy: livingCandidacy(rules, machine, candidacy),
  };
}

function livingCandidacy(rules: Rules, machine: Machine, candidacy: Candidacy): Candidacy {
  const { now } = machine;
  const contest = contestOf(rules, machine);
  return {
    ...candidacy,
    kept: stillHeld(candidacy.kept, now),
    rounds: candidacy.rounds.filter((round) => isLiving(contest, round, now)),
    // That a voter has ever granted, a candidate that may give way looks at.
    ends: new Map([...candidacy.ends].map(([id, end]) => [id, stillHeld(end, now) ?? BOOT])),
    refusals: new Map([...candidacy.refusals].filter(([, one]) => isRival(one, now))),
  };
}

/** Of refusals a candidate looks at those that name another candidate, to give way to it. */
function isRival(
  { reason, holder, holding, until }: Pick<Refusal, "reason" | "holder" | "holding"> & {
    readonly until: Reading;
  },
  now: Reading,
): boolean {
  return reason === "promised" && holder !== null && !holding && !mayBeOver(until, now);
}

/** The message without what its receiver does not look at. */
export function plain(flight: Flight): Flight {
  const { message } = flight;
  if (message.kind !== "vote-refusal") return flight;
  const { reason, holding } = message;
  if (reason === "promised" && !holding) return flight;
  // For how long, says only when to ask again.
  return { ...flight, message: { ...message, rest: nanoseconds(0) } };
}

/** Is the message an answer that changes nothing at its receiver, now and later? */
export function isDead(rules: Rules, machine: Machine, { message }: Flight): boolean {
  const { holder, now } = machine;
  const { candidacy, highest } = holder;
  switch (message.kind) {
    case "vote-grant":
      return message.token !== holder.token;
    case "vote-refusal": {
      // Whatever comes, a hold that is over ends.
      if (candidacy?.isHolding === true && stillHeld(machine.fence, now) === undefined) {
        return false;
      }
      if (message.epoch > Math.max(highest, (candidacy?.asking ?? 0) - 1)) return false;
      const { reason, holding, token, sent } = message;
      const round = candidacy?.rounds.find((one) => one.sent === sent);
      const isAnswer = token === holder.token && round !== undefined &&
        isLiving(contestOf(rules, machine), round, now);
      const isHeeded = reason === "other-voters" || (reason === "promised" && !holding) ||
        (candidacy?.refusals.size ?? 0) > 0;
      return !isAnswer || !isHeeded;
    }
    default:
      return false;
  }
}

/** All of a machine, as text. */
export function machineText(machine: Machine): string {
  const { holder } = machine;
  const rounds = holder.candidacy?.rounds.map(({ voters }) => voters === holder.voters);
  return JSON.stringify([machine, rounds], plainly);
}

/** All of a message, as text. */
export function flightText(flight: Flight): string {
  return JSON.stringify(flight, plainly);
}

function plainly(_: string, value: unknown): unknown {
  if (value instanceof Map) return [...value].toSorted(([a], [b]) => a < b ? -1 : 1);
  return value instanceof Set ? [...value].toSorted() : value;
}
