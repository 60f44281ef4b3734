/** Host: everything that floatip asks of a machine; LinuxHost and SimHost implement it. */
import type { ProbeResult } from "./health/check.ts";
import type { EtcdCaller } from "./cluster/etcd/caller.ts";
import type { CallResult } from "./cluster/etcd/gateway.ts";
import type { ToOpen, ToSend } from "./cluster/outcome.ts";
import type { Reading } from "./cluster/votes/clocks.ts";
import type { CheckSettings } from "./config/tables/check.ts";
import type { Instant, Nanoseconds, WallTime } from "./time.ts";
import type { Interfaces, VirtualAddress } from "./net/interfaces.ts";
import type { Family, Ip } from "./net/ip.ts";
import type { Mac } from "./net/mac.ts";
import type { PresenceAnswer, Target } from "./wire/presence.ts";
import type { VrrpDatagram } from "./wire/vrrp.ts";

/**
 * Where adverts are heard and sent: a group on an interface, or an own address that peers know,
 * with a UDP port or without.
 */
export type Endpoint =
  | { readonly kind: "multicast"; readonly family: Family; readonly interface: string }
  | {
    readonly kind: "unicast";
    readonly family: Family;
    readonly source: Ip;
    /** Which link a link-local source belongs to; otherwise it does not matter. */
    readonly interface: string;
  }
  | {
    readonly kind: "udp";
    readonly family: Family;
    readonly source: Ip;
    /** 1-65535: what is sent comes from it and goes to it. */
    readonly port: number;
    /** The link that has the source. */
    readonly interface: string;
  };

/** What of an endpoint's packets is wanted. */
export interface Interest {
  /** Of these alone, 1-255. */
  readonly vrids: readonly number[];
  /** Their messages are not to be lost in a flood of others'. */
  readonly known: readonly Ip[];
}

/** One VRRP packet (IP protocol 112, or UDP) as it arrived, nothing in it believed yet. */
export type Datagram = VrrpDatagram;

/** One thing that happened. */
export type HostEvent =
  | {
    readonly kind: "datagram";
    readonly endpoint: Endpoint;
    readonly datagram: Datagram;
    /** When it was read. */
    readonly at: Instant;
  }
  /**
   * More came in at this endpoint than was read: packets were lost, and nobody's silence is proven.
   */
  | { readonly kind: "overrun"; readonly endpoint: Endpoint }
  | { readonly kind: "interfaces" }
  /**
   * Another machine said that it has a watched address: in an ARP request or reply (RFC 5227 probes
   * do not), or in a Neighbor Advertisement. Once in a batch for each MAC, however often it was
   * said. With this machine's own MAC only where it is certain that this machine did not say so: an
   * answer to a question whose answer goes to all, on a link that does not send back what was sent.
   */
  | {
    readonly kind: "claim";
    readonly interface: string;
    readonly address: Ip;
    readonly mac: Mac;
    /** An answer to a question; else the neighbours were told, unasked. */
    readonly answer: boolean;
    /** So often in this batch it was answered to this machine alone: by as many machines. */
    readonly direct: number;
    /** It left by this machine's link: a device on top of it sent it, such as a macvlan. */
    readonly leaving: boolean;
    /** When it was read. */
    readonly at: Instant;
  }
  | { readonly kind: "probe"; readonly check: string; readonly result: ProbeResult }
  /**
   * What the last attempt of `check` found is over (its process has ended): the next one would find
   * something else.
   */
  | { readonly kind: "probe-due"; readonly check: string }
  /** What became of the latest {@link Host.askPresence} about `node`. */
  | { readonly kind: "presence"; readonly node: string; readonly answer: PresenceAnswer }
  /** A datagram of the channel between nodes as it arrived, nothing in it believed yet. */
  | {
    readonly kind: "channel";
    readonly from: Ip;
    readonly datagram: Uint8Array;
    /** When it was read. */
    readonly at: Instant;
  }
  /** What {@link Host.openSealed} found: the text, or that the tag is wrong. */
  | { readonly kind: "opened"; readonly id: number; readonly text: Uint8Array | undefined }
  /** What became of {@link EtcdCaller.call}. */
  | { readonly kind: "etcd"; readonly id: number; readonly result: CallResult }
  /** {@link Host.wake} was called since the last batch, once or more. */
  | { readonly kind: "woken" }
  | { readonly kind: "deadline" };

