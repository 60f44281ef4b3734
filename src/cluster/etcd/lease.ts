/**
 * One node's side of a lease that etcd keeps (decision 0081). A transaction that etcd has done
 * allows holding, counted from its sending; nothing else does. A challenger that has seen one
 * revision of `renewed` for a whole term, by the slower of its clocks, takes the lease by a
 * transaction on that revision. So neither the age of what etcd tells nor the end of a lease of
 * etcd's matters. Pure: answers and readings of the clocks come in, requests go out.
 *
 * The caller shuts the fence at {@link endOf}, and before it sends what a release or a giving asks;
 * its resume state is void before that, too.
 */
import { type Nanoseconds, nanoseconds } from "../../time.ts";
import { mayBeOver, type Reading, readingAfter, restAtLeast, restAtMost } from "../votes/clocks.ts";
import type { Deed, Owner, Successor } from "./record.ts";
import { ANSWER_WITHIN, ETCD_TERM } from "./terms.ts";

/** A request that has no answer yet. */
export interface Sent {
  readonly id: number;
  readonly deed: Deed;
  readonly at: Reading;
  /** Its answer allows holding: the node has not given up since. */
  readonly counts: boolean;
}

/** The record as last seen. */
export interface Seen {
  /** Of the store. */
  readonly revision: number;
  /** Revisions of the keys; 0: there is none. */
  readonly owner: number;
  readonly renewed: number;
  readonly by: Owner;
  /** When this pair of revisions was first seen. */
  readonly since: Reading;
}

/** What allows holding. */
export interface Hold {
  /** The revision by which the lease was taken. */
  readonly epoch: number;
  readonly end: Reading;
}

/** What is to be given up, until etcd has heard it. */
export interface Leaving {
  readonly epoch: number;
  readonly to: (Successor & Pick<Wish, "id">) | undefined;
}

/** The holder was asked to give the lease up in favour of this process. */
export interface Wish {
  /** No other request of this token has the same, of whichever process. */
  readonly id: number;
  readonly at: Reading;
}

/** One node's side of one lease. */
export interface EtcdLease {
  /** Drawn at the start of the first process of a hold. */
  readonly token: string;
  /** The node wants to hold. */
  readonly wants: boolean;
  readonly lastId: number;
  readonly sent: readonly Sent[];
  readonly wish: Wish | undefined;
  readonly seen: Seen | undefined;
  readonly hold: Hold | undefined;
  readonly leaving: Leaving | undefined;
  /** Until then its addresses may be answered for though it does not hold: it gives up nothing. */
  readonly silentAt: Reading | undefined;
  /** When the next request is sent. */
  readonly askAt: Reading;
}

/** A request; `id` comes back with the answer. */
export interface EtcdRequest {
  readonly id: number;
  readonly deed: Deed;
}

/** The node after a step, and what it asks. */
export interface EtcdStep {
  readonly lease: EtcdLease;
  readonly requests: readonly EtcdRequest[];
}

/** What the next process of this machine needs for going on; of this boot only. */
export interface EtcdNote extends Hold {
  readonly token: string;
}

/** A node that holds nothing, and looks at once. */
export function startLease(token: string, now: Reading): EtcdLease {
  return {
    token,
    wants: false,
    lastId: 0,
    sent: [],
    wish: undefined,
    seen: undefined,
    hold: undefined,
    leaving: undefined,
    silentAt: undefined,
    askAt: now,
  };
}

/**
 * The node that goes on with what the process before it held, until the same end. Undefined: that
 * has passed.
 */
export function resumeLease({ token, epoch, end }: EtcdNote, now: Reading): EtcdLease | undefined {
  if (mayBeOver(end, now)) return undefined;
  return { ...startLease(token, now), wants: true, hold: { epoch, end } };
}

/** What to write down for the next process; undefined: nothing is held. */
export function noteOf(lease: EtcdLease, now: Reading): EtcdNote | undefined {
  const { token } = lease;
  const { hold } = settle(lease, now);
  return hold === undefined ? undefined : { token, ...hold };
}

/** Until when the node may hold; undefined: it may not. */
export function endOf({ hold }: EtcdLease): Reading | undefined {
  return hold?.end;
}

/** May the node hold now? */
export function holds({ hold }: EtcdLease, now: Reading): boolean {
  return hold !== undefined && !mayBeOver(hold.end, now);
}

/** The node at `now`: a hold whose time is over is no more. */
export function settle(lease: EtcdLease, now: Reading): EtcdLease {
  return lease.hold === undefined || holds(lease, now) ? lease : { ...lease, hold: undefined };
}

/** How long nothing has to be done. */
export function restOf({ askAt, hold }: EtcdLease, now: Reading): Nanoseconds {
  const ask = restAtLeast(askAt, now);
  return hold === undefined ? ask : nanoseconds(Math.min(ask, restAtLeast(hold.end, now)));
}

/** How long a challenger has to wait at most, as far as it knows; undefined: it knows nothing. */
export function waitOf({ token, seen }: EtcdLease, now: Reading): Nanoseconds | undefined {
  if (seen === undefined || seen.owner === 0 || seen.renewed === 0) return undefined;
  // What this very process has taken and does not hold, no process does.
  if (seen.by.isFree || seen.by.token === token) return nanoseconds(0);
  return restAtMost(readingAfter(seen.since, ETCD_TERM), now);
}

/** May what was asked at `at` still be answered? */
export function isLiving(at: Reading, now: Reading): boolean {
  return !mayBeOver(readingAfter(at, ANSWER_WITHIN), now);
}
