/** The protocol of leases, broken in one place each: what proves it has to notice. */
import type { Candidacy, Holder } from "../../../../src/cluster/votes/candidacy.ts";
import { readingAfter } from "../../../../src/cluster/votes/clocks.ts";
import { markOf } from "../../../../src/cluster/votes/message.ts";
import { compareStamps } from "../../../../src/cluster/votes/voters.ts";
import type { Vote, Voter } from "../../../../src/cluster/votes/voter.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

function changed(holder: Holder, change: (candidacy: Candidacy) => Partial<Candidacy>): Holder {
  const { candidacy } = holder;
  return candidacy === undefined
    ? holder
    : { ...holder, candidacy: { ...candidacy, ...change(candidacy) } };
}

/** Nothing of `voter` but the numbers of the leases. */
function forgetful(voter: Voter): Voter {
  const votes = new Map(
    [...voter.votes].map(([lease, { epoch }]): [string, Vote] => [lease, {
      epoch,
      last: undefined,
    }]),
  );
  return { ...voter, votes };
}

/** The holder that needs one vote alone: that of `voter`, or the first that it has. */
function withOneList(holder: Holder, voter?: string): Holder {
  const one = voter ?? holder.candidacy?.ends.keys().next().value;
  return one === undefined ? holder : { ...holder, voters: { ...holder.voters, lists: [[one]] } };
}

/** Each mutant, by what it does wrong. */
export const MUTANTS: Readonly<Record<string, Protocol>> = {
  "the holder counts from the receipt of the grant": {
    ...PROTOCOL,
    granted: (contest, holder, now, voter, grant) =>
      PROTOCOL.granted(
        contest,
        changed(holder, ({ rounds }) => ({ rounds: rounds.map((one) => ({ ...one, at: now })) })),
        now,
        voter,
        grant,
      ),
  },
  "a voter is not silent after its start": {
    ...PROTOCOL,
    startVoter: (now, votes) => ({ ...PROTOCOL.startVoter(now, votes), silentUntil: now }),
  },
  "the hold is as long as the promise": {
    ...PROTOCOL,
    terms: (terms) => ({ ...terms, hold: terms.term }),
  },
  "a grant from before a release is used": {
    ...PROTOCOL,
    release: (contest, holder, now) => {
      const step = PROTOCOL.release(contest, holder, now);
      const { candidacy } = changed(holder, () => ({ ends: new Map(), isHolding: false }));
      return { ...step, holder: { ...step.holder, candidacy } };
    },
  },
  "a recorded grant counts as the answer to the newest request": {
    ...PROTOCOL,
    granted: (contest, holder, now, voter, grant) => {
      const sent = holder.candidacy?.rounds.at(-1)?.sent ?? grant.sent;
      return PROTOCOL.granted(contest, holder, now, voter, { ...grant, sent });
    },
  },
  "a transfer is sent before the fence is shut": { ...PROTOCOL, shutsFence: false },
  "the resume state outlives a transfer": { ...PROTOCOL, voidsNote: false },
  "a process resumes without a lease": {
    ...PROTOCOL,
    resumeHolder: (note, now) => {
      const end = readingAfter(now, note.end.boot);
      return PROTOCOL.resumeHolder({ ...note, end }, now);
    },
  },
  "a voter promises twice": {
    ...PROTOCOL,
    asked: (voters, voter, now, from, ask) =>
      PROTOCOL.asked(voters, forgetful(voter), now, from, ask),
  },
  "a release counts whenever it comes": {
    ...PROTOCOL,
    released: (voter, from, release) =>
      PROTOCOL.released(voter, from, { ...release, sent: Number.MAX_VALUE }),
  },
  "one vote of three is enough": {
    ...PROTOCOL,
    endOf: (holder) => PROTOCOL.endOf(withOneList(holder)),
    granted: (contest, holder, now, voter, grant) => {
      const next = PROTOCOL.granted(contest, withOneList(holder, voter), now, voter, grant);
      return { ...next, voters: holder.voters };
    },
  },
  "another list takes the place of one without both counting for a time": {
    ...PROTOCOL,
    granted: (contest, holder, now, voter, grant) => {
      const next = PROTOCOL.granted(contest, holder, now, voter, grant);
      const lists = next.voters.lists.slice(-1);
      return { ...next, voters: { ...next.voters, lists } };
    },
  },
  "a change does not wait until the voters have written it down": {
    ...PROTOCOL,
    granted: (contest, holder, now, voter, grant) => {
      const saved = { ...holder.voters.stamp, promised: holder.candidacy?.asking ?? 0 };
      return PROTOCOL.granted(contest, holder, now, voter, { ...grant, saved });
    },
  },
  "the voters in force are forgotten with the process": { ...PROTOCOL, savesVoters: false },
  "a voter goes by its file": {
    ...PROTOCOL,
    asked: (file, voter, now, from, ask) => {
      const votes = [...voter.votes].map(([lease, vote]): [string, Vote] => [
        lease,
        { ...vote, voters: { stamp: { epoch: 0, step: 0 }, lists: [file] } },
      ]);
      return PROTOCOL.asked(file, { ...voter, votes: new Map(votes) }, now, from, ask);
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
};
