/** What does the kernel tell unasked? Changes of links and addresses, by rtnetlink's groups. */
import {
  AF_NETLINK,
  NETLINK_ROUTE,
  RTMGRP_IPV4_IFADDR,
  RTMGRP_IPV6_IFADDR,
  RTMGRP_IPV6_NETCONF,
  RTMGRP_LINK,
  SOCK_RAW,
} from "../constants.ts";
import { Receiver } from "../datagram.ts";
import { ENOBUFS } from "../errno.ts";
import { type Libc, wouldBlock } from "../libc.ts";
import { refusal } from "../refusal.ts";
import { Socket } from "../socket.ts";
import { isFromKernel, netlinkAddress } from "./connection.ts";
import { decodeMessages, type NetlinkMessage } from "./message.ts";

const GROUPS = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV6_NETCONF;

/** Room for some thousand messages: hundreds of interfaces may come at once when a machine starts. */
const RECEIVE_BUFFER = 1024 * 1024;

const MESSAGE_SIZE = 64 * 1024;

/** Hears of changes from the moment it is made. */
export class Watch implements Disposable {
  readonly #socket: Socket;
  readonly #receiver: Receiver;

  /** Throws HostError. */
  constructor(libc: Libc) {
    this.#socket = Socket.open(libc, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, "changes of interfaces");
    this.#receiver = new Receiver(libc, MESSAGE_SIZE);
    this.#socket.setReceiveBuffer(RECEIVE_BUFFER);
    this.#socket.bind(netlinkAddress(GROUPS));
  }

  /** The descriptor to watch. */
  get fd(): number {
    return this.#socket.fd;
  }

  /**
   * Gives every message that is queued to `take`. True: all was told. False: the kernel had more to tell than there was
   * room (ENOBUFS), so the rest of the queue is stale and gone, and everything is to be asked anew. Throws HostError.
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
