/** The protocol of leases in etcd as a table, so that a test can break one entry of it. */
import { answered, failed, given } from "../../../../src/cluster/etcd/answers.ts";
import {
  endOf,
  type EtcdLease,
  noteOf,
  resumeLease,
  startLease,
} from "../../../../src/cluster/etcd/lease.ts";
import { ask, give, lapse, release, tick, wish } from "../../../../src/cluster/etcd/requests.ts";
import { etcdTerms } from "../../../../src/cluster/etcd/terms.ts";
import { readingAfter } from "../../../../src/cluster/votes/clocks.ts";
import { nanoseconds } from "../../../../src/time.ts";
import { COMPARES, type Compares } from "./store.ts";

/** What the nodes of a test do; a mutant is this with one entry changed. */
export const PROTOCOL = {
  hold: etcdTerms("nftables").hold,
  ask,
  tick,
  release,
  lapse,
  answered,
  failed,
  wish,
  give,
  given,
  resumeLease,
  noteOf,
  compares: COMPARES,
  /** Is what was not there put as what was given up? */
  marksFree: false,
  /** Is the fence shut before a release is sent? */
  shutsFence: true,
  /** Is the resume state void before that? */
  voidsNote: true,
};

/** The protocol, or a broken one. */
export type Protocol = typeof PROTOCOL;

function changedSeen(lease: EtcdLease, seen: Partial<EtcdLease["seen"]>): EtcdLease {
  return lease.seen === undefined ? lease : { ...lease, seen: { ...lease.seen, ...seen } };
}

function without(key: "owner" | "renewed", kind: string): Compares {
  return (deed) => {
    const { [key]: _, ...rest } = COMPARES(deed);
    return deed.kind === kind ? rest : COMPARES(deed);
  };
}

/** Each mutant, by what it does wrong. */
export const MUTANTS: Readonly<Record<string, Protocol>> = {
  "the holder counts from the receipt of the answer": {
    ...PROTOCOL,
    answered: (lease, now, ...rest) =>
      PROTOCOL.answered(
        { ...lease, sent: lease.sent.map((one) => ({ ...one, at: now })) },
        now,
        ...rest,
      ),
  },
  "the hold is longer than the term": {
    ...PROTOCOL,
    hold: nanoseconds(PROTOCOL.hold * 1.01),
  },
  "a challenger counts from the sending of its look": {
    ...PROTOCOL,
    answered: (lease, now, id, ...rest) => {
      const at = lease.sent.find((one) => one.id === id)?.at ?? now;
      const step = PROTOCOL.answered(lease, now, id, ...rest);
      const isNew = step.lease.seen?.since === now;
      return isNew ? { ...step, lease: changedSeen(step.lease, { since: at }) } : step;
    },
  },
  "a challenger waits by the faster of its clocks": {
    ...PROTOCOL,
    tick: (lease, now) => {
      if (lease.seen === undefined) return PROTOCOL.tick(lease, now);
      const { since } = lease.seen;
      const passed = Math.max(now.boot - since.boot, now.raw - since.raw);
      const ahead = {
        boot: nanoseconds(Math.max(0, now.boot - passed)),
        raw: nanoseconds(Math.max(0, now.raw - passed)),
      };
      return PROTOCOL.tick(changedSeen(lease, { since: ahead }), now);
    },
  },
  "a challenger does not wait": {
    ...PROTOCOL,
    tick: (lease, now) =>
      PROTOCOL.tick(
        changedSeen(lease, { since: { boot: nanoseconds(-1e10), raw: nanoseconds(-1e10) } }),
        now,
      ),
  },
  "a lease is taken whatever was renewed": {
    ...PROTOCOL,
    compares: without("renewed", "take"),
  },
  "a release counts whenever it comes": {
    ...PROTOCOL,
    compares: without("owner", "release"),
  },
  "what is not there is free": { ...PROTOCOL, marksFree: true },
  "what is read counts as a renewal": {
    ...PROTOCOL,
    answered: (lease, now, id, answer, hold) => {
      const asked = lease.sent.find((one) => one.id === id);
      const step = PROTOCOL.answered(lease, now, id, answer, hold);
      const isOwn = answer.kind === "record" &&
        answer.record.owner?.value.includes(lease.token) === true;
      if (!isOwn || asked?.deed.kind !== "look" || !lease.wants) return step;
      const epoch = answer.record.owner?.revision ?? 0;
      const end = readingAfter(asked.at, hold);
      return { ...step, lease: { ...step.lease, hold: { epoch, end } } };
    },
  },
  "an answer from before a release is used": {
    ...PROTOCOL,
    release: (lease, now) => {
      const step = PROTOCOL.release(lease, now);
      return { ...step, lease: { ...step.lease, hold: lease.hold, wants: true } };
    },
  },
  "a successor counts from what it is told": {
    ...PROTOCOL,
    given: (lease, now, ...rest) => {
      const { wish } = lease;
      return PROTOCOL.given(
        wish === undefined ? lease : { ...lease, wish: { ...wish, at: now } },
        now,
        ...rest,
      );
    },
  },
  "a lease that is given is not taken from etcd's word": {
    ...PROTOCOL,
    compares: without("owner", "give"),
  },
  "what is given up is sent before the fence is shut": { ...PROTOCOL, shutsFence: false },
  "what lapsed is given up before its time is over": {
    ...PROTOCOL,
    lapse: (lease, now) => {
      const step = PROTOCOL.lapse(lease, now);
      return { ...step, lease: { ...step.lease, silentAt: undefined } };
    },
  },
  "the resume state outlives a release": { ...PROTOCOL, voidsNote: false },
  "a process resumes without a lease": {
    ...PROTOCOL,
    resumeLease: (note, now) =>
      PROTOCOL.resumeLease({ ...note, end: readingAfter(now, PROTOCOL.hold) }, now),
  },
};

export { endOf, startLease };
