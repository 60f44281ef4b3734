/**
 * One virtual router of the daemon: its plan, the engine's state, and what was counted and heard.
 */
import type { Endpoint } from "../host.ts";
import {
  between,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  type WallTime,
} from "../time.ts";
import type { Ip } from "../net/ip.ts";
import type { Reading } from "../cluster/votes/clocks.ts";
import type { Plan } from "../config/plan/plan.ts";
import type { Cause, Fault } from "../vrrp/event.ts";
import type { Rules } from "../vrrp/rules.ts";
import { initial, type State } from "../vrrp/state.ts";
import { masterDownOf } from "../vrrp/intervals.ts";
import type { RejectReason } from "../wire/reject.ts";
import { type Look, noLook } from "./holders/look.ts";
import type { ChecksumForm } from "../wire/vrrp.ts";

/** Counters of one virtual router, after RFC 6527. */
export interface Counters {
  masterTransitions: number;
  received: number;
  sent: number;
  receivedZero: number;
  sentZero: number;
  /** Adverts that came just before this backup took over. */
  nearMisses: number;
  /** How often a rival was seen; while one stays there, once. */
  conflicts: number;
}

/** A node whose adverts for this VRID were accepted. */
export interface Heard {
  readonly source: Ip;
  readonly priority: number;
  readonly at: Instant;
  /** From one advert of it to the next, as it says. */
  readonly interval: Nanoseconds;
  readonly checksum: ChecksumForm | undefined;
  /** Its list of addresses is not ours. */
  readonly otherAddresses: boolean;
}

/**
 * What a master was refused, that is not one any more. Until it holds its addresses again it
 * preempts no node.
 */
export interface Refused {
  /** How many times in a row, at least 1. */
  readonly attempts: number;
  /** When it was last. */
  readonly at: Instant;
  /** What its links were: with others the answer may be another (refusals.ts). */
  readonly surroundings: string;
}

/**
 * Another machine that holds the addresses, or claims to. "answer": it said so to neighbours or
 * when it was asked; "master": its adverts, which lose, say that it is master; "refused": it sends
 * adverts that are refused.
 */
export interface Conflict {
  readonly kind: "answer" | "master" | "refused";
  /** The address that adverts come from, or the MAC that answers. */
  readonly who: string;
  /** Of an answer: the floating address; of adverts: their priority, or why they are refused. */
  readonly words: string;
  /** Of an answer: neighbours were told, not only this node that asked. */
  readonly unasked: boolean;
  /** Of an answer: with this machine's own MAC. */
  readonly own: boolean;
  /**
   * Of an answer: it left by this machine's own link, and is heard only while others ask. No
   * question of this node's own refutes it, only time does.
   */
  readonly leaving: boolean;
  /** Refused, and for other addresses than ours: a stranger on our VRID. */
  readonly stranger: boolean;
  /** When it was last seen, and when it began. */
  readonly at: Instant;
  readonly since: Instant;
  /** A silence that is longer means that it has stopped. */
  readonly patience: Nanoseconds;
  /**
   * How often since then the address was asked for and found free; of adverts: since they began.
   */
  readonly free: number;
}

