/**
 * Other voters in place of those in force (decision 0090). Only the holder makes the change, with
 * its renewals: first a majority writes down that it promises to no earlier candidate, then the old
 * list and the new one count both, and when majorities of both have written that down, the new one
 * alone. Each step waits until it costs the hold nothing. Pure.
 */
import { type Contest, dropped, type Holder, informed, isInForce } from "./candidacy.ts";
import { type Reading, restAtLeast } from "./clocks.ts";
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
  if (candidacy === undefined || !candidacy.isHolding) return holder;
  const lists = nextLists(contest, holder);
  if (lists === undefined) return holder;
  const { asking, saved, ends } = candidacy;
  const isPledged = isMajority(voters.lists, (id) => {
    const one = saved.get(id);
    return one !== undefined && one.promised === asking && compareStamps(one, voters.stamp) === 0;
  });
  if (!isPledged || !isFresh(contest, majorityEnd(lists, ends), now)) return holder;
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

/** The lists that follow those in force; undefined: nothing is to change. */
function nextLists(contest: Contest, holder: Holder): readonly VoterList[] | undefined {
  const { voters: { stamp, lists }, rival } = holder;
  const [first, second] = lists;
  if (first === undefined) return undefined;
  if (second !== undefined) return [second];
  // A new machine knows no voters but those of its file, unless a change has numbered others.
  if (stamp.epoch === 0 || isAbove(rival, stamp)) return lists;
  return contest.isWish && !isInForce(contest, holder) ? [first, contest.file] : undefined;
}

function isAbove(rival: Stamp | undefined, stamp: Stamp): boolean {
  return rival !== undefined && compareStamps(rival, stamp) > 0;
}

/** Does `end` come from answers to the newest requests? */
function isFresh({ terms }: Contest, end: Reading | undefined, now: Reading): boolean {
  if (end === undefined) return false;
  return restAtLeast(end, now) >= terms.hold - 1.5 * terms.renewEvery;
}