/** An address that is listened for on an interface: does another machine claim it? */
export interface WatchedAddress {
  readonly interface: string;
  readonly address: Ip;
}

/** Whether a machine is there, and takes VRRP: what is asked of it. */
export interface PresenceQuestion {
  /** Comes back with the answer. */
  readonly node: string;
  readonly target: Target;
  /** The link with the source: which one a link-local address is asked on. */
  readonly interface: string;
  /**
   * Adverts go to a group: only the machine is asked for, since what is sent to it alone would be
   * refused in any case.
   */
  readonly group: boolean;
}

/** How datagrams of the channel between nodes come and go. */
export interface ChannelSettings {
  /** UDP, 1-65535: what is sent comes from it and goes to it. */
  readonly port: number;
  /** Of this node: what is sent leaves from one of them. */
  readonly addresses: readonly Ip[];
  /** Of the other nodes: what comes from elsewhere need not be told. */
  readonly peers: readonly Ip[];
  /** What keys are derived from. */
  readonly keys: readonly ChannelKey[];
}

/** A secret of the cluster. */
export interface ChannelKey {
  /** By which datagrams name it, 0 to 2^32 - 1. */
  readonly id: number;
  /** 32 bytes, as base64url. */
  readonly secret: string;
}

/** For how long an address is open, and guarded: see {@link Fence.keepOpen}. */
export interface FenceTimes {
  readonly open: Nanoseconds;
  /** Longer than the address could be here unless it is renewed. */
  readonly guarded: Nanoseconds;
}

/** What a fence is to be: the links it stands on, by name, and all times that will be asked for. */
export interface FenceSettings {
  readonly interfaces: readonly string[];
  readonly times: readonly FenceTimes[];
}

/** Does a fence stand? Else why not, in words; "" where none was asked for. */
export type FenceState =
  | { readonly kind: "stands" }
  | { readonly kind: "none"; readonly words: string };

/**
 * The machine's "no": what was asked, of what, and the kernel's own words.
 * Every call below that touches the network may throw it.
 */
export class HostError extends Error {
  override readonly name: string = "HostError";
  constructor(
    /** The call: "RTM_NEWADDR", "sendmsg". */
    readonly call: string,
    /** What it was about: "192.168.1.50/24 on eth0". */
    readonly object: string,
    /** The symbolic errno: "EPERM". */
    readonly code: string,
    /** The kernel's words: "Operation not permitted". */
    readonly words: string,
  ) {
    super(`${call} ${object}: ${words} (${code})`);
  }
}

/** What `act` makes of each of `all`, or why the kernel refused it. */
export function eachOf<T, R>(
  all: readonly T[],
  act: (one: T, index: number) => R,
): readonly (R | HostError)[] {
  return all.map((one, index) => {
    try {
      return act(one, index);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return error;
    }
  });
}

/**
 * Where one run of the kernel stands: what a daemon that ended wrote down, its successor can tell
 * the age of.
 */
export interface Boot {
  /** No other run has the same. */
  readonly id: string;
  /** CLOCK_BOOTTIME: it counts in suspend too; exact to a microsecond for some 50 years. */
  readonly now: Nanoseconds;
}

/** How the kernel schedules a process (sched(7)). */
export interface Scheduling {
  readonly policy: "other" | "fifo" | "rr" | "batch" | "idle" | "deadline";
  /** 1-99 for fifo and rr, else 0. */
  readonly priority: number;
}

/**
 * The machine. All calls but `wait` are synchronous: the kernel has acknowledged when they return.
 */
