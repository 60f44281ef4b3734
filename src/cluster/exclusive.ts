/**
 * What decides whether this node may hold an exclusive lease: the votes of nodes and witnesses
 * (votes/), or an engine that is there already, such as etcd. Types alone.
 *
 * The daemon (daemon/exclusive) owns the engine's gate and the fence and asks an {@link Arbiter};
 * of which kind it is, is known where it is made. An implementation that does its work beside the
 * loop (requests by HTTP) has a job on the host and an event that brings the answer back, as
 * `sealAndSend` and `openSealed` have; the answer is then followed by {@link ArbiterEvents}.
 *
 * What an arbiter owes, whatever it is made of (decision 0081):
 * - `endOf` counts from the sending of the request, not from its answer, by both clocks, and is
 *   never later than the moment from which another node may be told that it holds the lease, less
 *   what {@link Terms} takes off for clocks and fence.
 * - A lease that was released or transferred has no end any more at once, and no answer that comes
 *   later brings one back.
 * - The epoch of each change of holder is above all before it.
 */
import type { Instant, Nanoseconds } from "../time.ts";
import type { CallResult } from "./etcd/gateway.ts";
import type { Reading } from "./votes/clocks.ts";
import type { Terms } from "./votes/terms.ts";

/** One thing to hold alone: an instance with both its families, or a whole sync group. */
export interface LeaseSettings {
  /** Of one meaning on all nodes: "instance/db", "group/gateway". */
  readonly lease: string;
  readonly terms: Terms;
}

/** What is known of one lease, for a status. */
export interface LeaseView {
  /** Voters, or members of the engine, that stand by this node. */
  readonly have: number;
  readonly need: number;
  /** Their names. */
  readonly of: readonly string[];
  /**
   * Names of machines that have voted for this node, and whose votes last; absent: no machine
   * votes. After a restart in place these are fewer than `have`, until they have answered.
   */
  readonly from?: readonly string[];
  /** For how long the node may hold yet; undefined: it may not. */
  readonly remaining: Nanoseconds | undefined;
  /** The number of this change of holder; undefined: this node does not hold the lease. */
  readonly epoch: number | undefined;
  /** Why it is not held, in words: "pi-a holds it, says nas, for 2.1 s more". */
  readonly refusals: readonly string[];
  /** How the voters in force differ from those of the file, in words; undefined: they do not. */
  readonly voters?: string | undefined;
}

/** What the next process of this node goes on with; a value of JSON, of this boot only. */
export interface LeaseNote {
  readonly lease: string;
  readonly [field: string]: unknown;
}

/** Decides, for the leases of one node. Nothing here waits: answers come in later turns. */
export interface Arbiter {
  /** The leases of the file, and their times; what stays goes on undisturbed. */
  settle(leases: readonly LeaseSettings[]): void;
  /**
   * The node wants to hold `lease`, or, where it does, to hold it for longer: all are asked now,
   * and again by {@link Arbiter.tick} until {@link Arbiter.release}. A holder's adverts call it.
   */
  ask(lease: string): void;
  /** The node wants the living node `holder` to give `lease` up in its favour; else as `ask`. */
  wish(lease: string, holder: string): void;
  /** The node gives `lease` up. Its fence is shut before this, and its note is void. */
  release(lease: string): void;
  /**
   * The node asks for `lease` no more and does not hold it, but what was promised to it runs out by
   * itself: that its addresses are silent before is not certain.
   */
  lapse(lease: string): void;
  /**
   * The node gives `lease` up in favour of `to`, which {@link ArbiterEvents.onWish} named. Its
   * fence is shut before this, and its note is void. Where that cannot be it is a release.
   */
  transfer(lease: string, to: string): void;
  /** Until when the node may hold `lease`; undefined: it may not. In the past: not any more. */
  endOf(lease: string): Reading | undefined;
  viewOf(lease: string): LeaseView;
  /** The same for the moment at which the last hold of `lease` ended by itself. */
  lossOf(lease: string): LeaseView;
  /** What to write down for the next process; undefined: nothing is held. */
  noteOf(lease: string): LeaseNote | undefined;
  /** Goes on with what the process before this one held; false: its time is over, or it is none. */
  resume(lease: string, note: LeaseNote): boolean;
  /** What became of a call of an etcd cluster's member. */
  answered?(id: number, result: CallResult): void;
  /** A message of `peer` by the channel. False: it is for others. */
  take(peer: string, text: Uint8Array): boolean;
  /** What waits for time: questions to repeat, holds to end. Costs next to nothing. */
  nextDeadline(): Instant | undefined;
  tick(now: Instant): void;
}

/** What an arbiter tells the daemon, in the turn in which it happens. */
export interface ArbiterEvents {
  /** `lease` is held, is held for longer, or is not held any more. */
  onChange(lease: string): void;
  /** `by` wishes that this node, which holds `lease`, gives it up in its favour. */
  onWish(lease: string, by: string): void;
}

/** What every arbiter works with. */
export interface ArbiterOptions extends ArbiterEvents {
  /** This node's name. */
  readonly self: string;
  readonly now: () => Instant;
  readonly clocks: () => Reading;
  readonly randomBytes: (count: number) => Uint8Array;
  /** Sends `text` to the node called `to` by the channel; it may be lost. */
  readonly send: (to: string, text: Uint8Array) => void;
  /** The highest epoch of a lease that was written down. */
  readonly floorOf: (lease: string) => number;
}
