/** Echo requests over a raw socket (raw(7), RFC 3542 3) that receives echo replies alone. */
import { type Ip, ipFromBytes, sameIp } from "../net/ip.ts";
import {
  decodeEchoReply,
  type Echo,
  ECHO_TYPES,
  encodeEchoRequest,
  sameEcho,
} from "../wire/icmp.ts";
import { decodeIpv4 } from "../wire/ipv4.ts";
import { SOCKADDR_IN6 } from "./abi.ts";
import { sockaddr } from "./advert_socket.ts";
import {
  AF_INET,
  AF_INET6,
  ICMP6_FILTER,
  ICMP_FILTER,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
  SOCK_RAW,
  SOL_RAW,
} from "./constants.ts";
import type { Received } from "./datagram.ts";
import type { Libc } from "./libc.ts";
import { Socket } from "./socket.ts";

/** Opens a socket for replies of one family. Throws HostError (EPERM). */
export function openEchoSocket(libc: Libc, { family }: Ip, what: string): Socket {
  return family === "ipv4" ? openIpv4(libc, what) : openIpv6(libc, what);
}

/**
 * Sends `echo` to `address`; a link-local one by the link with `index`. Throws HostError
 * (ENETUNREACH).
 */
export function sendEcho(socket: Socket, address: Ip, index: number, echo: Echo): void {
  const name = sockaddr(address, 0, index);
  socket.send(encodeEchoRequest(address.family, echo), name);
}

/** Is `received` the reply of `address` to `echo`? */
export function isReplyTo(received: Received, address: Ip, echo: Echo): boolean {
  const reply = address.family === "ipv4"
    ? replyInIpv4(received.data, address)
    : replyInIpv6(received, address);
  return reply !== undefined && sameEcho(reply, echo);
}

function openIpv4(libc: Libc, what: string): Socket {
  // struct icmp_filter: a bit set keeps that type away.
  const filter = new Uint8Array(4);
  new DataView(filter.buffer).setUint32(0, ~(1 << ECHO_TYPES.ipv4.reply) >>> 0, true);
  return Socket.open(libc, AF_INET, SOCK_RAW, IPPROTO_ICMP, what)
    .prepare((socket) => socket.set(SOL_RAW, ICMP_FILTER, filter, "ICMP_FILTER"));
}

function openIpv6(libc: Libc, what: string): Socket {
  // struct icmp6_filter: the same for 256 types.
  const filter = new Uint8Array(32).fill(0xff);
  const { reply } = ECHO_TYPES.ipv6;
  filter[reply >> 3] = 0xff & ~(1 << (reply & 7));
  return Socket.open(libc, AF_INET6, SOCK_RAW, IPPROTO_ICMPV6, what)
    .prepare((socket) => socket.set(IPPROTO_ICMPV6, ICMP6_FILTER, filter, "ICMP6_FILTER"));
}

/** An AF_INET raw socket gives the whole packet. */
function replyInIpv4(data: Uint8Array, address: Ip): Echo | undefined {
  const packet = decodeIpv4(data);
  if (packet === undefined || !sameIp(packet.source, address)) return undefined;
  return decodeEchoReply("ipv4", packet.payload);
}

function replyInIpv6({ data, name }: Received, address: Ip): Echo | undefined {
  if (!SOCKADDR_IN6.fits(name)) return undefined;
  const source = ipFromBytes(SOCKADDR_IN6.read(name).address);
  return sameIp(source, address) ? decodeEchoReply("ipv6", data) : undefined;
}
