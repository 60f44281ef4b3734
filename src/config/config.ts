/** What did the user write? The decoded file: sound in itself, not yet held against a machine. */
import type { Nanoseconds } from "../time.ts";
import type { Ip } from "../net/ip.ts";
import type { Prefix } from "../net/prefix.ts";
import type { CheckSettings } from "../health/check.ts";
import type { AddressMismatch, Transport } from "../vrrp/rules.ts";
import type { ChecksumForm } from "../wire/vrrp.ts";

/** A whole configuration file. */
export interface Config {
  /** node.name */
  readonly nodeName: string | undefined;
  /** [nodes] in the order of the file: who takes part, the same on every node. */
  readonly nodes: readonly NodeEntry[];
  readonly instances: readonly InstanceConfig[];
  readonly groups: readonly GroupConfig[];
  /** [check.NAME] in the order of the file, those that no instance uses among them. */
  readonly checks: readonly CheckSettings[];
  /** [notify]: told about every instance. */
  readonly notify: NotifySettings | undefined;
  readonly metrics: MetricsSettings;
}

/** [metrics]; the control socket has them always. */
export interface MetricsSettings {
  /** Where they are served by HTTP, too; undefined: nowhere. */
  readonly listen: ListenAddress | undefined;
}

/** Where a server listens. */
export interface ListenAddress {
  /** Unspecified: on every address. */
  readonly address: Ip;
  /** 1 to 65535. */
  readonly port: number;
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
  /** Do adverts name it? At least one of an instance's addresses is advertised. */
  readonly advertised: boolean;
}

/** One [instance.NAME]. Undefined: not written, so that the default of {@link ./plan/plan_node.ts} holds. */
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
  readonly transport: Transport | undefined;
  /** The UDP port of adverts, 1-65535; counts with transport "udp". */
  readonly port: number;
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
  /** Ask who has the addresses before claiming them? */
  readonly duplicateCheck: "quick" | "off";
  /** How an orderly stop gives the addresses up. */
  readonly stop: "handover" | "release";
  /** Names of {@link Config} checks, each once. */
  readonly checks: readonly string[];
  /** Told about this instance, besides [notify]. */
  readonly notify: NotifySettings | undefined;
}

/** One [group.NAME]. */
export interface GroupConfig {
  readonly name: string;
  readonly instances: readonly string[];
}

/** One [notify]: whom to tell about a change. A sink that is not written is undefined. */
export interface NotifySettings {
  /** Program and arguments, to be followed by INSTANCE, name, MASTER, BACKUP or FAULT, and the priority. */
  readonly command: readonly string[] | undefined;
  /** Program and arguments, for one state only. */
  readonly onMaster: readonly string[] | undefined;
  readonly onBackup: readonly string[] | undefined;
  readonly onFault: readonly string[] | undefined;
  readonly onStop: readonly string[] | undefined;
  /** Who runs the commands; undefined: floatip's script user where it exists, else the daemon's. */
  readonly user: string | undefined;
  /** For each attempt of each sink: 100 ms to 1 h. */
  readonly timeout: Nanoseconds;
  readonly webhook: WebhookSettings | undefined;
  readonly ntfy: NtfySettings | undefined;
  readonly mqtt: MqttSettings | undefined;
}

/** A JSON POST for each change. */
export interface WebhookSettings {
  /** http: or https:; never printed. */
  readonly url: string;
  /** Signs the body (HMAC-SHA-256); never printed. */
  readonly secret: string | undefined;
  /** Further attempts after the first, 0 to 20. */
  readonly retries: number;
}

/** A message to a topic of ntfy for each change. */
export interface NtfySettings {
  /** http: or https:, with the topic as its path; never printed. */
  readonly url: string;
  /** Access token; never printed. */
  readonly token: string | undefined;
  /** Further attempts after the first, 0 to 20. */
  readonly retries: number;
}

/** The present state as a retained message. */
export interface MqttSettings {
  /** mqtt: or mqtts:; may carry user and password; never printed. */
  readonly url: string;
  readonly user: string | undefined;
  /** Never printed. */
  readonly password: string | undefined;
  /** With mqtts: the path of a file of certificates (PEM) that are trusted besides the usual ones. */
  readonly ca: string | undefined;
  /** What topics begin with, without a slash at the end. */
  readonly topic: string;
  /** Announce the instances to Home Assistant? */
  readonly discovery: boolean;
}
