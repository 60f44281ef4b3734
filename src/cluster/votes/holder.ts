/**
 * A node that wants a lease, or has it (decision 0081). A request that a majority of the voters
 * grants allows holding, counted from its sending; nothing else does. Pure: answers and readings of
 * the clocks come in, requests go out.
 *
 * The caller shuts the fence at {@link endOf}, and before it sends what {@link release} gives; its
 * resume state is void before that, too.
 */
import { milliseconds, type Nanoseconds, nanoseconds } from "../../time.ts";
import {
  type Candidacy,
  candidacyOf,
  type Contest,
  dropped,
  type Holder,
  isLiving,
  newRound,
  nextSent,
  requestOf,
  roundOf,
  type Step,
  toAll,
} from "./candidacy.ts";
import { advanced, corrected, isChanging } from "./change.ts";
import { otherOf, turned } from "./first_lists.ts";
import { laterEnd, mayBeOver, type Reading, readingAfter, restAtLeast } from "./clocks.ts";
import { type Ask, type Grant, markOf, type Refusal, type Release } from "./message.ts";
import type { Terms } from "./terms.ts";
import { idIn, isMajority, majorityEnd, nameOf, type Voters } from "./voters.ts";

/** What the next process of this machine needs for going on; of this boot only. */
export interface HolderNote extends Pick<Holder, "token" | "lastSent"> {
  readonly lease: string;
  readonly epoch: number;
  readonly end: Reading;
  readonly voters: Voters;
}

/** Requests in one renewal period, at most, where a voter says that an earlier one helps. */
const MAX_HURRIED = 4;
/** A candidate asks again after this, or a longer time. */
const AGAIN = milliseconds(20);
/** After a promise has ended by the clock of its voter, it is asked for after this. */
const SLACK = milliseconds(0.5);

/** A node that holds nothing; `highest` is the highest epoch that was written down. */
export function startHolder(token: string, voters: Voters, epoch = 0): Holder {
  const highest = Math.max(epoch, voters.stamp.epoch);
  const nothing = { askAt: undefined, candidacy: undefined, rival: undefined, other: undefined };
  return { token, highest, lastSent: 0, voters, ...nothing };
}

/**
 * The node that goes on with what the process before it held, until the same end. Undefined: that
 * has passed.
 */
export function resumeHolder(note: HolderNote, now: Reading): Holder | undefined {
  const { token, lastSent, epoch, end, voters } = note;
  if (mayBeOver(end, now)) return undefined;
  const candidacy = { ...candidacyOf(epoch), isHolding: true, kept: end };
  return { ...startHolder(token, voters, epoch), lastSent, askAt: now, candidacy };
}

/** What to write down for the next process; undefined: nothing is held. */
export function noteOf(contest: Contest, holder: Holder, now: Reading): HolderNote | undefined {
  const end = endOf(holder);
  const { token, lastSent, candidacy, voters } = holder;
  if (candidacy === undefined || end === undefined || mayBeOver(end, now)) return undefined;
  return { lease: contest.lease, token, lastSent, epoch: candidacy.epoch, end, voters };
}

/** Until when the node may hold the lease; undefined: it has no majority. */
export function endOf({ candidacy, voters }: Holder): Reading | undefined {
  if (candidacy === undefined) return undefined;
  const end = majorityEnd(voters.lists, candidacy.ends);
  return end === undefined ? candidacy.kept : laterEnd(candidacy.kept, end);
}

/** May the node hold the lease now? */
export function holds(holder: Holder, now: Reading): boolean {
  const end = endOf(holder);
  return end !== undefined && !mayBeOver(end, now);
}

/** The node at `now`: a hold whose time is over is no more, and what was granted for it neither. */
export function settle(holder: Holder, now: Reading): Holder {
  const { candidacy } = holder;
  if (candidacy === undefined || !candidacy.isHolding) return holder;
  return holds(holder, now) ? holder : dropped(holder);
}

