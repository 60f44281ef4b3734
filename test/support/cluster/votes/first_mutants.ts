/** Two first lists that come to one, broken in one place each: the small model has to notice it. */
import type { Holder } from "../../../../src/cluster/votes/candidacy.ts";
import { markOf } from "../../../../src/cluster/votes/message.ts";
import { isSameList } from "../../../../src/cluster/votes/voters.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

/** Each mutant, by what it does wrong. */
export const FIRST_MUTANTS: Readonly<Record<string, Protocol>> = {
  "a voter promises to a first list that is not its own": {
    ...PROTOCOL,
    asked: (file, voter, now, from, ask) => {
      const known = voter.votes.get(ask.lease)?.voters;
      const asked = ask.voters.lists ?? [];
      if (known?.stamp.epoch !== 0 || ask.voters.epoch !== 0) {
        return PROTOCOL.asked(file, voter, now, from, ask);
      }
      const voters = markOf({ ...known, lists: [...known.lists, ...asked] }, false);
      return PROTOCOL.asked(file, voter, now, from, { ...ask, voters });
    },
  },
  "a voter goes by the list that is to stay from its promise on": {
    ...PROTOCOL,
    asked: (file, voter, now, from, ask) => {
      const next = PROTOCOL.asked(file, voter, now, from, ask);
      const vote = next.voter.votes.get(ask.lease);
      const { epoch, step, lists = [] } = ask.voters;
      const isGranted = next.messages.some(({ message }) => message.kind === "vote-grant");
      if (vote?.voters?.stamp.epoch !== 0 || !isGranted || lists.length < 2) return next;
      const voters = { stamp: { epoch, step }, lists: lists.slice(-1) };
      const votes = new Map(next.voter.votes).set(ask.lease, { ...vote, voters, isUnsaved: true });
      return { ...next, voter: { ...next.voter, votes } };
    },
  },
  "what was granted to two first lists counts for one": {
    ...PROTOCOL,
    ask: (contest, holder, now) => PROTOCOL.ask(contest, withOwnList(holder), now),
  },
  "the first holder numbers one of two first lists": {
    ...PROTOCOL,
    granted: (...given) => {
      const [, before] = given;
      const next = PROTOCOL.granted(...given);
      const { stamp, lists } = next.voters;
      if (before.voters.stamp.epoch > 0 || stamp.epoch === 0) return next;
      return { ...next, voters: { stamp, lists: lists.slice(-1) } };
    },
  },
};

/** A candidate that asked by two first lists, and goes on by its own with what it has. */
function withOwnList(holder: Holder): Holder {
  const { voters: { stamp, lists }, candidacy, other } = holder;
  const isTurning = stamp.epoch === 0 && lists.length > 1 && candidacy?.isHolding === false;
  if (!isTurning) return holder;
  const own = lists.filter((list) => other === undefined || !isSameList(list, other)).slice(-1);
  return { ...holder, other: undefined, voters: { stamp, lists: own } };
}
