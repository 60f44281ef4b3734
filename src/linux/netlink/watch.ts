/** Watch: what the kernel tells unasked of links and addresses, by rtnetlink's groups. */
import { IFADDRMSG, NLMSGHDR } from "../abi.ts";
import {
  AF_INET,
  AF_NETLINK,
  NETLINK_ROUTE,
  RTM_NEWADDR,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_NETCONF,
  RTMGRP_LINK,
  SOCK_RAW,
} from "../constants.ts";
import { Receiver } from "../datagram.ts";
import { ENOBUFS } from "../errno.ts";
import { type Libc, wouldBlock } from "../libc.ts";
import { attachFilter, type Program } from "../packet_filter.ts";
import { refusal } from "../refusal.ts";
import { Socket } from "../socket.ts";
import { isFromKernel, netlinkAddress } from "./connection.ts";
import { decodeMessages, type NetlinkMessage } from "./message.ts";

const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_NETCONF;

/**
 * Room for some thousand messages: hundreds of interfaces may come at once when a machine starts.
 */
const RECEIVE_BUFFER = 1024 * 1024;

const MESSAGE_SIZE = 64 * 1024;

/**
 * Drops what is told of renewals, as linux/netlink.h and rtnetlink(7) lay it: RTM_NEWADDR of IPv4
 * from the socket with `port`. Of IPv6 the kernel does not say whose request it was. A filter reads
 * numbers big-endian, the kernel writes them as the machine does.
 */
export function withoutRenewals(port: number): Program {
  return [
    ["type", { op: "load16", at: NLMSGHDR.members.type.offset }],
    ["address?", { op: "equal", to: RTM_NEWADDR << 8, then: "next", else: "take" }],
    ["port", { op: "load32", at: NLMSGHDR.members.pid.offset }],
    ["ours?", { op: "equal", to: swapped32(port), then: "next", else: "take" }],
    ["family", { op: "load8", at: NLMSGHDR.size + IFADDRMSG.members.family.offset }],
    ["ipv4?", { op: "equal", to: AF_INET, then: "next", else: "take" }],
    ["drop", { op: "drop" }],
    ["take", { op: "accept" }],
  ];
}

function swapped32(value: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, value);
  return view.getUint32(0, true);
}

/** Hears of changes from the moment it is made. */
export class Watch implements Disposable {
  readonly #socket: Socket;
  readonly #receiver: Receiver;

  /**
   * `renewals`: the port of the socket that renews what is there, of which nothing need be told.
   * Throws HostError.
   */
  constructor(libc: Libc, renewals: number) {
    this.#socket = Socket.open(libc, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "changes of interfaces");
    this.#receiver = new Receiver(libc, MESSAGE_SIZE);
    this.#socket.setReceiveBuffer(RECEIVE_BUFFER);
    attachFilter(this.#socket, withoutRenewals(renewals));
    this.#socket.bind(netlinkAddress(GROUPS));
  }

  /** The descriptor to watch. */
  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Gives every message that is queued to `take`. True: all was told. False: the kernel had more to
   * tell than there was room (ENOBUFS), so the rest of the queue is stale and gone, and everything
   * is to be asked again. Throws HostError.
   */
  drain(take: (message: NetlinkMessage) => void): boolean {
    let whole = true;
    for (;;) {
      const received = this.#receiver.receive(this.fd);
      if (typeof received === "number") {
        if (wouldBlock(received)) return whole;
        if (received !== -ENOBUFS) throw refusal("recvmsg", this.#socket.what, received);
        whole = false;
      } else if (received.truncated) {
        whole = false;
      } else if (whole && isFromKernel(received.name)) {
        for (const message of decodeMessages(received.data)) take(message);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
