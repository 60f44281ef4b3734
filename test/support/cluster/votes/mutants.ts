/** The protocol of leases, broken in one place each: what proves it has to notice. */
import type { Candidacy, Holder } from "../../../../src/cluster/votes/candidacy.ts";
import { readingAfter } from "../../../../src/cluster/votes/clocks.ts";
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
    released: (voter, from, release) => {
      const last = voter.votes.get(release.lease)?.last;
      // Just above the last request, so that the next one is heard.
      const sent = Math.max(release.sent, (last?.sent ?? 0) + 0.5);
      return PROTOCOL.released(voter, from, { ...release, sent });
    },
  },
  "one vote of three is enough": {
    ...PROTOCOL,
    endOf: (holder) => PROTOCOL.endOf(withOneList(holder)),
    granted: (contest, holder, now, voter, grant) => {
      const next = PROTOCOL.granted(contest, withOneList(holder, voter), now, voter, grant);
      return { ...next, voters: holder.voters };
    },
  },
};