export interface Host {
  /** CLOCK_BOOTTIME: it counts while the machine is suspended, too. */
  now(): Instant;
  /** The calendar, for people only. */
  wallTime(): WallTime;
  /** Throws HostError where the kernel does not tell. */
  boot(): Boot;
  /** Two clocks since the machine's boot, of which one is not slewed. Throws HostError. */
  clocks(): Reading;
  hostName(): string;
  /** Of this process, now: what each of its threads has at least. */
  scheduling(): Scheduling;

  /**
   * Resolves when something happened or `deadline` has come, with everything that can be had at
   * that moment: packets first, then interface changes, claims, results of probes and what they
   * rest on, `woken`, and `deadline` last, so that an overdue deadline is acted on only after the
   * queued packets were looked at. Packets of one batch are in order of arrival per endpoint.
   */
  wait(deadline: Instant | undefined): Promise<readonly HostEvent[]>;
  /** Ends a waiting `wait`, or the next one: the program above has something to do. */
  wake(): void;

  /**
   * Starts one attempt of a health check, beside everything else; its result is a "probe" event, at
   * most 200 ms after the check's timeout. The next attempt of the same check is started after
   * that: the caller sees to it.
   */
  startProbe(check: CheckSettings): void;

  /**
   * Asks a node by packets that no virtual router counts (an echo request, and what
   * `wire/presence.ts` holds); its answer is a "presence" event, 4 s later at most. The same node
   * is asked again after that: the caller sees to it. What cannot be asked is answered with
   * "unknown" and "silent".
   */
  askPresence(question: PresenceQuestion): void;

  /** Links and addresses as last heard from the kernel; own additions and removals show at once. */
  interfaces(): Interfaces;

  /** The gateways of the default routes, asked now: at most one of each family. */
  gateways(): readonly Ip[];
  /** The sysctl arp_ignore of an interface as it is now: the greater of `all` and its own. */
  arpIgnore(interfaceName: string): number;

  /**
   * Starts hearing `endpoint`, of IPv4 also what comes from an address that {@link Host.addAddress}
   * has put here, which Linux drops as its own: its owner is back. Again on an open one: nothing.
   * Throws HostError (ENODEV, EADDRNOTAVAIL, EPERM; for UDP also EADDRINUSE, and EACCES for a port
   * below 1024).
   */
  open(endpoint: Endpoint): void;
  /**
   * From now on nothing but what `interest` says need be told of `endpoint`, which is open: the
   * kernel keeps the rest away. Without this, all is told. Of known sources and of others so much
   * is read as keeps the deadlines.
   */
  hear(endpoint: Endpoint, interest: Interest): void;
  /** Stops hearing `endpoint`. On a closed one: nothing. */
  close(endpoint: Endpoint): void;
  /**
   * Sends a VRRP message (what follows the IP or UDP header) with TTL 255 and TOS/class 0xc0
   * through an open endpoint. `source` must be an address of this machine (with UDP, the
   * endpoint's): the checksum may cover it.
   */
  send(endpoint: Endpoint, source: Ip, destination: Ip, message: Uint8Array): void;
  /** Sends a whole Ethernet frame (ARP, Neighbor Advertisement) out of `interfaceName`. */
  sendFrame(interfaceName: string, frame: Uint8Array): void;
  /**
   * Listens for claims of `watched`, and of nothing else, from now on. An interface that is not
   * there is passed over: call it again when it is. Again with the same list: nothing. Throws
   * HostError (EPERM) each time that something could not be listened for; the rest is.
   */
  watchClaims(watched: readonly WatchedAddress[]): void;

  /** So many random bytes, not to be guessed. */
  randomBytes(count: number): Uint8Array;
  /**
   * Hears and speaks on the channel between nodes. On an open one: what is the same in `settings`
   * goes on undisturbed, and what was refused is tried again. Answers what is refused now
   * (EADDRINUSE; EACCES for a port below 1024; EPERM), at most one for each family; the other
   * family is open.
   */
  openChannel(settings: ChannelSettings): readonly HostError[];
  /** Neither hears nor speaks there any more. On a closed one: nothing. */
  closeChannel(): void;
  /**
   * Sends what is ready; seals and sends the rest, beside the loop, in this order. What has no way
   * to its destination, or is too much at once, is lost, and all where the channel is closed.
   */
  sealAndSend(jobs: readonly ToSend[]): void;
  /** Verifies a tag, beside the loop; the result is one "opened" event. */
  openSealed(job: ToOpen): void;

