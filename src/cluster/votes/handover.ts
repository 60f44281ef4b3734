/**
 * A planned move of a lease: the holder offers it, its successor wishes for it by a request to the
 * voters, and the holder, having shut its fence, has them take that request in place of its own. So
 * one message each way, and the successor counts from its own sending (decision 0081).
 */
import type { Contest, Holder, Step } from "./candidacy.ts";
import { dropped, newRound, nextSent, requestOf, toAll } from "./candidacy.ts";
import type { Reading } from "./clocks.ts";
import { settle } from "./holder.ts";
import { markOf, type Offer, type Outgoing, type Transfer, type Wish } from "./message.ts";
import { compareStamps, printOf } from "./voters.ts";

/** The holder's message to the node that is to succeed it. It holds on until that answers. */
export function offer({ lease }: Contest, holder: Holder, to: string): Outgoing | undefined {
  const { candidacy, voters } = holder;
  if (candidacy === undefined || !candidacy.isHolding) return undefined;
  const mark = markOf(voters, false);
  const message: Offer = { kind: "vote-offer", lease, epoch: candidacy.asking, voters: mark };
  return { to, message };
}

/** The node wishes that `to`, which holds the lease, gives it up in favour of this node. */
export function wish(
  contest: Contest,
  before: Holder,
  now: Reading,
  to: string,
  epoch: number,
): Step {
  const settled = settle(before, now);
  if (settled.candidacy?.isHolding === true) return { holder: settled, messages: [] };
  const holder = { ...settled, highest: Math.max(settled.highest, epoch) };
  const { lease } = contest;
  const round = newRound(contest, holder, now);
  const message: Wish = {
    kind: "vote-wish",
    lease,
    voters: markOf(round.voters, true),
    ...requestOf(contest, round),
  };
  return { holder: round, messages: [{ to, message }] };
}

/**
 * The holder gives the lease up in favour of the node whose wish it has. Its fence is shut before
 * this is sent. Undefined: it does not hold, or the wish is too old; then an offer is answered by a
 * new one.
 */
export function transfer(
  contest: Contest,
  before: Holder,
  now: Reading,
  to: string,
  { kind: _, lease, voters: list, ...next }: Wish,
): Step | undefined {
  const settled = settle(before, now);
  const { candidacy, token, voters } = settled;
  const { terms } = contest;
  if (candidacy?.isHolding !== true) return undefined;
  if (compareStamps(list, voters.stamp) !== 0 || list.print !== printOf(voters)) return undefined;
  if (next.epoch <= candidacy.asking || next.term > terms.term) return undefined;
  const sent = nextSent(settled, now);
  const holder = { ...dropped(settled), lastSent: sent, askAt: undefined };
  const highest = Math.max(holder.highest, next.epoch);
  const message: Transfer = {
    kind: "vote-transfer",
    lease,
    voters: markOf(voters, true),
    token,
    sent,
    to,
    next,
  };
  return { holder: { ...holder, highest }, messages: toAll(contest, holder, () => message) };
}
