/**
 * Raw sockets of IP protocol 112 (raw(7), ip(7), ipv6(7)), one for each endpoint: how VRRP packets
 * come and go.
 */
import { assert } from "../assert.ts";
import type { Datagram, Endpoint } from "../host.ts";
import { formatIp, type Ip, ip, ipFromBytes, isLinkLocal } from "../net/ip.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER } from "../wire/ipv4.ts";
import { VRRP_PROTOCOL } from "../wire/vrrp.ts";
import { IN6_PKTINFO, IN_PKTINFO, IP_MREQ, IP_MREQN, IPV6_MREQ, SOCKADDR_IN6 } from "./abi.ts";
import {
  type AdvertSocket,
  controlOf,
  drain,
  HOPS,
  isOnOneLink,
  openFor,
  sockaddr,
  TRAFFIC_CLASS,
  Ways,
} from "./advert_socket.ts";
import {
  IP_ADD_MEMBERSHIP,
  IP_HDRINCL,
  IP_MULTICAST_ALL,
  IP_MULTICAST_IF,
  IP_MULTICAST_LOOP,
  IP_PKTINFO,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_ADD_MEMBERSHIP,
  IPV6_AUTOFLOWLABEL,
  IPV6_HOPLIMIT,
  IPV6_MULTICAST_ALL,
  IPV6_MULTICAST_HOPS,
  IPV6_MULTICAST_IF,
  IPV6_MULTICAST_LOOP,
  IPV6_PKTINFO,
  IPV6_RECVHOPLIMIT,
  IPV6_RECVPKTINFO,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  SOCK_RAW,
} from "./constants.ts";
import { encodeControl, type Received, type Receiver, type Sender, type Way } from "./datagram.ts";
import { ENODEV } from "./errno.ts";
import type { Libc } from "./libc.ts";
import { attachFilter, type Program } from "./packet_filter.ts";
import { refusal } from "./refusal.ts";
import type { Socket } from "./socket.ts";

/** The groups that VRRP routers hear (RFC 9568 5.1.1.2, 5.1.2.2). */
const GROUP4 = ip("224.0.0.18");
const GROUP6 = ip("ff02::12");

/** An endpoint of IP protocol 112. */
export type RawEndpoint = Exclude<Endpoint, { kind: "udp" }>;

/** An endpoint that is heard. */
export class VrrpSocket implements AdvertSocket {
  readonly #socket: Socket;
  readonly #index: number;
  readonly #ways = new Ways<RawWay>();

  private constructor(readonly endpoint: RawEndpoint, socket: Socket, index: number) {
    this.#socket = socket;
    this.#index = index;
  }

  /**
   * Opens `endpoint`, whose interface has `index`. Throws HostError (EPERM, ENODEV, EADDRNOTAVAIL).
   */
  static open(libc: Libc, endpoint: RawEndpoint, index: number): VrrpSocket {
    const socket = openFor(libc, endpoint, SOCK_RAW, VRRP_PROTOCOL).prepare((socket) => {
      if (endpoint.family === "ipv4") prepareIpv4(socket, endpoint, index);
      else prepareIpv6(socket, endpoint, index);
    });
    return new VrrpSocket(endpoint, socket, index);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  drain(receiver: Receiver, take: (datagram: Datagram) => void): boolean {
    return drain(this.fd, receiver, (received) => {
      const datagram = this.endpoint.family === "ipv4" ? ipv4In(received) : ipv6In(received);
      if (datagram !== undefined) take(datagram);
    });
  }

  filter(program: Program): void {
    attachFilter(this.#socket, program);
  }

  send(sender: Sender, source: Ip, destination: Ip, message: Uint8Array): number {
    assert(
      source.family === this.endpoint.family && destination.family === source.family,
      "all addresses are of the endpoint's family",
    );
    return source.family === "ipv4"
      ? this.#sendIpv4(sender, source, destination, message)
      : this.#sendIpv6(sender, source, destination, message);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #sendIpv4(sender: Sender, source: Ip, destination: Ip, payload: Uint8Array): number {
    const way = this.#ways.get(source, destination, () => {
      // The header says the source already; with this it counts when the kernel looks for a route.
      const ifindex = isOnOneLink(this.endpoint) ? this.#index : 0;
      const info = IN_PKTINFO.write({ ifindex, specDst: source.bytes, addr: ZERO4 });
      return {
        name: sockaddr(destination, 0, 0),
        control: encodeControl([{ level: IPPROTO_IP, type: IP_PKTINFO, data: info }]),
        heads: new Map(),
      };
    });
    const { length } = payload;
    const known = way.heads.get(length);
    // ID 0 lets the kernel choose one.
    const head = known ?? encodeIpv4({ source, destination, id: 0, payload, ttl: HOPS })
      .slice(0, IPV4_HEADER.size);
    if (known === undefined) way.heads.set(length, head);
    return sender.send(this.fd, way, head, payload);
  }

