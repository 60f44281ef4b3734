/**
 * Machines that were set up with different files (decision 0090). While no list has a number, each
 * voter goes by the list of its own first start. It promises to a candidate that needs a majority
 * of that list and of another one too, so a candidate that meets another first list asks by both,
 * and by its own alone, in turns: which of them has a majority, it cannot know. Pure.
 */
import { type Contest, dropped, type Holder } from "./candidacy.ts";
import type { Refusal } from "./message.ts";
import { isSameList, type VoterList } from "./voters.ts";

/** The first list of a voter that goes by another one than the node; undefined: none is known. */
export function otherOf({ voters, other }: Holder, refusal: Refusal): VoterList | undefined {
  const { stamp: { epoch }, lists: [own, second] } = voters;
  const list = refusal.voters?.epoch === 0 ? refusal.voters.lists?.[0] : undefined;
  if (epoch > 0 || second !== undefined || own === undefined || list === undefined) return other;
  return isSameList(own, list) ? other : list;
}

/** The candidate before its next request: of its own first list alone it goes to both, and back. */
export function turned({ file }: Contest, holder: Holder): Holder {
  const { voters: { stamp, lists }, candidacy, other } = holder;
  if (stamp.epoch > 0 || candidacy?.isHolding === true) return holder;
  if (lists.length > 1) {
    const own = lists.filter((list) => other === undefined || !isSameList(list, other)).slice(-1);
    // What was granted to both is no majority of one: its voters may go by the other one.
    return { ...dropped(holder), other: undefined, voters: { stamp, lists: own } };
  }
  if (other === undefined) return holder;
  // The list of the file comes last, as that which is to stay.
  const both = isSameList(other, file) ? [...lists, other] : [other, ...lists];
  const asking = candidacy && { ...candidacy, told: new Set<string>() };
  return { ...holder, candidacy: asking, voters: { stamp, lists: both } };
}