/** One virtual router at run time. Changed by the daemon's loop only. */
interface Fields {
  plan: Plan;
  /** The plan's rules with the effective priority: what health checks make of the base. */
  rules: Rules;
  state: State;
  /** When the present state was entered, by the calendar and by the clock. */
  since: WallTime;
  entered: Instant;
  /** Why. */
  cause: Cause;
  /** Where adverts are heard and sent; undefined while the network is not ready. */
  endpoint: Endpoint | undefined;
  /** The address that adverts leave with. */
  source: Ip | undefined;
  /**
   * After a handover by hand it does not preempt: for a time, or until a person ends it ("asked").
   * Undefined: it may.
   */
  noPreemptUntil: Instant | "asked" | undefined;
  /** The node to which it is being, or was handed over by name; undefined: none. */
  handedTo: string | undefined;
  /** The node to which another one hands it, or has handed it over by name; undefined: none. */
  follows: string | undefined;
  /** What that asks of this node. */
  asked: Rules["asked"];
  /** When its last advert left. */
  advertisedAt: Instant | undefined;
  /** When its addresses were last taken off. */
  releasedAt: Instant | undefined;
  /** When the kernel takes its addresses off, unless their lease is renewed. */
  leaseUntil: Instant | undefined;
  /** Exclusive addresses: until when they may be held by their lease; undefined: they may not. */
  heldUntil: Reading | undefined;
  /** The number of the change of holder by which this node holds them; undefined: of none. */
  epoch: number | undefined;
  /** Did the machine's fence take notice when its addresses were last kept open? */
  fenced: boolean;
  /** By CLOCK_BOOTTIME: until when its fence guards what was opened last. */
  guardedUntil: Nanoseconds | undefined;
  /**
   * The texts of floating addresses that floatip put there, and has not taken away since, not those
   * of others. Each with the index of its link, which may get another name.
   */
  readonly placed: Map<string, number>;
  /** What the network lacked when it was last looked at (readiness.ts). */
  networkFaults: readonly Fault[];
  /** What its links were when they were last looked at (readiness.ts). */
  links: string | undefined;
  /**
   * The kernel's last refusal; the instance is in fault until `retryAt`, or longer
   * ({@link refused}).
   */
  refusal: Fault | undefined;
  /** An address of its was refused, and it has not held them since. */
  refused: Refused | undefined;
  /** When what was refused, or left behind, is looked at again. */
  retryAt: Instant | undefined;
  /** The last advert that could not be sent, in words; undefined since one could. */
  sendTrouble: string | undefined;
  readonly counters: Counters;
  readonly rejects: Map<RejectReason, number>;
  /** By address text. */
  readonly heard: Map<string, Heard>;
  /**
   * The process of this machine that runs it in the place of this one, in words; undefined: none.
   */
  elsewhere: string | undefined;
  /** By kind and `who`. */
  readonly conflicts: Map<string, Conflict>;
  /** Can neighbours be asked for its addresses? */
  askable: boolean;
  /** Why they could not be asked, in words; undefined since they could. */
  askTrouble: string | undefined;
  /** What questions for its addresses have found out. */
  readonly look: Look;
  /** When another machine last answered for an address. */
  answeredAt: Instant | undefined;
}

/** A virtual router as everything reads it. */
export type VirtualRouter = Readonly<Fields>;

/**
 * The same for a module that changes the fields `Owned`. Each such module says so at its head, and
 * test/style/owners_test.ts holds who owns what.
 */
export type OwnedRouter<Owned extends keyof Fields> = VirtualRouter & Pick<Fields, Owned>;

/** A virtual router that has not started; `now` and `at` are the same moment. */
export function createVirtualRouter(
  plan: Plan,
  now: WallTime,
  at: Instant,
): OwnedRouter<keyof Fields> {
  return {
    plan,
    rules: plan.rules,
    state: initial(),
    since: now,
    entered: at,
    cause: { kind: "start" },
    endpoint: undefined,
    source: undefined,
    noPreemptUntil: undefined,
    handedTo: undefined,
    follows: undefined,
    asked: undefined,
    advertisedAt: undefined,
    releasedAt: undefined,
    leaseUntil: undefined,
    heldUntil: undefined,
    epoch: undefined,
    fenced: false,
    guardedUntil: undefined,
    placed: new Map(),
    networkFaults: [],
    links: undefined,
    refusal: undefined,
    refused: undefined,
    retryAt: undefined,
    sendTrouble: undefined,
    counters: {
      masterTransitions: 0,
      received: 0,
      sent: 0,
      receivedZero: 0,
      sentZero: 0,
      nearMisses: 0,
      conflicts: 0,
    },
    rejects: new Map(),
    heard: new Map(),
    elsewhere: undefined,
    conflicts: new Map(),
    askable: false,
    askTrouble: undefined,
    look: noLook(),
    answeredAt: undefined,
  };
}

/** A timer may be late: what a silence means does not end before it has its consequences. */
const LATE = milliseconds(100);

/**
 * Is its advert within the time after which a silent master counts as gone, by its own interval
 * where that is longer?
 */
export function isRecent(
  { at, interval }: Pick<Heard, "at" | "interval">,
  { plan: { rules } }: VirtualRouter,
  now: Instant,
): boolean {
  const slowest = nanoseconds(Math.max(interval, rules.advertInterval));
  return between(at, now) <= masterDownOf(rules, slowest) + LATE;
}