  #sendIpv6(sender: Sender, source: Ip, destination: Ip, message: Uint8Array): number {
    const way = this.#ways.get(source, destination, () => {
      const onLink = isOnOneLink(this.endpoint) || isLinkLocal(destination);
      const ifindex = onLink ? this.#index : 0;
      const info = IN6_PKTINFO.write({ addr: source.bytes, ifindex });
      return {
        name: sockaddr(destination, 0, ifindex),
        control: encodeControl([{ level: IPPROTO_IPV6, type: IPV6_PKTINFO, data: info }]),
        heads: new Map(),
      };
    });
    return sender.send(this.fd, way, NO_HEAD, message);
  }
}

/**
 * A way with the IPv4 headers of its packets, by the length of what follows: one for each count of
 * addresses.
 */
interface RawWay extends Way {
  readonly heads: Map<number, Uint8Array>;
}

const NO_HEAD = new Uint8Array(0);

const ZERO4 = new Uint8Array(4);

function prepareIpv4(socket: Socket, endpoint: RawEndpoint, index: number): void {
  socket.set(IPPROTO_IP, IP_HDRINCL, 1, "IP_HDRINCL");
  if (endpoint.kind !== "multicast") {
    // It hears only what was sent to this address.
    socket.bind(sockaddr(endpoint.source, 0, 0), formatIp(endpoint.source));
    return;
  }
  // Not bound to the group: a node whose file says unicast is heard, and refused with that reason.
  const request = IP_MREQN.write({ group: GROUP4.bytes, address: ZERO4, ifindex: index });
  joinGroup4(socket, request);
  socket.set(IPPROTO_IP, IP_MULTICAST_IF, request, "IP_MULTICAST_IF");
  socket.set(IPPROTO_IP, IP_MULTICAST_LOOP, 0, "IP_MULTICAST_LOOP");
  socket.set(IPPROTO_IP, IP_MULTICAST_ALL, 0, "IP_MULTICAST_ALL");
}

function joinGroup4(socket: Socket, request: Uint8Array): void {
  const result = socket.trySet(IPPROTO_IP, IP_ADD_MEMBERSHIP, request);
  if (result >= 0) return;
  if (result !== -ENODEV) throw refusal("setsockopt IP_ADD_MEMBERSHIP", socket.what, result);
  // qemu's user emulation knows the older form only; SO_BINDTODEVICE makes it the same link.
  const older = IP_MREQ.write({ group: GROUP4.bytes, address: ZERO4 });
  socket.set(IPPROTO_IP, IP_ADD_MEMBERSHIP, older, "IP_ADD_MEMBERSHIP");
}

function prepareIpv6(socket: Socket, endpoint: RawEndpoint, index: number): void {
  const set = (option: number, value: number | Uint8Array, name: string) =>
    socket.set(IPPROTO_IPV6, option, value, name);
  set(IPV6_RECVPKTINFO, 1, "IPV6_RECVPKTINFO");
  set(IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
  set(IPV6_UNICAST_HOPS, HOPS, "IPV6_UNICAST_HOPS");
  set(IPV6_TCLASS, TRAFFIC_CLASS, "IPV6_TCLASS");
  set(IPV6_AUTOFLOWLABEL, 0, "IPV6_AUTOFLOWLABEL");
  if (endpoint.kind !== "multicast") {
    const scope = isOnOneLink(endpoint) ? index : 0;
    socket.bind(sockaddr(endpoint.source, 0, scope), formatIp(endpoint.source));
    return;
  }
  const membership = IPV6_MREQ.write({ group: GROUP6.bytes, ifindex: index });
  set(IPV6_ADD_MEMBERSHIP, membership, "IPV6_ADD_MEMBERSHIP");
  set(IPV6_MULTICAST_IF, index, "IPV6_MULTICAST_IF");
  set(IPV6_MULTICAST_HOPS, HOPS, "IPV6_MULTICAST_HOPS");
  set(IPV6_MULTICAST_LOOP, 0, "IPV6_MULTICAST_LOOP");
  // Linux 4.20; without it other groups of this interface are heard too, and refused.
  socket.trySet(IPPROTO_IPV6, IPV6_MULTICAST_ALL, 0);
}

/** An AF_INET raw socket gives the whole packet. */
function ipv4In(received: Received): Datagram | undefined {
  const packet = received.truncated ? undefined : decodeIpv4(received.data);
  if (packet === undefined) return undefined;
  const { source, destination, ttl, payload } = packet;
  return { source, destination, ttl, payload: payload.slice() };
}

/**
 * An AF_INET6 raw socket gives what follows the header, and the header's fields as ancillary data.
 */
function ipv6In(received: Received): Datagram | undefined {
  const info = controlOf(received.control, IPPROTO_IPV6, IPV6_PKTINFO);
  const hops = controlOf(received.control, IPPROTO_IPV6, IPV6_HOPLIMIT);
  if (received.truncated || info === undefined || hops === undefined) return undefined;
  if (!SOCKADDR_IN6.fits(received.name) || !IN6_PKTINFO.fits(info)) return undefined;
  return {
    source: ipFromBytes(SOCKADDR_IN6.read(received.name).address),
    destination: ipFromBytes(IN6_PKTINFO.read(info).addr),
    ttl: hops[0] ?? 0,
    payload: received.data.slice(),
  };
}
