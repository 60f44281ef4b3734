/** What comes of etcd's answers about a lease, and of the word of a node that gave it up. */
import type { Nanoseconds } from "../../time.ts";
import { laterEnd, mayBeOver, type Reading, readingAfter } from "../votes/clocks.ts";
import {
  type EtcdLease,
  type EtcdStep,
  isLiving,
  type Seen,
  type Sent,
  settle,
  waitOf,
  type Wish,
} from "./lease.ts";
import { type Answer, type Owner, readOwner, type Record } from "./record.ts";
import { maySay, request } from "./requests.ts";
import { AGAIN, RENEW_EVERY } from "./terms.ts";

/** The node after an answer, and what it asks, and whom it tells. */
export interface Answered extends EtcdStep {
  /** A lease has the owner that had wished it: this is to be told to it. */
  readonly given?: { readonly node: string; readonly id: number; readonly revision: number };
}

/** The node after etcd's answer to request `id`, which may be relied on for `hold`. */
export function answered(
  before: EtcdLease,
  now: Reading,
  id: number,
  answer: Answer,
  hold: Nanoseconds,
): Answered {
  const settled = settle(before, now);
  const asked = settled.sent.find((one) => one.id === id);
  const sent = settled.sent.filter((one) => one !== asked);
  const lease = { ...settled, sent };
  if (asked === undefined) return { lease, requests: [] };
  if (answer.kind === "record") return recorded(lease, now, asked, answer.record);
  return done(lease, now, asked, answer.revision, hold);
}

/** The node after a request was lost: etcd may have done it, or not. Asked again after `wait`. */
export function failed(before: EtcdLease, now: Reading, wait: Nanoseconds = AGAIN): EtcdLease {
  const lease = settle(before, now);
  const again = readingAfter(now, wait);
  return again.boot < lease.askAt.boot ? { ...lease, askAt: again } : lease;
}

/**
 * The node after it was told that etcd has made it the owner by `revision`, as it had wished by
 * `id`. It counts from its wish.
 */
export function given(
  before: EtcdLease,
  now: Reading,
  { id, revision }: Pick<Wish, "id"> & { readonly revision: number },
  hold: Nanoseconds,
): EtcdLease {
  const lease = settle(before, now);
  const { wish, wants } = lease;
  if (!wants || wish?.id !== id || !isLiving(wish.at, now)) return lease;
  return holding({ ...lease, wish: undefined }, now, revision, wish.at, hold);
}

function done(
  lease: EtcdLease,
  now: Reading,
  { deed, at, counts }: Sent,
  revision: number,
  duration: Nanoseconds,
): Answered {
  const end = readingAfter(at, duration);
  const isInTime = counts && lease.wants && isLiving(at, now) && !mayBeOver(end, now);
  switch (deed.kind) {
    case "renew": {
      // A hold that has ended meanwhile is taken again, under another epoch.
      const { hold } = lease;
      if (!isInTime || hold?.epoch !== deed.owner) return { lease, requests: [] };
      const next = { ...lease, hold: { ...hold, end: laterEnd(hold.end, end) } };
      return { lease: { ...next, askAt: readingAfter(at, RENEW_EVERY) }, requests: [] };
    }
    case "take": {
      if (isInTime) return { lease: holding(lease, now, revision, at, duration), requests: [] };
      const seen = newer(lease.seen, ownRecord(lease, revision), now);
      if (lease.wants) return request({ ...lease, seen }, now);
      if (!maySay(lease, now)) return { lease: { ...lease, seen }, requests: [] };
      return request({ ...lease, seen, leaving: { epoch: revision, to: undefined } }, now);
    }
    case "release":
    case "give":
      return left(lease, now, deed.owner, revision);
    default:
      // By now there are other revisions.
      return { lease: { ...lease, askAt: now }, requests: [] };
  }
}

/** The node that holds by the put of `revision`, which it has asked for at `at`. */
function holding(
  lease: EtcdLease,
  now: Reading,
  revision: number,
  at: Reading,
  duration: Nanoseconds,
): EtcdLease {
  const end = readingAfter(at, duration);
  if (mayBeOver(end, now)) return lease;
  const epoch = Math.max(revision, lease.hold?.epoch ?? 0);
  return {
    ...lease,
    seen: newer(lease.seen, ownRecord(lease, revision), now),
    hold: { epoch, end: laterEnd(lease.hold?.end, end) },
    leaving: undefined,
    silentAt: undefined,
    askAt: readingAfter(at, RENEW_EVERY),
  };
}

function recorded(lease: EtcdLease, now: Reading, { deed }: Sent, record: Record): Answered {
  const { revision, owner, renewed } = record;
  const by = readOwner(owner?.value ?? "");
  const seen = newer(lease.seen, {
    revision,
    owner: owner?.revision ?? 0,
    renewed: renewed?.revision ?? 0,
    by,
  }, now);
  const next = { ...lease, seen };
  if (deed.kind === "renew" && lease.hold?.epoch === deed.owner) {
    // By a taking of its own whose answer was lost; or another has it, or it was removed by hand.
    const isOwn = owner !== undefined && by.token === lease.token;
    return request(
      { ...next, hold: isOwn ? { ...lease.hold, epoch: owner.revision } : undefined },
      now,
    );
  }
  if (deed.kind === "release" || deed.kind === "give") {
    // Its first answer may have been lost.
    const isDone = deed.kind === "give" && by.token === deed.to.token;
    return left(next, now, deed.owner, isDone ? owner?.revision : undefined);
  }
  if (lease.hold !== undefined) return { lease: next, requests: [] };
  const isMissing = seen.owner === 0 || seen.renewed === 0;
  if (deed.kind === "look" && isMissing) return request(next, now);
  if (!lease.wants) return { lease: next, requests: [] };
  const wait = waitOf(next, now);
  if (wait === 0) return request(next, now);
  const due = wait === undefined ? next.askAt : readingAfter(now, wait);
  return { lease: due.boot < next.askAt.boot ? { ...next, askAt: due } : next, requests: [] };
}

/** The node that has given up what it took by `epoch`; by `revision` it is another's. */
function left(
  lease: EtcdLease,
  now: Reading,
  epoch: number,
  revision: number | undefined,
): Answered {
  const { leaving } = lease;
  if (leaving?.epoch !== epoch) return { lease, requests: [] };
  const next = { lease: { ...lease, leaving: undefined, askAt: now }, requests: [] };
  const { to } = leaving;
  if (to === undefined || revision === undefined) return next;
  return { ...next, given: { node: to.node, id: to.id, revision } };
}

function ownRecord({ token }: EtcdLease, revision: number): Omit<Seen, "since"> {
  const by: Owner = { node: undefined, token, isFree: false };
  return { revision, owner: revision, renewed: revision, by };
}

/** What is seen now, where it is not older than what was seen before. */
function newer(before: Seen | undefined, seen: Omit<Seen, "since">, now: Reading): Seen {
  if (before === undefined) return { ...seen, since: now };
  // A member that lags behind.
  if (seen.revision < before.revision) return before;
  const isSame = seen.owner === before.owner && seen.renewed === before.renewed;
  return { ...seen, since: isSame ? before.since : now };
}
