/** Votes for people: how many a node has, and why a voter gave none. */
import { formatDuration, nanoseconds } from "../../time.ts";
import type { LeaseView } from "../exclusive.ts";
import type { Contest, Holder, Refused } from "./candidacy.ts";
import { mayBeOver, type Reading, restAtLeast, restAtMost } from "./clocks.ts";
import { endOf } from "./holder.ts";

/** What the node has at `now`. */
export function viewOf(contest: Contest, holder: Holder, now: Reading): LeaseView {
  const { need, names: of } = contest.voters;
  const { candidacy } = holder;
  const end = endOf(contest, holder);
  const isHolding = candidacy?.isHolding === true && end !== undefined && !mayBeOver(end, now);
  const lasting = [...candidacy?.ends.values() ?? []].filter((one) => !mayBeOver(one, now));
  const refusals = [...candidacy?.refusals ?? []].map(([voter, why]) =>
    refusalText(voter, why, now)
  );
  return {
    // What the process before this one was granted is not known by voter.
    have: isHolding ? Math.max(need, lasting.length) : lasting.length,
    need,
    of,
    remaining: isHolding ? restAtLeast(end, now) : undefined,
    epoch: isHolding ? candidacy.epoch : undefined,
    refusals,
  };
}

function refusalText(voter: string, { reason, holder, holding, until }: Refused, now: Reading) {
  const rest = formatDuration(nanoseconds(restAtMost(until, now)));
  switch (reason) {
    case "promised":
      return holding
        ? `${holder} holds it, says ${voter}, for ${rest} more`
        : `${holder} asks for it too, says ${voter}: decided in ${rest}`;
    case "silent":
      return `${voter} has just started and votes in ${rest}`;
    case "other-voters":
      return `${voter} has other nodes and witnesses in its file`;
    case "old-epoch":
      return `${voter} has heard of a newer candidate; it is asked again`;
    case "too-long":
      return `${voter} does not promise for so long: is it of another version?`;
    case "full":
      return `${voter} has no room for another lease`;
  }
}
