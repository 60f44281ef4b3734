/** What a node knows of a lease that it wants or has: its requests, and what came of them. */
import { nanoseconds } from "../../time.ts";
import { mayBeOver, type Reading, readingAfter } from "./clocks.ts";
import type { Grant, Outgoing, Refusal, Request, Saved, VoteMessage } from "./message.ts";
import { compareStamps, idIn, isSameList, nameOf, targetOf } from "./voters.ts";
import type { Stamp, VoterList, Voters } from "./voters.ts";
import type { Terms } from "./terms.ts";

/** Requests whose answers may come yet, at most. */
const MAX_ROUNDS = 8;

/** What does not change from one message to the next. */
export interface Contest {
  /** This node's name. */
  readonly self: string;
  readonly lease: string;
  /** The voters of this node's file; it reaches no others. */
  readonly file: VoterList;
  /** Is that list to be in force, once this node holds? It has changed since another one was. */
  readonly isWish: boolean;
  readonly terms: Terms;
}

/** A request to all voters. */
export interface Round {
  readonly sent: number;
  readonly at: Reading;
  /** Those that it needs a majority of. */
  readonly voters: Voters;
}

/** Why a voter did not grant the newest request that it has answered. */
export interface Refused extends Pick<Refusal, "reason" | "holder" | "holding"> {
  readonly until: Reading;
}

/** What is asked for under one epoch, or held. */
export interface Candidacy {
  /** The number of this change of holder. */
  readonly epoch: number;
  /** The epoch of its requests: above, where a voter has heard of another candidate meanwhile. */
  readonly asking: number;
  readonly isHolding: boolean;
  /** The newest last. */
  readonly rounds: readonly Round[];
  /** Until when the promise of each voter may be relied on. */
  readonly ends: ReadonlyMap<string, Reading>;
  /** Until when the process before this one was allowed to hold. */
  readonly kept: Reading | undefined;
  readonly refusals: ReadonlyMap<string, Refused>;
  /** Names of those that have granted to these voters: they know the lists. */
  readonly told: ReadonlySet<string>;
  /** What each voter has written down, as it said with its last grant. */
  readonly saved: ReadonlyMap<string, Saved>;
}

/** One node's side of one lease. */
export interface Holder {
  /** 16 hexadecimal digits, drawn at the start of the first process of a hold. */
  readonly token: string;
  /** The highest epoch that is known. */
  readonly highest: number;
  readonly lastSent: number;
  /** When the voters are asked next; undefined: they are not. */
  readonly askAt: Reading | undefined;
  readonly candidacy: Candidacy | undefined;
  /** A majority of these is needed. */
  readonly voters: Voters;
  /** Others that a voter has, which were never in force: the holder's are to be newer. */
  readonly rival: Stamp | undefined;
  /** While no list has a number: another one by which a voter goes since its first start. */
  readonly other: VoterList | undefined;
}

/** The node after a step, and what it sends. */
export interface Step {
  readonly holder: Holder;
  readonly messages: readonly Outgoing[];
}

/** What begins under `epoch`. */
export function candidacyOf(epoch: number): Candidacy {
  return {
    epoch,
    asking: epoch,
    isHolding: false,
    rounds: [],
    ends: new Map(),
    kept: undefined,
    refusals: new Map(),
    told: new Set(),
    saved: new Map(),
  };
}

/** The node without what it asked for: no answer to it counts any more. */
export function dropped(holder: Holder): Holder {
  const highest = Math.max(holder.highest, holder.candidacy?.asking ?? 0);
  return { ...holder, highest, candidacy: undefined };
}

/** The node under other terms: what was asked for under those before is not used. */
export function resettled(holder: Holder): Holder {
  const { candidacy } = holder;
  if (candidacy === undefined) return holder;
  return { ...holder, candidacy: { ...candidacy, rounds: [], refusals: new Map() } };
}

/** The node with newer `voters`, if it does not hold by others: what it asked for is not used. */
export function informed(holder: Holder, voters: Voters): Holder {
  const isNews = compareStamps(voters.stamp, holder.voters.stamp) > 0;
  if (!isNews || holder.candidacy?.isHolding === true) return holder;
  const other = dropped(holder);
  return { ...other, voters, highest: Math.max(other.highest, voters.stamp.epoch) };
}

/** The number of the next request or release: an instant, and above the last one. */
export function nextSent({ lastSent }: Holder, now: Reading): number {
  // Above 2^53 neighbours are further than 1 apart.
  const above = lastSent + Math.max(1, lastSent * Number.EPSILON);
  return now.boot > lastSent ? now.boot : Math.ceil(above);
}

/** The node with one more request; a candidate's is above every epoch that it knows. */
export function newRound(contest: Contest, holder: Holder, now: Reading): Holder {
  const { candidacy, highest } = holder;
  const sent = nextSent(holder, now);
  const isBehind = candidacy === undefined || candidacy.asking <= highest;
  const current = candidacy === undefined || (isBehind && !candidacy.isHolding)
    // What was granted under another epoch is no majority for this one.
    ? candidacyOf(highest + 1)
    : isBehind
    ? { ...candidacy, asking: highest + 1 }
    : candidacy;
  const living = current.rounds.filter((round) => isLiving(contest, round, now));
  const rounds = [...living, { sent, at: now, voters: holder.voters }].slice(-MAX_ROUNDS);
  return { ...holder, lastSent: sent, candidacy: { ...current, rounds } };
}

/** Its newest request. */
export function requestOf({ terms }: Contest, { token, lastSent, candidacy }: Holder): Request {
  return { token, sent: lastSent, term: terms.term, epoch: candidacy?.asking ?? 0 };
}

/** The living request that a voter answers; undefined: there is none, the answer is not used. */
export function roundOf(
  contest: Contest,
  { token, candidacy }: Holder,
  now: Reading,
  voter: string,
  answer: Pick<Grant, "lease" | "token" | "sent">,
): Round | undefined {
  if (answer.lease !== contest.lease || answer.token !== token) return undefined;
  if (idIn(contest.file, voter) === undefined) return undefined;
  const round = candidacy?.rounds.find(({ sent }) => sent === answer.sent);
  return round !== undefined && isLiving(contest, round, now) ? round : undefined;
}

/** May a request of `at` still be answered? */
export function isLiving({ terms }: Contest, { at }: Round, now: Reading): boolean {
  return !mayBeOver(readingAfter(at, nanoseconds(terms.renewEvery + 1)), now);
}

/**
 * A message to each of the voters that this node reaches, this node among them where it votes, and
 * to those that are to be.
 */
export function toAll(
  { file, isWish }: Contest,
  { voters }: Holder,
  message: (to: string) => VoteMessage,
): readonly Outgoing[] {
  const hears = (id: string) => isWish || voters.lists.some((list) => list.includes(id));
  return file.filter(hears).map(nameOf).map((to) => ({ to, message: message(to) }));
}

/** Has the list of the file come into force, or is it about to? */
export function isInForce({ file }: Pick<Contest, "file">, { voters }: Holder): boolean {
  return isSameList(targetOf(voters), file);
}
