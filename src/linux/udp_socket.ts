/**
 * Sockets for adverts by UDP, each bound to an own address and a port (udp(7)), one for all that
 * share both.
 */
import { assert } from "../assert.ts";
import { type Datagram, type Endpoint, HostError } from "../host.ts";
import { formatIp, type Ip, ipFromBytes, isLinkLocal, sameIp } from "../net/ip.ts";
import { SOCKADDR_IN, SOCKADDR_IN6 } from "./abi.ts";
import {
  type AdvertSocket,
  controlOf,
  drain,
  HOPS,
  openFor,
  sockaddr,
  TRAFFIC_CLASS,
  Ways,
} from "./advert_socket.ts";
import {
  IP_RECVTTL,
  IP_TOS,
  IP_TTL,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPV6_HOPLIMIT,
  IPV6_RECVHOPLIMIT,
  IPV6_TCLASS,
  IPV6_UNICAST_HOPS,
  SOCK_DGRAM,
} from "./constants.ts";
import type { Received, Receiver, Sender, Way } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import { attachFilter, type Program } from "./packet_filter.ts";
import type { Socket } from "./socket.ts";

/** An endpoint with a port. */
export type UdpEndpoint = Extract<Endpoint, { kind: "udp" }>;

/** One that is heard. */
export class UdpSocket implements AdvertSocket {
  readonly #socket: Socket;
  readonly #index: number;
  readonly #ways = new Ways<Way>();

  private constructor(readonly endpoint: UdpEndpoint, socket: Socket, index: number) {
    this.#socket = socket;
    this.#index = index;
  }

  /**
   * Opens `endpoint`, whose interface has `index`. Throws HostError (EADDRNOTAVAIL, EADDRINUSE,
   * ENODEV; EACCES for a port below 1024 without CAP_NET_BIND_SERVICE).
   */
  static open(libc: Libc, endpoint: UdpEndpoint, index: number): UdpSocket {
    const socket = openFor(libc, endpoint, SOCK_DGRAM, 0).prepare((socket) => {
      if (endpoint.family === "ipv4") prepareIpv4(socket);
      else prepareIpv6(socket);
      // Neither SO_REUSEADDR nor SO_REUSEPORT: no other process may get what is meant for us.
      bind(socket, endpoint, index);
    });
    return new UdpSocket(endpoint, socket, index);
  }

  get fd(): number {
    return this.#socket.fd;
  }

  drain(receiver: Receiver, take: (datagram: Datagram) => void): boolean {
    return drain(this.fd, receiver, (received) => {
      const datagram = datagramIn(received, this.endpoint);
      if (datagram !== undefined) take(datagram);
    });
  }

  filter(program: Program): void {
    attachFilter(this.#socket, program);
  }

  send(sender: Sender, source: Ip, destination: Ip, message: Uint8Array): number {
    assert(sameIp(source, this.endpoint.source), "the socket is bound to its source");
    assert(destination.family === source.family, "both addresses are of the endpoint's family");
    const way = this.#ways.get(source, destination, () => {
      const scopeId = isLinkLocal(destination) ? this.#index : 0;
      return { name: sockaddr(destination, this.endpoint.port, scopeId), control: NOTHING };
    });
    return sender.send(this.fd, way, NOTHING, message);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}

const NOTHING = new Uint8Array(0);

function prepareIpv4(socket: Socket): void {
  socket.set(IPPROTO_IP, IP_TTL, HOPS, "IP_TTL");
  socket.set(IPPROTO_IP, IP_TOS, TRAFFIC_CLASS, "IP_TOS");
  socket.set(IPPROTO_IP, IP_RECVTTL, 1, "IP_RECVTTL");
}

function prepareIpv6(socket: Socket): void {
  socket.set(IPPROTO_IPV6, IPV6_UNICAST_HOPS, HOPS, "IPV6_UNICAST_HOPS");
  socket.set(IPPROTO_IPV6, IPV6_TCLASS, TRAFFIC_CLASS, "IPV6_TCLASS");
  socket.set(IPPROTO_IPV6, IPV6_RECVHOPLIMIT, 1, "IPV6_RECVHOPLIMIT");
}

function bind(socket: Socket, { source, port }: UdpEndpoint, index: number): void {
  const scopeId = isLinkLocal(source) ? index : 0;
  const object = `UDP port ${port} of ${formatIp(source)}`;
  try {
    socket.bind(sockaddr(source, port, scopeId), object);
  } catch (error) {
    if (!(error instanceof HostError) || error.code !== "EACCES") throw error;
    const { call, code, words } = error;
    throw new HostError(call, `${object}, without CAP_NET_BIND_SERVICE`, code, words);
  }
}

/**
 * What does not fit the buffer is longer than any advert: what came of it is refused for its
 * length.
 */
function datagramIn(
  { data, name, control }: Received,
  endpoint: UdpEndpoint,
): Datagram | undefined {
  const { family, source: destination } = endpoint;
  const [level, type] = family === "ipv4" ? [IPPROTO_IP, IP_TTL] : [IPPROTO_IPV6, IPV6_HOPLIMIT];
  const address = family === "ipv4" ? SOCKADDR_IN : SOCKADDR_IN6;
  const ttl = controlOf(control, level, type)?.[0];
  if (ttl === undefined || !address.fits(name)) return undefined;
  const { address: bytes, port } = address.read(name);
  return { source: ipFromBytes(bytes), destination, ttl, payload: data.slice(), port };
}
