/**
 * A voter: promises a lease to one node at a time (decision 0081). Which machines vote is written
 * down, with the epoch that it had promised by then (decision 0090); promises are not: after its
 * start it is silent for longer than any promise of the process before it. Pure: requests and
 * readings of the clocks come in, answers go out.
 */
import { type Nanoseconds, nanoseconds } from "../../time.ts";
import { isSurelyOver, laterEnd, type Reading, readingAfter, restAtMost } from "./clocks.ts";
import type {
  Ask,
  Grant,
  Outgoing,
  Reason,
  Refusal,
  Release,
  Request,
  Saved,
  Transfer,
  VotersMark,
} from "./message.ts";
import { markOf, votersOf } from "./message.ts";
import { LONGEST_TERM } from "./terms.ts";
import {
  compareStamps,
  idIn,
  idsOf,
  initialVoters,
  isSameList,
  nameOf,
  printOf,
  type VoterList,
  type Voters,
} from "./voters.ts";

/** Leases that one voter knows, at most: there are 255 virtual routers on a LAN. */
export const MAX_LEASES = 512;

/** A promise that was given. */
export interface Promised {
  readonly to: string;
  readonly token: string;
  /** Of the newest request or release of this token: older ones change nothing any more. */
  readonly sent: number;
  readonly epoch: number;
  /** Undefined: it was released. */
  readonly end: Reading | undefined;
  /** The node held the lease when it asked. */
  readonly holding: boolean;
}

/** What is known of one lease. */
export interface Vote {
  /** The highest epoch that was promised, or heard from a holder. */
  readonly epoch: number;
  /** The last promise; its time may be over. */
  readonly last: Promised | undefined;
  /** Those in force, whatever the file says; undefined: no file of this machine named the lease. */
  readonly voters?: Voters | undefined;
  /** What survives a reboot. */
  readonly saved?: Saved | undefined;
  /** Is more than that to survive? */
  readonly isUnsaved?: boolean;
}

/** One voter of one cluster; a machine that votes for several clusters has one for each. */
export interface Voter {
  /** No promise to a node that has none until then. */
  readonly silentUntil: Reading;
  readonly votes: ReadonlyMap<string, Vote>;
}

/** The voter after a message, and what it answers. */
export interface Voted {
  readonly voter: Voter;
  readonly messages: readonly Outgoing[];
}

/**
 * A voter whose process has just started. `votes` is what it may know in spite of that: the highest
 * epochs that were written down, and the promise to this very node with which its resume state was
 * written.
 */
export function startVoter(now: Reading, votes: Voter["votes"] = new Map()): Voter {
  return { silentUntil: readingAfter(now, LONGEST_TERM), votes };
}

/** The voter after `ask` of `from`, and its answer; `file` is the list of its own file. */
export function asked(file: VoterList, voter: Voter, now: Reading, from: string, ask: Ask): Voted {
  return decide(file, voter, now, { ...ask, from });
}

/** The voter after `handed`, what it knew of `lease` a while ago, was written down. */
export function written(
  voter: Voter,
  lease: string,
  handed: Pick<Vote, "epoch"> & { readonly voters: Voters },
): Voter {
  const vote = voter.votes.get(lease);
  if (vote?.voters === undefined) return voter;
  const { stamp } = handed.voters;
  const isUnsaved = compareStamps(vote.voters.stamp, stamp) !== 0;
  return withVote(voter, lease, {
    ...vote,
    saved: { ...stamp, promised: handed.epoch },
    isUnsaved,
  });
}

/**
 * The voter that goes by `list` for `lease`, if it has not heard of it before. It does so from the
 * first start on, not from its first promise on: a file that is changed meanwhile is a wish.
 */
export function introduced(voter: Voter, lease: string, list: VoterList): Voter {
  const vote = voter.votes.get(lease);
  if (vote?.voters !== undefined) return voter;
  const { epoch = 0, last } = vote ?? {};
  return withVote(voter, lease, { epoch, last, voters: initialVoters(list), isUnsaved: true });
}

/** The voters in force for `lease`, as far as this voter knows. */
export function votersFor({ votes }: Voter, lease: string, file: VoterList): Voters {
  return votes.get(lease)?.voters ?? initialVoters(file);
}

/** The voter after the release of `from`: the promise is over, if it is the one that is meant. */
export function released(voter: Voter, from: string, { lease, token, sent }: Release): Voter {
  const vote = voter.votes.get(lease);
  const last = vote?.last;
  if (vote === undefined || last === undefined) return voter;
  if (last.to !== from || last.token !== token || last.sent >= sent) return voter;
  return withVote(voter, lease, { ...vote, last: { ...last, sent, end: undefined } });
}

/**
 * The voter after the holder `from` has given up in favour of another node: the promise changes the
 * name, and the successor is told.
 */
export function transferred(
  file: VoterList,
  voter: Voter,
  now: Reading,
  from: string,
  { lease, voters: list, token, sent, to, next }: Transfer,
): Voted {
  const last = voter.votes.get(lease)?.last;
  const isMeant = last?.to === from && last.token === token && last.sent < sent;
  // Also in its silence a voter knows that no other node has this promise.
  const isKnown = isMeant && isAlive(last, now);
  const free = isMeant
    ? released(voter, from, { kind: "vote-release", lease, token, sent })
    : voter;
  const request = { lease, voters: list, holding: true, change: false, from: to, ...next };
  return decide(file, free, now, request, isKnown);
}

