/**
 * What a node tells the others of itself. Times are ages in milliseconds, never a calendar's: a
 * node may have no clock.
 */
import type { Family } from "../net/ip.ts";

/** What nodes say to each other in one datagram. */
export type Message =
  | { readonly kind: "report"; readonly part: ReportPart }
  | { readonly kind: "ask"; readonly what: Wanted }
  | { readonly kind: "keys"; readonly page: Page };

/** What is asked for: a report now, or the fingerprints of a file. */
export type Wanted =
  | { readonly kind: "report" }
  /** What is to be said of these virtual routers, by instance and family, at once. */
  | { readonly kind: "routers"; readonly of: readonly string[] }
  /** The fingerprints of all parts of the file. */
  | { readonly kind: "parts" }
  /** Those of the keys of one part, such as "[check.nginx]". */
  | { readonly kind: "keys"; readonly of: string };

/** A report, or as much of it as one datagram holds. */
export interface ReportPart {
  /** Rises with each report of a process, from 1. */
  readonly number: number;
  /** Which part it is, from 0. */
  readonly index: number;
  /** Does the report name all virtual routers, and end with this part? */
  readonly last: boolean;
  readonly node: NodeReport;
  readonly routers: readonly RouterReport[];
}

/** What a node says of itself. */
export interface NodeReport {
  readonly version: string;
  /** Since its start. */
  readonly up: number;
  /** Ids of the secrets that it knows; it signs with the first. */
  readonly keys: readonly number[];
  /** The fingerprint of its file; null: it does not know it yet. */
  readonly file: string | null;
  /** Since its file is in force. */
  readonly fileAge: number;
  readonly maintenance: MaintenanceReport | null;
  /** It is about to end, and says goodbye. */
  readonly leaving: boolean;
  /**
   * The sessions by which it seals its adverts: hints of the sids of those to which it does, in
   * hexadecimal.
   */
  readonly seals: readonly string[];
}

/** Maintenance that is in force. */
export interface MaintenanceReport {
  readonly age: number;
  /** Until it ends by itself; null: it does not. */
  readonly left: number | null;
  readonly reason: string | null;
}

/** What a node says of one virtual router. */
export interface RouterReport {
  readonly name: string;
  readonly family: Family;
  /** 0: not told. */
  readonly vrid: number;
  readonly state: "init" | "backup" | "master" | "fault";
  readonly priority: number;
  readonly basePriority: number;
  /** Of its state. */
  readonly age: number;
  /** From one advert to the next, in milliseconds. */
  readonly interval: number;
  /** Why it has this state, in words. */
  readonly cause: string;
  readonly faults: readonly string[];
  readonly checks: readonly CheckReport[];
  /** So many checks and faults are not named, for want of room. */
  readonly more: number;
  /** Which node it takes for the master: a name, or an address; null: none. */
  readonly master: string | null;
  /** It knows that master by its reports alone: no advert of it arrives. */
  readonly unheard: boolean;
  /** Where its own adverts come from; null: nowhere yet. */
  readonly source: string | null;
  /** It is master, and wants another node to take over. */
  readonly yields: boolean;
  /**
   * The node that it hands, or has handed, this one over to by name; null: none. The others stand
   * aside for that node while it is master.
   */
  readonly handsTo: string | null;
  /** The node of such a handover for which it stands aside, or which it is itself; null: none. */
  readonly follows: string | null;
  /** Are the floating addresses on its interface? */
  readonly holds: boolean;
  /** Is its LAN link up? Null: it does not know. */
  readonly link: boolean | null;
  /** Does its gateway answer? Null: it does not know. */
  readonly gateway: boolean | null;
}

/** What a node says of a health check. */
export interface CheckReport {
  readonly name: string;
  /** Null: not decided yet. */
  readonly up: boolean | null;
  /** What the last attempt found. */
  readonly last: string;
  /** Since when it is up or down; null: not known. */
  readonly age: number | null;
}

/** Fingerprints of parts or keys, or as many as one datagram holds. */
export interface Page {
  /** Of the whole file that they are about. */
  readonly file: string;
  /** The part that they are about; null: of the parts themselves. */
  readonly of: string | null;
  readonly index: number;
  readonly count: number;
  /** Name and fingerprint. */
  readonly hashes: readonly (readonly [string, string])[];
}
