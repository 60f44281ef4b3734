/** Votes for people: how many a node has, and why a voter gave none. */
import { formatDuration } from "../../time.ts";
import type { LeaseView } from "../exclusive.ts";
import { type Contest, type Holder, isInForce, type Refused } from "./candidacy.ts";
import { mayBeOver, type Reading, restAtLeast, restAtMost } from "./clocks.ts";
import { endOf } from "./holder.ts";
import { listText, nameOf, needOf, targetOf } from "./voters.ts";

/** What the node has at `now`. */
export function viewOf(contest: Contest, holder: Holder, now: Reading): LeaseView {
  const { candidacy, voters } = holder;
  const list = targetOf(voters);
  const [need, of] = [needOf(list), list.map(nameOf)];
  const end = endOf(holder);
  const isHolding = candidacy?.isHolding === true && end !== undefined && !mayBeOver(end, now);
  const lasting = [...candidacy?.ends ?? []].filter(([id, one]) =>
    list.includes(id) && !mayBeOver(one, now)
  );
  const refusals = [...candidacy?.refusals ?? []].map(([voter, why]) =>
    refusalText(voter, why, now)
  );
  return {
    // What the process before this one was granted is not known by voter.
    have: isHolding ? Math.max(need, lasting.length) : lasting.length,
    need,
    of,
    from: lasting.map(([id]) => nameOf(id)),
    remaining: isHolding ? restAtLeast(end, now) : undefined,
    epoch: isHolding ? candidacy.epoch : undefined,
    refusals,
    voters: differenceText(contest, holder),
  };
}

/** What the node had when its hold ended by itself; undefined: it lasts, or there is none. */
export function lossOf(contest: Contest, holder: Holder, now: Reading): LeaseView | undefined {
  const end = holder.candidacy?.isHolding === true ? endOf(holder) : undefined;
  return end !== undefined && mayBeOver(end, now) ? viewOf(contest, holder, end) : undefined;
}

/** How the voters in force differ from those of the file; undefined: they do not. */
function differenceText(contest: Contest, holder: Holder): string | undefined {
  const { voters: { lists } } = holder;
  const [first = [], second] = lists;
  const isHolding = holder.candidacy?.isHolding === true;
  if (second !== undefined && isInForce(contest, holder)) {
    return `the voters change from ${listText(first)} to ${listText(second)}: ` +
      "until most of each have written it down, a majority of each is needed";
  }
  if (isInForce(contest, holder)) return undefined;
  const inForce = `${listText(targetOf(holder.voters))} vote, and this node's file names ` +
    listText(contest.file);
  if (!contest.isWish) return `${inForce}: the file is out of date, or was never reloaded here`;
  return isHolding
    ? `${inForce}: the change waits until most of each of them answer, and write it down`
    : `${inForce}: the change is made when the holder's file names them too`;
}

function refusalText(voter: string, { reason, holder, holding, until }: Refused, now: Reading) {
  const left = restAtMost(until, now);
  const rest = formatDuration(left);
  switch (reason) {
    case "promised":
      if (left === 0) return `${voter} had promised it to ${holder}, and is asked again`;
      return holding
        ? `${holder} holds it, says ${voter}, for ${rest} more`
        : `${holder} asks for it too, says ${voter}: decided in ${rest}`;
    case "silent":
      return left === 0
        ? `${voter} had just started, and is asked again`
        : `${voter} has just started and votes in ${rest}`;
    case "other-voters":
      return `${voter} knows other voters`;
    case "old-epoch":
      return `${voter} has heard of a newer candidate; it is asked again`;
    case "too-long":
      return `${voter} does not promise for so long: is it of another version?`;
    case "full":
      return `${voter} has no room for another lease`;
  }
}
