/**
 * A voter: promises a lease to one node at a time (decision 0081). It has no log and no disk: after
 * its start it is silent for longer than any promise of the process before it. Pure: requests and
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
  Transfer,
} from "./message.ts";
import { LONGEST_TERM } from "./terms.ts";
import type { Voters } from "./voters.ts";

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

/** The voter after `ask` of `from`, and its answer. */
export function asked(voters: Voters, voter: Voter, now: Reading, from: string, ask: Ask): Voted {
  return decide(voters, voter, now, { ...ask, from });
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
  voters: Voters,
  voter: Voter,
  now: Reading,
  from: string,
  { lease, voters: list, token, sent, to, next }: Transfer,
): Voted {
  const last = voter.votes.get(lease)?.last;
  const isMeant = last?.to === from && last.token === token && last.sent < sent;
  // Also in its silence a voter knows that nobody else has this promise.
  const isKnown = isMeant && isAlive(last, now);
  const free = isMeant
    ? released(voter, from, { kind: "vote-release", lease, token, sent })
    : voter;
  const request = { lease, voters: list, holding: true, from: to, ...next };
  return decide(voters, free, now, request, isKnown);
}

/** A request of a node, as it came. */
interface Asked extends Request {
  readonly from: string;
  readonly lease: string;
  readonly voters: string;
  readonly holding: boolean;
}

function decide(
  voters: Voters,
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
  const reason = reasonAgainst(voters, voter, now, request, isKnown);
  if (reason !== undefined) {
    // What a holder says is heard also in the silence: the next epoch is above it.
    const isNews = holding && reason !== "other-voters" && reason !== "full";
    const highest = Math.max(vote?.epoch ?? 0, isNews ? epoch : 0);
    const heard = isNews ? withVote(voter, lease, { epoch: highest, last }) : voter;
    const rest = restOf(voter, now, reason, last);
    return { voter: heard, messages: [refusal(request, reason, last, now, rest, highest)] };
  }
  // The same request by another way: its promise counts from the first.
  const isRepeated = isOwn && sent === last.sent && isAlive(last, now);
  const promised = readingAfter(now, request.term);
  const end = isRepeated ? last.end : laterEnd(isOwn ? last.end : undefined, promised);
  const promise = { to: from, token, sent, epoch, end, holding };
  const grant: Grant = { kind: "vote-grant", lease, token, sent };
  return {
    voter: withVote(voter, lease, { epoch, last: promise }),
    messages: [{ to: from, message: grant }],
  };
}

/** Why there is no promise; undefined: there is one. */
function reasonAgainst(
  voters: Voters,
  voter: Voter,
  now: Reading,
  { from, lease, voters: list, token, epoch, term }: Asked,
  isKnown: boolean,
): Reason | undefined {
  const vote = voter.votes.get(lease);
  const last = vote?.last;
  const isOwn = last?.to === from && last.token === token;
  const isPromised = isAlive(last, now);
  if (list !== voters.fingerprint || !voters.names.includes(from)) return "other-voters";
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
  };
  return { to: from, message };
}

function withVote(voter: Voter, lease: string, vote: Vote): Voter {
  if (!voter.votes.has(lease) && voter.votes.size >= MAX_LEASES) return voter;
  return { ...voter, votes: new Map(voter.votes).set(lease, vote) };
}
