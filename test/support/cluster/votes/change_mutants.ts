/** Changes of voters, broken in one place each: what proves them has to notice it. */
import type { Contest, Holder } from "../../../../src/cluster/votes/candidacy.ts";
import type { Reading } from "../../../../src/cluster/votes/clocks.ts";
import { type Grant, markOf, type Saved } from "../../../../src/cluster/votes/message.ts";
import {
  compareStamps,
  idsOf,
  initialVoters,
  type Stamp,
} from "../../../../src/cluster/votes/voters.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

/** Each mutant, by what it does wrong. */
export const CHANGE_MUTANTS: Readonly<Record<string, Protocol>> = {
  "another list takes the place of one without both counting for a time": {
    ...PROTOCOL,
    granted: (...given) => {
      const next = PROTOCOL.granted(...given);
      const { lists } = next.voters;
      if (lists.length === 1) return next;
      return { ...next, voters: { ...next.voters, lists: lists.slice(-1) } };
    },
  },
  "a change does not wait until the voters have written it down": {
    ...PROTOCOL,
    granted: (contest, holder, now, voter, grant) => {
      const { candidacy, voters } = holder;
      if (candidacy === undefined) return PROTOCOL.granted(contest, holder, now, voter, grant);
      const one: Saved = { ...voters.stamp, promised: candidacy.asking };
      const saved = new Map(idsOf(voters).map((id) => [id, one]));
      const believing = { ...holder, candidacy: { ...candidacy, saved } };
      return PROTOCOL.granted(contest, believing, now, voter, { ...grant, saved: one });
    },
  },
  "a voter says that it has written down what the disk has not": { ...PROTOCOL, savesEarly: true },
  "the voters in force are forgotten with the process": { ...PROTOCOL, savesVoters: false },
  "a voter goes by its file while no list has a number": {
    ...PROTOCOL,
    asked: (file, voter, now, from, ask) => {
      const vote = voter.votes.get(ask.lease);
      if (vote?.voters?.stamp.epoch !== 0) return PROTOCOL.asked(file, voter, now, from, ask);
      const votes = new Map(voter.votes).set(ask.lease, { ...vote, voters: initialVoters(file) });
      return PROTOCOL.asked(file, { ...voter, votes }, now, from, ask);
    },
  },
  "a voter grants to voters that are not in force any more": {
    ...PROTOCOL,
    asked: (file, voter, now, from, ask) => {
      const known = voter.votes.get(ask.lease)?.voters;
      const isOld = known !== undefined && compareStamps(ask.voters, known.stamp) < 0;
      const voters = isOld ? markOf(known, false) : ask.voters;
      return PROTOCOL.asked(file, voter, now, from, { ...ask, voters });
    },
  },
  "what an earlier holder left half made counts as that of the next": {
    ...PROTOCOL,
    granted: grantedToAnyEpoch,
  },
};

/** The holder that takes lists under any epoch for its own. */
function grantedToAnyEpoch(
  contest: Contest,
  holder: Holder,
  now: Reading,
  voter: string,
  grant: Grant,
): Holder {
  const { candidacy, voters } = holder;
  const { stamp } = voters;
  if (candidacy === undefined || stamp.epoch === 0 || stamp.epoch === candidacy.asking) {
    return PROTOCOL.granted(contest, holder, now, voter, grant);
  }
  const own = { epoch: candidacy.asking, step: 1 };
  const restamped = (saved: Saved, from: Stamp, to: Stamp): Saved =>
    compareStamps(saved, from) === 0 ? { ...saved, ...to } : saved;
  const saved = new Map([...candidacy.saved].map(([id, one]) => [id, restamped(one, stamp, own)]));
  const disguised: Holder = {
    ...holder,
    voters: { ...voters, stamp: own },
    candidacy: { ...candidacy, saved },
  };
  const answer = { ...grant, saved: grant.saved && restamped(grant.saved, stamp, own) };
  const next = PROTOCOL.granted(contest, disguised, now, voter, answer);
  if (next.voters !== disguised.voters || next.candidacy === undefined) return next;
  const back = new Map(
    [...next.candidacy.saved].map(([id, one]) => [id, restamped(one, own, stamp)]),
  );
  return { ...next, voters, candidacy: { ...next.candidacy, saved: back } };
}
