/** What does the doctor look at? Everything it asks of machine, LAN and daemon, on one page; tests put a made-up world in its place. */
import type { StatusDocument } from "../../control/api.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import type { Family, Ip } from "../../net/ip.ts";
import type { Nanoseconds } from "../../time.ts";
import type { RejectReason } from "../../wire/reject.ts";
import type { Advert } from "../../wire/vrrp.ts";
import type { RunProgram } from "../firewall/detect.ts";

/** An advert that came by on an interface, before any packet filter of this machine. */
export interface HeardAdvert {
  readonly interface: string;
  readonly source: Ip;
  /** The sender's hardware address: "3e:c6:a7:7f:02:04". */
  readonly mac: string;
  readonly destination: Ip;
  readonly advert: Advert;
  /** The UDP port that it came from; absent: it is IP protocol 112. */
  readonly port?: number;
  /** Sent by this machine itself. */
  readonly outgoing: boolean;
}

/** A packet of IP protocol 112 that is no advert floatip reads: CARP, one that is signed, a broken one. It uses its number all the same. */
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

/** An advert that reached a socket like the daemon's. */
export interface DeliveredAdvert {
  readonly family: Family;
  readonly source: Ip;
  readonly vrid: number;
}

/** "`address` is at `mac`", said by another machine that was asked (ARP, Neighbour Discovery). */
export interface LanAnswer {
  readonly interface: string;
  readonly address: Ip;
  readonly mac: string;
}

/** Who is asked for: an address on the LAN of an interface. */
export interface LanQuery {
  readonly interface: string;
  readonly address: Ip;
}

/** A machine that was asked by IPv4 multicast whether it hears VRRP's group, and answered: so it does. */
export interface GroupMember {
  readonly interface: string;
  readonly source: Ip;
}

/** A VRRP packet of this machine's that its destination (IPv4) did not take, and said so. */
export interface RefusedPacket {
  readonly destination: Ip;
  /**
   * "protocol": nobody there speaks VRRP; "port": nobody there has the UDP port, or a packet filter says so; "filter": a packet
   * filter forbids it.
   */
  readonly by: "protocol" | "port" | "filter";
  /** The UDP port that it was sent to; absent: it was IP protocol 112. */
  readonly port?: number;
}

/** Some seconds of the LAN. */
export interface LanSeen {
  readonly listened: Nanoseconds;
  readonly adverts: readonly HeardAdvert[];
  readonly unread: readonly UnreadPacket[];
  readonly delivered: readonly DeliveredAdvert[];
  readonly asked: readonly LanQuery[];
  readonly answers: readonly LanAnswer[];
  readonly members: readonly GroupMember[];
  readonly refused: readonly RefusedPacket[];
  /** Why nothing could be heard or asked, in words; undefined: it could. */
  readonly refusal: string | undefined;
}

/** The daemon, or why it could not be asked. */
export type DaemonSeen =
  | {
    readonly kind: "running";
    readonly status: StatusDocument;
    /** Undefined where it cannot be found out (not root). */
    readonly pid: number | undefined;
  }
  | {
    readonly kind: "silent";
    /** "stopped": none is there; "secret": this user may not ask; "sick": it does not answer as it should. */
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

/** The world as the doctor sees it. No call rejects. */
export interface Environment {
  readonly interfaces: Interfaces;
  readonly runtime: Runtime;
  /** May this process read and do everything? */
  readonly root: boolean;
  /** The year of the calendar now. */
  readonly year: number;
  /** A small text file; undefined: not there, or not readable. */
  read(path: string): Promise<string | undefined>;
  /** Names in a folder; empty where there is none. */
  list(folder: string): Promise<readonly string[]>;
  readonly ask: RunProgram;
  /** Writes a small file into `folder` (or where that is still to be made) and removes it; what came in the way, in words. */
  tryWriting(folder: string): Promise<string | undefined>;
  /** Opens a TCP connection and closes it; why it did not open, in words. */
  tryConnecting(address: Ip, port: number): Promise<string | undefined>;
  daemon(): Promise<DaemonSeen>;
  /** The same for all who ask: it is listened to once. */
  lan(): Promise<LanSeen>;
  /** How late a timer was, each time for a second, in order of size; the same for all who ask. */
  lateness(): Promise<readonly Nanoseconds[]>;
}
