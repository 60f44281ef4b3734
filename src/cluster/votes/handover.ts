/**
 * A planned move of a lease: the holder offers it, its successor wishes for it by a request to the
 * voters, and the holder, having shut its fence, has them take that request in place of its own. So
 * one message each way, and the successor counts from its own sending (decision 0081).
 */
import type { Contest, Holder, Step } from "./candidacy.ts";
import { dropped, newRound, nextSent, requestOf, toAll } from "./candidacy.ts";
import type { Reading } from "./clocks.ts";
import { settle } from "./holder.ts";
import type { Offer, Outgoing, Transfer, Wish } from "./message.ts";

/** The holder's message to the node that is to succeed it. It holds on until that answers. */
export function offer({ lease }: Contest, { candidacy }: Holder, to: string): Outgoing | undefined {
  if (candidacy === undefined || !candidacy.isHolding) return undefined;
  const message: Offer = { kind: "vote-offer", lease, epoch: candidacy.asking };
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
  const settled = settle(contest, before, now);
  if (settled.candidacy?.isHolding === true) return { holder: settled, messages: [] };
  const holder = { ...settled, highest: Math.max(settled.highest, epoch) };
  const { lease, voters } = contest;
  const round = newRound(contest, holder, now);
  const message: Wish = {
    kind: "vote-wish",
    lease,
    voters: voters.fingerprint,
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
  const settled = settle(contest, before, now);
  const { candidacy, token } = settled;
  const { voters, terms } = contest;
  if (candidacy?.isHolding !== true || list !== voters.fingerprint) return undefined;
  if (next.epoch <= candidacy.asking || next.term > terms.term) return undefined;
  const sent = nextSent(settled, now);
  const holder = { ...dropped(settled), lastSent: sent, askAt: undefined };
  const highest = Math.max(holder.highest, next.epoch);
  const message: Transfer = {
    kind: "vote-transfer",
    lease,
    voters: voters.fingerprint,
    token,
    sent,
    to,
    next,
  };
  return { holder: { ...holder, highest }, messages: toAll(voters, message) };
}