/** Asks all voters: for the lease, or to have it for longer. Repeats itself until a release. */
export function ask(contest: Contest, before: Holder, now: Reading): Step {
  const holder = newRound(contest, turned(contest, settle(before, now)), now);
  const { lease, terms } = contest;
  const { candidacy, voters } = holder;
  const holding = candidacy?.isHolding === true;
  const change = isChanging(contest, holder);
  const request = requestOf(contest, holder);
  const messageTo = (to: string): Ask => {
    const mark = markOf(voters, candidacy?.told.has(to) === true);
    return { kind: "vote-ask", lease, voters: mark, change, holding, ...request };
  };
  const askAt = readingAfter(now, holding ? terms.renewEvery : againAfter(terms));
  return { holder: { ...holder, askAt }, messages: toAll(contest, holder, messageTo) };
}

/** Asks where it is time to. */
export function tick(contest: Contest, before: Holder, now: Reading): Step {
  const holder = settle(before, now);
  const isDue = holder.askAt !== undefined && mayBeOver(holder.askAt, now);
  return isDue ? ask(contest, holder, now) : { holder, messages: [] };
}

/** How long nothing has to be done; undefined: until a message comes. */
export function restOf(holder: Holder, now: Reading): Nanoseconds | undefined {
  const end = holder.candidacy?.isHolding === true ? endOf(holder) : undefined;
  const rests = [holder.askAt, end].filter((one) => one !== undefined)
    .map((one) => restAtLeast(one, now));
  return rests.length === 0 ? undefined : nanoseconds(Math.min(...rests));
}

/**
 * The node after a grant of `voter`. One that no living request asked for does not count; but where
 * it came too late, the voter has promised, and is asked again at once.
 */
export function granted(
  contest: Contest,
  before: Holder,
  now: Reading,
  voter: string,
  grant: Grant,
): Holder {
  const holder = settle(before, now);
  const { candidacy } = holder;
  const round = roundOf(contest, holder, now, voter, grant);
  const id = idIn(contest.file, voter);
  if (candidacy === undefined || id === undefined) return holder;
  if (round === undefined) return late(contest, holder, now, grant);
  const end = readingAfter(round.at, contest.terms.hold);
  const ends = new Map(candidacy.ends).set(id, laterEnd(candidacy.ends.get(id), end));
  const saved = new Map(candidacy.saved);
  if (grant.saved !== null) saved.set(id, grant.saved);
  const isTold = round.voters === holder.voters;
  const told = isTold ? new Set(candidacy.told).add(voter) : candidacy.told;
  const refusals = new Map(candidacy.refusals);
  refusals.delete(voter);
  const next = { ...holder, candidacy: { ...candidacy, ends, refusals, told, saved } };
  const isHolding = candidacy.isHolding || holds(next, now);
  // The voters hear at once that this one holds; after a transfer some are still to be asked.
  const isNews = isHolding && !candidacy.isHolding;
  const askAt = isNews ? now : holder.askAt ?? now;
  const after = { ...next, askAt, candidacy: { ...next.candidacy, isHolding } };
  return advanced(contest, after, now);
}

function late(contest: Contest, holder: Holder, now: Reading, { token }: Grant): Holder {
  const { candidacy, askAt } = holder;
  const isWaiting = candidacy?.isHolding === false && askAt !== undefined && now.boot < askAt.boot;
  if (!isWaiting || token !== holder.token) return holder;
  return isHurried(contest, candidacy, now) ? holder : { ...holder, askAt: now };
}

