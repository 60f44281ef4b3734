/**
 * What the doctor reads from machine, LAN and daemon. Tests hand in an environment of their own.
 */
import type { EtcdPlan } from "../../config/plan/etcd.ts";
import type { StatusDocument } from "../../control/api.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import { type Family, type Ip, sameIp } from "../../net/ip.ts";
import type { Nanoseconds } from "../../time.ts";
import type { RejectReason } from "../../wire/reject.ts";
import type { Advert } from "../../wire/vrrp.ts";
import type { RunProgram } from "../firewall/detect.ts";

/** An advert on an interface, before the packet filter of this machine. */
export interface HeardAdvert {
  readonly interface: string;
  readonly source: Ip;
  /** The sender's hardware address: "3e:c6:a7:7f:02:04". */
  readonly mac: string;
  readonly destination: Ip;
  readonly advert: Advert;
  /** Its UDP source port; absent: it is IP protocol 112. */
  readonly port?: number;
  /** Sent by this machine itself. */
  readonly outgoing: boolean;
}

/**
 * A packet of IP protocol 112 that floatip cannot read: CARP, signed, or broken. It uses its VRID
 * too.
 */
export interface UnreadPacket {
  readonly interface: string;
  readonly source: Ip;
  readonly mac: string;
  /** 0-255: the second byte. */
  readonly vrid: number;
  readonly reason: RejectReason;
  /** Sent by this machine itself. */
  readonly outgoing: boolean;
}

/** An advert that reached a socket like that of the daemon. */
export interface DeliveredAdvert {
  readonly family: Family;
  readonly source: Ip;
  readonly vrid: number;
}

/** The first that was heard of each sender. */
export function firstOfEach<T extends { readonly source: Ip }>(heard: readonly T[]): readonly T[] {
  return heard.filter(({ source }, index) =>
    heard.findIndex((other) => sameIp(other.source, source)) === index
  );
}

/** An answer of another machine to ARP or Neighbour Discovery: `address` is at `mac`. */
export interface LanAnswer {
  readonly interface: string;
  readonly address: Ip;
  readonly mac: string;
}

/** An address that is asked for on the LAN of an interface. */
export interface LanQuery {
  readonly interface: string;
  readonly address: Ip;
}

/** A member of the VRRP group (224.0.0.18): it answered a query by multicast. */
export interface GroupMember {
  readonly interface: string;
  readonly source: Ip;
}

/** A VRRP packet of this machine that its destination (IPv4) refused by ICMP. */
export interface RefusedPacket {
  readonly destination: Ip;
  /** No VRRP there; the UDP port is closed, or rejected; or a packet filter forbids it. */
  readonly by: "protocol" | "port" | "filter";
  /** Its UDP destination port; absent: it was IP protocol 112. */
  readonly port?: number;
}

/** What happened on the LAN in some seconds. */
export interface LanSeen {
  readonly listened: Nanoseconds;
  readonly adverts: readonly HeardAdvert[];
  readonly unread: readonly UnreadPacket[];
  readonly delivered: readonly DeliveredAdvert[];
  readonly asked: readonly LanQuery[];
  readonly answers: readonly LanAnswer[];
  readonly members: readonly GroupMember[];
  readonly refused: readonly RefusedPacket[];
  /** Why the LAN could not be examined; undefined: it was. */
  readonly refusal: string | undefined;
}

/** What a member of etcd has answered. */
export interface EtcdSeen {
  /** Host and port. */
  readonly member: string;
  /** Why there is no answer; undefined: there is one. */
  readonly words: string | undefined;
  readonly took: Nanoseconds;
  /** The id of its etcd cluster. */
  readonly cluster?: string;
  /** Of its database, in bytes. */
  readonly size?: number | undefined;
  readonly alarms?: readonly string[];
}

/** The status of the daemon, or why there is none. */
export type DaemonSeen =
  | {
    readonly kind: "running";
    readonly status: StatusDocument;
    /** Undefined: not known, without root. */
    readonly pid: number | undefined;
  }
  | {
    readonly kind: "silent";
    /** It does not run; this user may not ask it; or its answer is wrong. */
    readonly why: "stopped" | "secret" | "sick";
    readonly reason: string;
  };

/** The program that runs the doctor. */
export interface Runtime {
  readonly version: string;
  /** "x86_64", "aarch64". */
  readonly arch: string;
  /** One file made by `deno compile`. */
  readonly standalone: boolean;
}

/** The environment of the doctor. No call rejects. */
export interface Environment {
  readonly interfaces: Interfaces;
  readonly runtime: Runtime;
  /** This process is root. */
  readonly root: boolean;
  /** The year of the system clock. */
  readonly year: number;
  /** A small text file; undefined: it cannot be read. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; empty where there is no such folder. */
  list(folder: string): Promise<readonly string[]>;
  readonly ask: RunProgram;
  /**
   * Writes a small file into `folder`, or where that would be made, and removes it. The error, if
   * any.
   */
  tryWriting(folder: string): Promise<string | undefined>;
  /** Opens a TCP connection and closes it. The error, if any. */
  tryConnecting(address: Ip, port: number): Promise<string | undefined>;
  /** Has the kernel look at a fence on the loopback link, without making it. Why it refuses. */
  tryFence(): Promise<string | undefined>;
  /** What each member of etcd answers. */
  etcd(plan: EtcdPlan): Promise<readonly EtcdSeen[]>;
  daemon(): Promise<DaemonSeen>;
  /** Listens once: every call has the same result. */
  lan(): Promise<LanSeen>;
  /** How late the timers of one second were, sorted; every call has the same result. */
  lateness(): Promise<readonly Nanoseconds[]>;
}