  /**
   * Takes `names` for this process, and gives back those that are not among them; with the process
   * they end. Answers which other process (0: unknown) has one, where it is privileged; what others
   * have taken does not count.
   */
  reserve(names: readonly string[]): ReadonlyMap<string, number>;

  /**
   * Adds an address, marked as ours; IPv6 without duplicate address detection; host addresses (/32,
   * /128) so that they are never chosen as a source. "present": it was there already and is ours
   * from now on.
   *
   * With a `lifetime` (rounded to whole seconds, at least 1 s) the kernel removes the address by
   * itself when that has passed since the last call: an "interfaces" event. Calling it again in
   * time renews it, which is no event. Renewals may go out together at the next `wait`. One that
   * the kernel then refuses is an "interfaces" event: the address counts as gone, and adding it
   * again throws the kernel's reason. Without one it stays until it is removed, whatever was said
   * before. While an IPv4 address with a lifetime is there, others of its subnet stay when it ends,
   * with their routes (promote_secondaries is on from the next `wait` on); and an IPv6 address ends
   * no route that an address of somebody else's needs. Linux is up to 0.3 s late, 0.5 s from 3 s
   * on, and a second more where other addresses of the family were renewed more than 20 ms apart:
   * renew all in one go.
   */
  addAddress(address: VirtualAddress, lifetime?: Nanoseconds): "added" | "present";
  /**
   * Removes an address; other addresses of its subnet stay (promote_secondaries). "absent": it was
   * gone already, or its interface is.
   */
  removeAddress(address: VirtualAddress): "removed" | "absent";
  /**
   * {@link Host.addAddress} of each, in one go where that is faster; what is refused is an error in
   * its place, and the others are there all the same.
   */
  addAddresses(
    addresses: readonly VirtualAddress[],
    lifetime?: Nanoseconds,
  ): readonly ("added" | "present" | HostError)[];
  /** {@link Host.removeAddress} of each, in the same way. */
  removeAddresses(
    addresses: readonly VirtualAddress[],
  ): readonly ("removed" | "absent" | HostError)[];

  /**
   * Do packets to `address`, which {@link Host.addAddress} has put here, arrive? Linux makes the
   * local route of a new IPv6 address later, in a worker that this thread may keep from running
   * until the next `wait`: the kernel is asked until it is there. Of all others: true.
   */
  isReady(address: Ip): boolean;

  readonly fence: Fence;
  readonly etcd: EtcdCaller;
}

/** What stands between neighbours and addresses that may be answered for only for a time. */
export interface Fence {
  /**
   * Has it made or changed, soon, and kept, also when others remove it: what is to or from an
   * address that is guarded and not open is dropped on its links. Undefined: takes it away, at
   * once. It outlives the process, so that an address is silent when its time has passed;
   * afterwards it is in nobody's way. Again with the same settings: nothing. Never throws.
   */
  settle(settings: FenceSettings | undefined): void;
  /**
   * `addresses` are open and guarded for these times from now. False: nothing has taken notice, or
   * not yet.
   */
  keepOpen(addresses: readonly Ip[], times: FenceTimes): boolean;
  /** They are neither guarded nor open any more. */
  forget(addresses: readonly Ip[]): void;
  /** Sees whether it is still there; costs two system calls. One that is gone is made again. */
  look(): void;
  /** As last seen. */
  readonly state: FenceState;
}

/** Of a machine that has none. */
export const NO_FENCE: Fence = {
  settle() {},
  keepOpen: () => false,
  forget() {},
  look() {},
  state: { kind: "none", words: "" },
};
