/**
 * Rules of a virtual router: the resolved settings of one VRID of one family, as the engine needs
 * them.
 */
import type { Nanoseconds } from "../time.ts";
import type { Family, Ip } from "../net/ip.ts";

declare const brand: unique symbol;

/** A virtual router identifier, 1-255. */
export type Vrid = number & { readonly [brand]: "Vrid" };

/**
 * A priority: 1-254 for backups, 255 for the owner of the address, 0 in adverts for "I am leaving".
 */
export type Priority = number & { readonly [brand]: "Priority" };

/**
 * How adverts travel: IP protocol 112 to the group or to each peer, or UDP to each peer (floatip's
 * own).
 */
export type Transport = "multicast" | "unicast" | "udp";

/** What to do with an advert that names other addresses than ours. */
export type AddressMismatch =
  /** Obey a configured peer and any node that shares an address with us; ignore strangers. */
  | "auto"
  /** Obey everyone (RFC 9568 7.1 permits it; keepalived 2.3.3 and later). */
  | "obey"
  /** Ignore everyone (keepalived up to 2.3.2). */
  | "ignore";

/** The settings of one virtual router. */
export interface Rules {
  readonly vrid: Vrid;
  readonly family: Family;
  readonly version: 2 | 3;
  /** The effective priority, 1-255. */
  readonly priority: Priority;
  /** Own advertisement interval; the master's is learnt (v3). */
  readonly advertInterval: Nanoseconds;
  /**
   * The file names all nodes, so that it says their interval too: a longer one is not believed.
   * Default: no.
   */
  readonly intervalKnown?: boolean;
  /** The floating addresses in configured order, as adverts carry them; at least one. */
  readonly addresses: readonly Ip[];
  readonly preempt: boolean;
  /** How long a living master of lower priority is left alone; 0: not at all. */
  readonly preemptDelay: Nanoseconds;
  /**
   * "master": the first election after a start preempts at once, whatever preempt and preemptDelay
   * say.
   */
  readonly initialState: "backup" | "master";
  /** VRRPv2 simple text password: 8 bytes, zero padded (RFC 2338 5.3.10). */
  readonly password?: Uint8Array;
  readonly transport: Transport;
  /** Addresses of the configured peers; never empty but with multicast. */
  readonly peers: readonly Ip[];
  readonly addressMismatch: AddressMismatch;
  /** Everybody else and the best that each can be (1-255), where the file names all of them. */
  readonly rivals?: readonly { readonly source: Ip; readonly priority: number }[];
  /** Member of a sync group: becomes master only together with the others. */
  readonly grouped: boolean;
  /**
   * How long the kernel keeps an address that is not renewed, in whole seconds; undefined: without
   * end.
   */
  readonly lease: Nanoseconds | undefined;
  /**
   * Ask who has the addresses shortly before they are claimed, where the interval leaves time for
   * it.
   */
  readonly duplicateCheck: boolean;
  /**
   * The nodes report to each other: what they say of a silent master is asked for before a
   * takeover. Default: no.
   */
  readonly secondOpinion?: boolean;
  /**
   * The master hands over to one node by name: to this one ("claim"), or to another one ("aside"),
   * which this one then leaves alone. Default: to neither.
   */
  readonly asked?: "claim" | "aside" | undefined;
  /** No two nodes may hold the addresses: they are held with a lease alone. Default: no. */
  readonly exclusive?: boolean;
  /**
   * An orderly stop: keep the addresses until another node has taken over, or give them up at once.
   */
  readonly stop: "handover" | "release";
}

/**
 * Does this node own the address (priority 255)? Then it is master from the start (RFC 9568 6.4.1).
 */
export function isOwner(rules: Rules): boolean {
  return rules.priority === 255;
}
