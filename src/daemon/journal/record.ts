/** Record of one transition: the same words for history, hooks and every other sink. */
import type { Health } from "../../control/api.ts";

/**
 * One transition of one virtual router. Times are RFC 3339 in UTC; a number carries its unit in its
 * name.
 */
export interface TransitionRecord {
  readonly time: string;
  readonly node: string;
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  readonly vrid: number;
  readonly interface: string | null;
  readonly addresses: readonly string[];
  readonly from: "init" | "backup" | "master" | "fault";
  readonly to: "init" | "backup" | "master" | "fault";
  /** The effective priority at that moment. */
  readonly priority: number;
  /** The kind of the cause, for programs: "master-silent". */
  readonly reason: string;
  /** The cause in words, with its evidence: "no advert from 192.168.1.11 for 3.61 s". */
  readonly cause: string;
  /** Was it asked for (start, stop, reload)? */
  readonly planned: boolean;
  /** How long no advert was heard before it; null where that played no part. */
  readonly silence_ms: number | null;
  /** Of an exclusive instance that is held from now on: the number of this change of holder. */
  readonly epoch?: number | undefined;
}

/** How a virtual router is doing from now on, as this node sees it. Time RFC 3339 in UTC. */
export interface HealthRecord {
  readonly time: string;
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  readonly health: Health;
  /** Why it is "two" or "nobody", in sentences; empty otherwise. */
  readonly evidence: readonly string[];
}

/**
 * A backup almost took over from a living master. Durations in milliseconds, time RFC 3339 in UTC.
 */
export interface NearMissRecord {
  readonly time: string;
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  /** The master: "pi-a (192.168.1.11)", or its address where the file has no name for it. */
  readonly master: string;
  /** How long it was silent. */
  readonly late_ms: number;
  /** The silence after which this node would have taken over. */
  readonly limit_ms: number;
  /**
   * The master reports that it holds the addresses, and its adverts stay away: this node would be a
   * second master, but for that report.
   */
  readonly adverts_lost?: true;
}

/** Another machine is master too, uses our VRID, or claims our address. Time RFC 3339 in UTC. */
export interface ConflictRecord {
  readonly time: string;
  readonly instance: string;
  readonly family: "ipv4" | "ipv6";
  /** Its address, as far as it is known, or its MAC. */
  readonly rival: string;
  /** What it does. */
  readonly words: string;
}

/** Is told of what happens, in order, at once; must not wait and never throws. */
export interface Observer {
  observe(record: TransitionRecord): void;
  /** Only for those that care. */
  observeNearMiss?(record: NearMissRecord): void;
  /** Only for those that care. */
  observeConflict?(record: ConflictRecord): void;
  /** Only for those that show it; it is looked at while `followsHealth` does not say no. */
  observeHealth?(record: HealthRecord): void;
  followsHealth?(): boolean;
}
