/**
 * Other voters in place of those in force (decision 0090). Only the holder makes the change, with
 * its renewals: first a majority writes down that it promises to no earlier candidate, then the
 * lists that it found get its own epoch, then the old list and the new one count both, then the new
 * one alone. Each step waits until a majority of each list has written down the one before it, and
 * until it costs the hold nothing. Pure.
 */
import type { Reading } from "./clocks.ts";
import { type Contest, dropped, type Holder, informed, isInForce } from "./candidacy.ts";
import { type Refusal, votersOf } from "./message.ts";
import {
  compareStamps,
  isMajority,
  majorityEnd,
  type Stamp,
  type VoterList,
  type Voters,
} from "./voters.ts";

/** Has the holder something to change? Its requests say so, and go to those that are to vote. */
export function isChanging(contest: Contest, holder: Holder): boolean {
  return nextLists(contest, holder) !== undefined;
}

/** The holder, with other voters where all that has to be before is done. */
export function advanced(contest: Contest, holder: Holder, now: Reading): Holder {
  const { candidacy, voters } = holder;
  const lists = nextLists(contest, holder);
  if (candidacy === undefined || lists === undefined) return holder;
  const { asking, saved, ends, kept } = candidacy;
  const isPledged = isMajority(voters.lists, (id) => {
    const one = saved.get(id);
    return one !== undefined && one.promised === asking && compareStamps(one, voters.stamp) === 0;
  });
  const end = majorityEnd(lists, ends);
  // What the fence and the note were given must not outlast the promises to the next lists.
  const costsNothing = [kept, majorityEnd(voters.lists, ends)].every((one) => isAsLong(end, one));
  if (!isPledged || !costsNothing) return holder;
  const step = voters.stamp.epoch === asking ? voters.stamp.step + 1 : 1;
  const next: Voters = { stamp: { epoch: asking, step }, lists };
  return { ...holder, voters: next, askAt: now, candidacy: { ...candidacy, told: new Set() } };
}

/** The node after a voter has said that other voters are in force for it. */
export function corrected(holder: Holder, voter: string, { voters: mark }: Refusal): Holder {
  const { candidacy } = holder;
  const other = mark === null ? undefined : votersOf(mark);
  if (other === undefined || candidacy === undefined) return holder;
  const order = compareStamps(other.stamp, holder.voters.stamp);
  if (order > 0) return surpassed(holder, other);
  // It does not know those of this node, and is told them with the next request.
  const told = new Set(candidacy.told);
  return told.delete(voter) ? { ...holder, candidacy: { ...candidacy, told } } : holder;
}

/**
 * Newer voters than those by which the node holds were never in force: it could not hold otherwise.
 * The files of its own first start prove nothing of the kind.
 */
function surpassed(holder: Holder, voters: Voters): Holder {
  const isNumbered = holder.voters.stamp.epoch > 0;
  if (holder.candidacy?.isHolding === true && isNumbered) {
    const highest = Math.max(holder.highest, voters.stamp.epoch);
    return { ...holder, rival: voters.stamp, highest };
  }
  return informed(dropped(holder), voters);
}

/** The lists of the next step; undefined: nothing is to change. */
function nextLists(contest: Contest, holder: Holder): readonly VoterList[] | undefined {
  const { voters: { stamp, lists }, rival, candidacy } = holder;
  const [first, second] = lists;
  if (first === undefined || candidacy?.isHolding !== true) return undefined;
  // A new machine knows no voters but those of its file, unless a change has numbered others.
  const isToNumber = stamp.epoch === 0 || isAbove(rival, stamp);
  const isWish = contest.isWish && !isInForce(contest, holder);
  if (second === undefined && !isToNumber && !isWish) return undefined;
  // Those of an earlier holder may be surpassed yet, though a majority has written them down.
  if (isToNumber || stamp.epoch !== candidacy.asking) return lists;
  return second === undefined ? [first, contest.file] : [second];
}

function isAbove(rival: Stamp | undefined, stamp: Stamp): boolean {
  return rival !== undefined && compareStamps(rival, stamp) > 0;
}

function isAsLong(end: Reading | undefined, as: Reading | undefined): boolean {
  if (end === undefined) return false;
  return as === undefined || (end.boot >= as.boot && end.raw >= as.raw);
}
