/** What a node asks etcd about a lease, and when. */
import { type Nanoseconds, nanoseconds } from "../../time.ts";
import { isSurelyOver, mayBeOver, type Reading, readingAfter } from "../votes/clocks.ts";
import {
  type EtcdLease,
  type EtcdStep,
  isLiving,
  type Leaving,
  settle,
  waitOf,
  type Wish,
} from "./lease.ts";
import type { Deed, Successor } from "./record.ts";
import { AGAIN, ETCD_TERM, LOOK_EVERY } from "./terms.ts";

/** Requests whose answers may come yet, at most. */
const MOST_SENT = 12;

/**
 * The node wants to hold from now on, until it gives up. One that holds renews when it is time to,
 * however often this is said.
 */
export function ask(before: EtcdLease, now: Reading): EtcdStep {
  const lease = settle(before, now);
  if (!lease.wants) return request({ ...lease, wants: true }, now);
  return tick(lease, now);
}

/** The node wants the holder to give up in its favour; undefined: it holds already. */
export function wish(
  before: EtcdLease,
  now: Reading,
): { readonly lease: EtcdLease; readonly wish: Wish } | undefined {
  const lease = settle(before, now);
  if (lease.hold !== undefined) return undefined;
  const id = nextId(lease, now);
  const wish = { id, at: now };
  // Where what it is told is lost, it looks soon.
  return {
    lease: { ...lease, lastId: id, wants: true, wish, askAt: readingAfter(now, AGAIN) },
    wish,
  };
}

/** The node gives up what it holds or has asked for. Its fence is shut before this is sent. */
export function release(before: EtcdLease, now: Reading): EtcdStep {
  const { token, hold, leaving, seen } = before;
  if (!maySay(before, now)) return leave(before, now, undefined);
  // Also where its time is over: no other node has to wait then.
  const own = seen?.by.token === token ? { epoch: seen.owner, to: undefined } : leaving;
  const left = hold === undefined ? own : { epoch: hold.epoch, to: undefined };
  return leave(before, now, left);
}

/**
 * The node holds no more, and wants to no more, but its fence shuts only when its time is over: the
 * others wait for that.
 */
export function lapse(before: EtcdLease, now: Reading): EtcdStep {
  const { lease } = leave(before, now, undefined);
  return { lease: { ...lease, silentAt: readingAfter(now, ETCD_TERM) }, requests: [] };
}

/** May the others be told that this node, which does not hold, is none to wait for? */
export function maySay({ silentAt }: EtcdLease, now: Reading): boolean {
  return silentAt === undefined || isSurelyOver(silentAt, now);
}

/**
 * The node gives up in favour of the process that has wished it by `id`. Its fence is shut before
 * this is sent. Undefined: it does not hold.
 */
export function give(
  before: EtcdLease,
  now: Reading,
  to: Successor & Pick<Wish, "id">,
): EtcdStep | undefined {
  const { hold } = settle(before, now);
  return hold === undefined ? undefined : leave(before, now, { epoch: hold.epoch, to });
}

function leave(before: EtcdLease, now: Reading, leaving: Leaving | undefined): EtcdStep {
  const lease: EtcdLease = {
    ...before,
    wants: false,
    hold: undefined,
    wish: undefined,
    sent: before.sent.map((one) => ({ ...one, counts: false })),
    leaving,
  };
  return leaving === undefined ? { lease, requests: [] } : request(lease, now);
}

/** Asks where it is time to. */
export function tick(before: EtcdLease, now: Reading): EtcdStep {
  const lease = settle(before, now);
  if (mayBeOver(lease.askAt, now)) return request(lease, now);
  return { lease, requests: [] };
}

/** The node with its next request. */
export function request(lease: EtcdLease, now: Reading): EtcdStep {
  const id = nextId(lease, now);
  const { deed, next } = nextDeed(lease, now);
  const sent = lease.sent
    // A taking that is answered late is given up again, so that no other node has to wait.
    .filter(({ deed, at }) => deed.kind === "take" || isLiving(at, now))
    .map((one) => isLiving(one.at, now) ? one : { ...one, counts: false });
  const all = [...sent, { id, deed, at: now, counts: true }].slice(-MOST_SENT);
  return {
    lease: { ...lease, lastId: id, sent: all, askAt: readingAfter(now, next) },
    requests: [{ id, deed }],
  };
}

/** What is to be asked, and after which time again. */
function nextDeed(
  lease: EtcdLease,
  now: Reading,
): { readonly deed: Deed; readonly next: Nanoseconds } {
  const { hold, wants, leaving, seen } = lease;
  if (hold !== undefined) return { deed: { kind: "renew", owner: hold.epoch }, next: AGAIN };
  if (!wants && leaving !== undefined) return { deed: leavingDeed(leaving), next: AGAIN };
  if (seen === undefined) return { deed: { kind: "look" }, next: AGAIN };
  const { owner, renewed } = seen;
  if (owner === 0 || renewed === 0) return { deed: { kind: "mark", owner, renewed }, next: AGAIN };
  if (!wants) return { deed: { kind: "look" }, next: LOOK_EVERY };
  const wait = waitOf(lease, now) ?? LOOK_EVERY;
  if (wait === 0) return { deed: { kind: "take", owner, renewed }, next: AGAIN };
  return { deed: { kind: "look" }, next: nanoseconds(Math.min(wait, LOOK_EVERY)) };
}

/** An instant, so that it rises also from one process of a token to the next. */
function nextId({ lastId }: EtcdLease, now: Reading): number {
  return Math.max(lastId + 1, now.boot);
}

function leavingDeed({ epoch: owner, to }: Leaving): Deed {
  if (to === undefined) return { kind: "release", owner };
  return { kind: "give", owner, to: { node: to.node, token: to.token } };
}
