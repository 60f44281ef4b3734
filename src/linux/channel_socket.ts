/** Sockets of the channel between nodes: one for each family, bound to the port of the channel. */
import { HostError } from "../host.ts";
import { type Family, type Ip, ipFromBytes } from "../net/ip.ts";
import type { Interfaces } from "../net/interfaces.ts";
import { IN6_PKTINFO, IN_PKTINFO, SOCKADDR_IN, SOCKADDR_IN6 } from "./abi.ts";
import { sockaddr, TRAFFIC_CLASS } from "./advert_socket.ts";
import { channelFilter } from "./channel_filter.ts";
import { type ChannelSource, sourceFor } from "./channel_source.ts";
import {
  AF_INET,
  AF_INET6,
  IP_PKTINFO,
  IP_TOS,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_PKTINFO,
  IPV6_TCLASS,
  IPV6_V6ONLY,
  SOCK_DGRAM,
} from "./constants.ts";
import { encodeControl, type Received, type Sender, type Way } from "./datagram.ts";
import { EADDRNOTAVAIL } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { attachFilter } from "./packet_filter.ts";
import { Socket } from "./socket.ts";

/** Room for some 170 datagrams: a stall of seconds between a dozen nodes. */
const RECEIVE_BUFFER = 64 * 1024;

/** By family, as far as the kernel's structures differ. */
const FAMILIES = {
  ipv4: { domain: AF_INET, any: new Uint8Array(4), address: SOCKADDR_IN },
  ipv6: { domain: AF_INET6, any: new Uint8Array(16), address: SOCKADDR_IN6 },
} as const;

/**
 * One socket. It is bound to all addresses, so that it stays when they come and go; what it sends
 * leaves from an address that the file gives this node. Time to live is the system's: nodes may be
 * reached through routers.
 */
export class ChannelSocket implements Disposable {
  readonly #socket: Socket;
  readonly #ways = new Map<string, Way>();
  /** What the ways were chosen by. */
  #chosenBy: { readonly own: readonly Ip[]; readonly interfaces: Interfaces } | undefined;

  private constructor(readonly family: Family, readonly port: number, socket: Socket) {
    this.#socket = socket;
  }

  /** Throws HostError (EADDRINUSE, EACCES, EPERM, EAFNOSUPPORT). */
  static open(libc: Libc, family: Family, port: number, peers: readonly Ip[]): ChannelSocket {
    const { domain, any } = FAMILIES[family];
    const what = `UDP port ${port} of the cluster (${family})`;
    const socket = Socket.open(libc, domain, SOCK_DGRAM, 0, what).prepare((socket) => {
      socket.setReceiveBuffer(RECEIVE_BUFFER);
      if (family === "ipv4") socket.set(IPPROTO_IP, IP_TOS, TRAFFIC_CLASS, "IP_TOS");
      else {
        socket.set(IPPROTO_IPV6, IPV6_V6ONLY, 1, "IPV6_V6ONLY");
        socket.set(IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS, "IPV6_TCLASS");
      }
      // Before the first datagram can come.
      attachFilter(socket, channelFilter(peers));
      bind(socket, sockaddr({ family, bytes: any }, port, 0), what);
    });
    return new ChannelSocket(family, port, socket);
  }

  /** The descriptor to watch. */
  get fd(): number {
    return this.#socket.fd;
  }

  /** From now on only what comes from `peers`. Throws HostError. */
  hear(peers: readonly Ip[]): void {
    attachFilter(this.#socket, channelFilter(peers));
  }

  /**
   * Sends `head` and `body` from one of `own`: the negative errno, or the count of bytes sent.
   */
  send(
    sender: Sender,
    { to, head, body }: { readonly to: Ip; readonly head: Uint8Array; readonly body: Uint8Array },
    own: readonly Ip[],
    interfaces: Interfaces,
  ): number {
    if (this.#chosenBy?.own !== own || this.#chosenBy.interfaces !== interfaces) {
      this.#ways.clear();
      this.#chosenBy = { own, interfaces };
    }
    const key = to.bytes.join();
    const way = this.#ways.get(key) ?? this.#choose(to, own, interfaces);
    if (way === undefined) return -EADDRNOTAVAIL;
    this.#ways.set(key, way);
    const result = sender.send(this.fd, way, head, body);
    // Another route may lead there by now, from another address.
    if (result < 0) this.#ways.delete(key);
    return result;
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #choose(to: Ip, own: readonly Ip[], interfaces: Interfaces): Way | undefined {
    const preferred = () => preferredSource(this.#socket.libc, to);
    const source = sourceFor(to, own, interfaces, preferred);
    return source === undefined ? undefined : {
      name: sockaddr(to, this.port, source.scope),
      control: encodeControl([leavingFrom(source)]),
    };
  }
}

/** The sender of what a socket of `family` received. */
export function senderOf({ name }: Received, family: Family): Ip | undefined {
  const { address } = FAMILIES[family];
  return address.fits(name) ? ipFromBytes(address.read(name).address) : undefined;
}

function bind(socket: Socket, address: Uint8Array, what: string): void {
  try {
    socket.bind(address);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "EACCES") throw error;
    const { call, code, words } = error;
    throw new HostError(call, `${what}, without CAP_NET_BIND_SERVICE`, code, words);
  }
}

/** ip(7) IP_PKTINFO, ipv6(7) IPV6_PKTINFO: link 0 leaves the link to the routes. */
function leavingFrom({ address, scope }: ChannelSource) {
  return address.family === "ipv4"
    ? {
      level: IPPROTO_IP,
      type: IP_PKTINFO,
      data: IN_PKTINFO.write({ ifindex: 0, specDst: address.bytes, addr: FAMILIES.ipv4.any }),
    }
    : {
      level: IPPROTO_IPV6,
      type: IPV6_PKTINFO,
      data: IN6_PKTINFO.write({ addr: address.bytes, ifindex: scope }),
    };
}

/** The source that the kernel's routes name for `to`; connect(2) of UDP sends nothing. */
function preferredSource(libc: Libc, to: Ip): Ip | undefined {
  const { domain, address } = FAMILIES[to.family];
  try {
    using socket = Socket.open(libc, domain, SOCK_DGRAM, 0, "a look at the routes");
    const local = new Uint8Array(address.size);
    if (libc.connect(socket.fd, new Uint8Array(sockaddr(to, 9, 0))) < 0) return undefined;
    if (libc.getsockname(socket.fd, local) < 0) return undefined;
    return ipFromBytes(address.read(local).address);
  } catch (error) {
    if (error instanceof HostError) return undefined;
    throw error;
  }
}