/** A request of a node, as it came. */
interface Asked extends Request {
  readonly from: string;
  readonly lease: string;
  readonly voters: VotersMark;
  readonly holding: boolean;
  readonly change: boolean;
}

function decide(
  file: VoterList,
  voter: Voter,
  now: Reading,
  request: Asked,
  isKnown = false,
): Voted {
  const { from, lease, token, sent, epoch, holding } = request;
  const vote = voter.votes.get(lease);
  const last = vote?.last;
  const isOwn = last?.to === from && last.token === token;
  // Overtaken by a newer request, or by a release.
  if (isOwn && sent < last.sent) return { voter, messages: [] };
  const known = votersFor(voter, lease, file);
  const voters = agreed(known, request, file);
  const reason = reasonAgainst(voters, voter, now, request, isKnown);
  if (voters === undefined || reason !== undefined) {
    // What a holder says is heard also in the silence: the next epoch is above it.
    const isNews = holding && reason !== "other-voters" && reason !== "full";
    const highest = Math.max(vote?.epoch ?? 0, isNews ? epoch : 0);
    const heard = isNews ? withVote(voter, lease, { ...vote, epoch: highest, last }) : voter;
    const why = reason ?? "other-voters";
    const rest = restOf(voter, now, why, last);
    const message = refusal(request, why, last, now, rest, highest, known);
    return { voter: heard, messages: [message] };
  }
  // The same request by another way: its promise counts from the first.
  const isRepeated = isOwn && sent === last.sent && isAlive(last, now);
  const promised = readingAfter(now, request.term);
  const end = isRepeated ? last.end : laterEnd(isOwn ? last.end : undefined, promised);
  const promise = { to: from, token, sent, epoch, end, holding };
  const saved = vote?.saved;
  // Its own first list stays what it goes by, until another one has a number.
  const kept = voters.stamp.epoch === 0 ? known : voters;
  const grant: Grant = { kind: "vote-grant", lease, token, sent, saved: saved ?? null };
  const isSaved = saved !== undefined && compareStamps(saved, voters.stamp) === 0 &&
    (!request.change || saved.promised === epoch);
  const isUnsaved = vote?.isUnsaved === true || !isSaved;
  return {
    voter: withVote(voter, lease, { epoch, last: promise, voters: kept, saved, isUnsaved }),
    messages: [{ to: from, message: grant }],
  };
}

/**
 * The voters of a promise: those that are `known`, or newer ones, which the request names, or,
 * while none has a number, two first lists, of which one is known. Undefined: its voters are
 * others, or `from` is none of them.
 */
function agreed(known: Voters, { voters: mark, from }: Asked, file: VoterList): Voters | undefined {
  const order = compareStamps(mark, known.stamp);
  const isKnown = order === 0 && mark.print === printOf(known);
  const isAmong = order === 0 && mark.epoch === 0 &&
    known.lists.every((list) => mark.lists?.some((one) => isSameList(one, list)));
  const voters = isKnown ? known : order > 0 || isAmong ? votersOf(mark) : undefined;
  if (voters === undefined) return undefined;
  const id = idIn(file, from);
  const ids = idsOf(voters);
  // One that is not in the file yet is known by its name.
  const isOne = id === undefined ? ids.some((one) => nameOf(one) === from) : ids.includes(id);
  return isOne ? voters : undefined;
}

/** Why there is no promise; undefined: there is one. */
function reasonAgainst(
  voters: Voters | undefined,
  voter: Voter,
  now: Reading,
  { from, lease, token, epoch, term }: Asked,
  isKnown: boolean,
): Reason | undefined {
  const vote = voter.votes.get(lease);
  const last = vote?.last;
  const isOwn = last?.to === from && last.token === token;
  const isPromised = isAlive(last, now);
  if (voters === undefined) return "other-voters";
  if (term > LONGEST_TERM) return "too-long";
  if (isPromised && !isOwn) return "promised";
  if (!isPromised && !isKnown && !isSurelyOver(voter.silentUntil, now)) return "silent";
  if (vote !== undefined && (isOwn ? epoch < vote.epoch : epoch <= vote.epoch)) return "old-epoch";
  if (vote === undefined && voter.votes.size >= MAX_LEASES) return "full";
  return undefined;
}

function isAlive(last: Promised | undefined, now: Reading): last is Promised {
  return last?.end !== undefined && !isSurelyOver(last.end, now);
}

function restOf(
  voter: Voter,
  now: Reading,
  reason: Reason,
  last: Promised | undefined,
): Nanoseconds {
  if (reason === "silent") return restAtMost(voter.silentUntil, now);
  if (reason === "promised" && last?.end !== undefined) return restAtMost(last.end, now);
  return nanoseconds(0);
}

function refusal(
  { from, lease, token, sent }: Asked,
  reason: Reason,
  last: Promised | undefined,
  now: Reading,
  rest: Nanoseconds,
  epoch: number,
  known: Voters,
): Outgoing {
  const isPromised = isAlive(last, now);
  const message: Refusal = {
    kind: "vote-refusal",
    lease,
    token,
    sent,
    reason,
    holder: isPromised ? last.to : null,
    holding: isPromised && last.holding,
    rest,
    epoch,
    voters: reason === "other-voters" ? markOf(known, false) : null,
  };
  return { to: from, message };
}

function withVote(voter: Voter, lease: string, vote: Vote): Voter {
  if (!voter.votes.has(lease) && voter.votes.size >= MAX_LEASES) return voter;
  return { ...voter, votes: new Map(voter.votes).set(lease, vote) };
}
