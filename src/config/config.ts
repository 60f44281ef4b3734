/** What did the user write? The decoded file: sound in itself, not yet held against a machine. */
import type { Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";
import type { Prefix } from "../net/prefix.ts";
import type { AddressMismatch } from "../vrrp/rules.ts";
import type { ChecksumForm } from "../wire/vrrp.ts";

/** A whole configuration file. */
export interface Config {
  /** node.name */
  readonly nodeName: string | undefined;
  /** [nodes] in the order of the file: who takes part, the same on every node. */
  readonly nodes: readonly NodeEntry[];
  readonly instances: readonly InstanceConfig[];
  readonly groups: readonly GroupConfig[];
}

/** One line of [nodes]. */
export interface NodeEntry {
  readonly name: string;
  /** One or several: `pi-a = ["192.168.1.11", "fe80::11"]`; at most one of each family. */
  readonly addresses: readonly Ip[];
}

/** A floating address as written. */
export interface FloatingAddress {
  readonly prefix: Prefix;
  /** Undefined: the instance's. */
  readonly interface: string | undefined;
  /** At most 15 bytes; one that begins with ":" is put behind the interface's name. */
  readonly label: string | undefined;
}

/** One [instance.NAME]. Undefined: not written, so that the default of {@link ../config/cluster.ts} holds. */
export interface InstanceConfig {
  readonly name: string;
  readonly interface: string | undefined;
  readonly vrid: number;
  readonly addresses: readonly FloatingAddress[];
  readonly prefer: readonly string[] | undefined;
  /** The same on every node that reads this file. */
  readonly priority: number | undefined;
  /** `priority = { pi-a = 150, pi-b = 100 }`: one per node of [nodes], by name; empty: not written so. */
  readonly priorities: ReadonlyMap<string, number>;
  readonly version: 2 | 3;
  readonly advertInterval: Nanoseconds;
  readonly transport: "multicast" | "unicast" | undefined;
  readonly source: Ip | undefined;
  readonly peers: readonly Ip[] | undefined;
  readonly preempt: boolean;
  readonly preemptDelay: Nanoseconds;
  readonly initialState: "backup" | "master";
  /** auth.pass, 1-8 bytes; never printed. */
  readonly password: string | undefined;
  readonly checksum: ChecksumForm | "auto";
  readonly addressMismatch: AddressMismatch;
  /**
   * How long the kernel keeps a floating address that nobody renews: floatip's choice ("auto"), for ever
   * ("off"), or whole seconds from 1 s to 1 h.
   */
  readonly lease: "auto" | "off" | Nanoseconds;
}

/** One [group.NAME]. */
export interface GroupConfig {
  readonly name: string;
  readonly instances: readonly string[];
}