/** The node after a refusal of `voter`. */
export function refused(
  contest: Contest,
  before: Holder,
  now: Reading,
  voter: string,
  refusal: Refusal,
): Step {
  const settled = settle(before, now);
  const highest = Math.max(settled.highest, refusal.epoch);
  const holder = { ...settled, highest };
  const { candidacy } = holder;
  if (candidacy === undefined || roundOf(contest, holder, now, voter, refusal) === undefined) {
    return { holder, messages: [] };
  }
  const { reason, holder: other, holding, rest } = refusal;
  const refusals = new Map(candidacy.refusals)
    .set(voter, { reason, holder: other, holding, until: readingAfter(now, rest) });
  const next = {
    ...holder,
    other: otherOf(holder, refusal),
    candidacy: { ...candidacy, refusals },
  };
  if (yields(contest, next, next.candidacy, now)) {
    const step = release(contest, next, now);
    // Longer than the other's own pause: it asks again before this one does.
    const askAt = readingAfter(now, nanoseconds(2 * againAfter(contest.terms)));
    return { ...step, holder: { ...step.holder, askAt } };
  }
  if (reason !== "other-voters") {
    return { holder: hurried(contest, next, now, refusal), messages: [] };
  }
  const told = corrected(next, voter, refusal);
  return { holder: told === next ? next : hurried(contest, told, now, refusal), messages: [] };
}

/**
 * The node gives up what it has asked for or holds: promises to it are over. Its fence is shut
 * before this is sent.
 */
export function release(contest: Contest, before: Holder, now: Reading): Step {
  const { lease } = contest;
  if (before.candidacy === undefined) {
    return { holder: { ...before, askAt: undefined }, messages: [] };
  }
  const sent = nextSent(before, now);
  const { token } = before;
  const holder = { ...dropped(before), lastSent: sent, askAt: undefined };
  const message: Release = { kind: "vote-release", lease, token, sent };
  return { holder, messages: toAll(contest, holder, () => message) };
}

/** The node asks no more, and says nothing: promises to it run out by themselves. */
export function lapse(holder: Holder): Step {
  return { holder: { ...dropped(holder), askAt: undefined }, messages: [] };
}

/** A candidate does not wait for long where a message was lost. */
function againAfter({ renewEvery }: Terms): Nanoseconds {
  return nanoseconds(Math.min(renewEvery, Math.max(AGAIN, renewEvery / 4)));
}

/**
 * Is there a majority for no candidate, and does another one come first? Then this one gives way. A
 * voter that has not answered counts as gone: the epoch rises with each refusal, so no number of
 * rounds tells that it is.
 */
function yields(
  { self }: Contest,
  { voters: { lists } }: Holder,
  { refusals, ends, isHolding }: Candidacy,
  now: Reading,
): boolean {
  if (isHolding) return false;
  const others = new Map(
    [...refusals].filter(([, { reason, holder, holding, until }]) =>
      reason === "promised" && holder !== null && holder !== self && !holding &&
      !mayBeOver(until, now)
    ),
  );
  const isPossible = (id: string) => !others.has(nameOf(id)) && ends.has(id);
  if (isMajority(lists, isPossible)) return false;
  return others.values().some(({ holder }) => holder !== null && holder < self);
}

/** The request again as soon as what the voter says allows a promise, if that is soon. */
function hurried(contest: Contest, holder: Holder, now: Reading, refusal: Refusal): Holder {
  const { candidacy, askAt } = holder;
  const { reason, rest } = refusal;
  const helps = reason !== "too-long" && reason !== "full";
  const isTooMuch = candidacy !== undefined && isHurried(contest, candidacy, now);
  if (!helps || isTooMuch || askAt === undefined) return holder;
  const isAtOnce = reason === "old-epoch" || reason === "other-voters";
  const at = isAtOnce ? now : readingAfter(now, nanoseconds(rest + SLACK));
  return at.boot < askAt.boot ? { ...holder, askAt: at } : holder;
}

/** Was it asked as often as may be within a renewal period? */
function isHurried(contest: Contest, { rounds }: Candidacy, now: Reading): boolean {
  return rounds.filter((round) => isLiving(contest, round, now)).length >= MAX_HURRIED;
}
