/**
 * Quiet hours of machines that vote and hold, at once. Where one node holds by the promises of all
 * voters to its newest request, no other node asks and no message is under way, each round of
 * requests leads to the same state again, but for the time. So many of them are one step: all that
 * these machines know of that round is later. It is a state that the rounds lead to one by one,
 * with the delays of the last of them.
 */
import type { Reading } from "../../../../src/cluster/votes/clocks.ts";
import type { Promised } from "../../../../src/cluster/votes/voter.ts";
import { type Nanoseconds, nanoseconds } from "../../../../src/time.ts";
import type { Pace } from "../storm.ts";
import { LEASE, type Machine } from "./world.ts";

/** The holder of such a state; undefined: it is none. */
export function restingHolder(machines: readonly Machine[]): Machine | undefined {
  const holder = machines.find((one) => one.holder.candidacy?.isHolding === true);
  if (holder === undefined) return undefined;
  const { token, lastSent, candidacy, askAt } = holder.holder;
  const isCalm = machines.every(({ name, holder: { askAt, candidacy }, voter, fence }) => {
    const last = voter.votes.get(LEASE)?.last;
    const isPromised = last?.to === holder.name && last.token === token && last.sent === lastSent;
    const isAlone = name === holder.name ||
      (askAt === undefined && candidacy === undefined && fence === undefined);
    return isPromised && last.holding && isAlone;
  });
  const isOneRound = candidacy?.ends.size === machines.length && askAt !== undefined &&
    new Set([...candidacy.ends.values()].map(({ boot }) => boot)).size === 1;
  // While the voters change, a round leads to another state.
  const isSettled = machines.every(({ isWish, voter, writing }) => {
    const vote = voter.votes.get(LEASE);
    return !isWish && writing === undefined && vote?.isUnsaved === false &&
      vote.voters?.stamp.epoch === holder.holder.voters.stamp.epoch;
  });
  const { lists, stamp } = holder.holder.voters;
  const isNumbered = lists.length === 1 && stamp.epoch > 0;
  return isCalm && isOneRound && isSettled && isNumbered ? holder : undefined;
}

/** `machine` when `duration` of such time is over; `paces` are its own and the holder's. */
export function afterQuiet(
  machine: Machine,
  duration: number,
  paces: { readonly own: Pace; readonly holder: Pace },
): Machine {
  const own = shiftBy(duration, paces.own);
  const sent = nanoseconds(duration * paces.holder.boot);
  const promised = (last: Promised): Promised => ({
    ...last,
    sent: last.sent + sent,
    end: last.end && own(last.end),
  });
  const { holder, voter, fence, note } = machine;
  const { candidacy, lastSent, askAt } = holder;
  const votes = new Map(
    [...voter.votes].map(([lease, vote]) =>
      [lease, { ...vote, last: vote.last && promised(vote.last) }] as const
    ),
  );
  return {
    ...machine,
    now: own(machine.now),
    fence: fence && own(fence),
    voter: { ...voter, votes },
    note: note && {
      holder: { ...note.holder, lastSent: note.holder.lastSent + sent, end: own(note.holder.end) },
      own: note.own && promised(note.own),
    },
    holder: candidacy === undefined ? holder : {
      ...holder,
      lastSent: lastSent + sent,
      askAt: askAt && own(askAt),
      candidacy: {
        ...candidacy,
        rounds: candidacy.rounds.map((one) => ({
          ...one,
          sent: one.sent + sent,
          at: own(one.at),
        })),
        ends: new Map([...candidacy.ends].map(([name, end]) => [name, own(end)])),
      },
    },
  };
}

function shiftBy(duration: number, { boot, raw }: Pace) {
  const [byBoot, byRaw] = [nanoseconds(duration * boot), nanoseconds(duration * raw)];
  return (reading: Reading): Reading => ({
    boot: nanoseconds(reading.boot + byBoot),
    raw: nanoseconds(reading.raw + byRaw),
  });
}

/** How long one round takes: until the first of the holder's clocks says that it is time. */
export function roundOf(renewEvery: Nanoseconds, { boot, raw }: Pace): number {
  return renewEvery / Math.max(boot, raw);
}
