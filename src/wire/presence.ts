/**
 * The question whether VRRP is spoken at an address: the packets that ask, and what ICMP answers.
 */
import { type Family, type Ip, ipFromBytes, sameIp } from "../net/ip.ts";
import {
  decodeEchoReply,
  decodeUnreachable,
  type Echo,
  sameEcho,
  type Unreachable,
} from "./icmp.ts";
import { decodeIpv4, encodeIpv4 } from "./ipv4.ts";
import { encodeIpv6, IPV6_HEADER } from "./ipv6.ts";
import { be16, be32, layout, u8 } from "./layout.ts";
import { encodeUdp, UDP_HEADER, UDP_PROTOCOL } from "./udp.ts";
import { VRRP_PROTOCOL } from "./vrrp.ts";
import { sameBytes } from "../net/bytes.ts";

/**
 * What is sent to find out whether anything takes VRRP there: a VRRP header of version 3 with type
 * 0 and VRID 0, which no virtual router has. floatip drops it uncounted, keepalived without a line.
 */
export const QUESTION: Uint8Array = new Uint8Array([0x30, 0, 0, 0, 0, 0, 0, 0]);

/** Is `payload` (of protocol 112, or UDP) such a question? */
export function isQuestion(payload: Uint8Array): boolean {
  return sameBytes(payload, QUESTION);
}

/**
 * Where VRRP is asked for: an address, and the UDP port of adverts where they are not protocol 112.
 */
export interface Target {
  readonly source: Ip;
  /** Of the same family. */
  readonly address: Ip;
  readonly port?: number | undefined;
}

/** For experiments (RFC 3692 2.1): a machine that refuses what nothing there takes refuses this. */
const CONTROL_PROTOCOL = 253;
/** tcpmux, which has never been used by UDP. */
const CONTROL_PORT = 1;
/** Dynamic (RFC 6335 6): nothing is to answer to it. */
const SOURCE_PORT = 49152;

/** The whole IP packet that asks `target`. */
export function encodeQuestion({ source, address, port }: Target): Uint8Array {
  return port === undefined
    ? encode(source, address, VRRP_PROTOCOL, QUESTION)
    : encode(source, address, UDP_PROTOCOL, udp(source, address, port));
}

/**
 * The same question where surely nothing takes it: who refuses this, and not the other, takes VRRP.
 */
export function encodeControl({ source, address, port }: Target): Uint8Array {
  return port === undefined
    ? encode(source, address, CONTROL_PROTOCOL, QUESTION)
    : encode(source, address, UDP_PROTOCOL, udp(source, address, CONTROL_PORT));
}

function udp(source: Ip, destination: Ip, destinationPort: number): Uint8Array {
  const datagram = { sourcePort: SOURCE_PORT, destinationPort, payload: QUESTION };
  return encodeUdp(datagram, source, destination);
}

function encode(source: Ip, destination: Ip, protocol: number, payload: Uint8Array): Uint8Array {
  return source.family === "ipv4"
    ? encodeIpv4({ source, destination, id: 0, payload, protocol })
    : encodeIpv6({
      source,
      destination,
      nextHeader: protocol,
      hopLimit: 255,
      trafficClass: 0xc0,
      payload,
    });
}

/**
 * What one ICMP message says of `target`: it answered an echo; nothing there takes VRRP; a packet
 * filter rejects it; the control was refused; its machine is not there. Undefined: nothing. And
 * what IGMP says: it hears the group of adverts.
 */
export type Sign = "echo" | "closed" | "filtered" | "control" | "unreachable" | "member";

/**
 * Reads what an ICMP socket got: for IPv4 a whole packet, for IPv6 the message and its `sender`.
 */
export function signIn(
  data: Uint8Array,
  sender: Ip | undefined,
  target: Target,
  echo: Echo,
): Sign | undefined {
  const { family } = target.address;
  const from = family === "ipv4" ? decodeIpv4(data)?.source : sender;
  const message = family === "ipv4" ? decodeIpv4(data)?.payload : data;
  if (from === undefined || message === undefined) return undefined;
  const reply = decodeEchoReply(family, message);
  if (reply !== undefined) {
    return sameIp(from, target.address) && sameEcho(reply, echo) ? "echo" : undefined;
  }
  const refusal = family === "ipv4" ? refusal4(data) : refusal6(message);
  if (refusal === undefined || !sameIp(refusal.destination, target.address)) return undefined;
  // Only the node itself knows what it takes; a router, or this machine's kernel, that it cannot be
  // reached.
  if (refusal.what === "unreachable" || refusal.what === "filtered") return signOf(refusal, target);
  return sameIp(from, target.address) ? signOf(refusal, target) : undefined;
}

/** A packet of ours that was not taken. */
interface Refusal {
  readonly what: "protocol" | "port" | "filtered" | "unreachable";
  readonly destination: Ip;
  readonly protocol: number;
  readonly port?: number;
}

function signOf({ what, protocol, port }: Refusal, target: Target): Sign | undefined {
  const byUdp = target.port !== undefined;
  const isQuestion = byUdp
    ? protocol === UDP_PROTOCOL && port === target.port
    : protocol === VRRP_PROTOCOL;
  if (what === "unreachable") return "unreachable";
  if (isQuestion) {
    // netfilter's REJECT says "port" where it is told nothing else: of a protocol without ports it
    // is a filter's word.
    const isClosed = byUdp ? what === "port" : what === "protocol";
    return isClosed ? "closed" : "filtered";
  }
  const isControl = byUdp
    ? protocol === UDP_PROTOCOL && port === CONTROL_PORT && what === "port"
    : protocol === CONTROL_PROTOCOL && what === "protocol";
  return isControl ? "control" : undefined;
}

/** Codes of "destination unreachable": RFC 792, RFC 1812 5.2.7.1. */
const WHAT4: Readonly<Record<number, Refusal["what"]>> = {
  0: "unreachable",
  1: "unreachable",
  2: "protocol",
  3: "port",
  9: "filtered",
  10: "filtered",
  13: "filtered",
};

function refusal4(data: Uint8Array): Refusal | undefined {
  const packet = decodeIpv4(data);
  const unreachable: Unreachable | undefined = packet && decodeUnreachable(packet);
  const what = unreachable && WHAT4[unreachable.code];
  return unreachable === undefined || what === undefined ? undefined : { ...unreachable, what };
}

/** An ICMPv6 error (RFC 4443 3); as much of the packet that it is about follows as fits. */
const ERROR6 = layout("ICMPv6 error", 8, {
  type: u8(0),
  code: u8(1),
  checksum: be16(2),
  /** Of "parameter problem": where in the packet. */
  pointer: be32(4),
});

/** By type and code: RFC 4443 3.1 and 3.4. */
const WHAT6: Readonly<Record<string, Refusal["what"]>> = {
  "1 0": "unreachable",
  "1 1": "filtered",
  "1 3": "unreachable",
  "1 4": "port",
  "1 5": "filtered",
  "1 6": "filtered",
  "4 1": "protocol",
};

function refusal6(message: Uint8Array): Refusal | undefined {
  if (!ERROR6.fits(message)) return undefined;
  const { type, code } = ERROR6.read(message);
  const what = WHAT6[`${type} ${code}`];
  const about = message.subarray(ERROR6.size);
  if (what === undefined || !IPV6_HEADER.fits(about)) return undefined;
  const header = IPV6_HEADER.read(about);
  const destination = ipFromBytes(header.destination);
  const refused = { what, destination, protocol: header.nextHeader };
  const rest = about.subarray(IPV6_HEADER.size);
  if (header.nextHeader !== UDP_PROTOCOL || !UDP_HEADER.fits(rest)) return refused;
  return { ...refused, port: UDP_HEADER.read(rest).destinationPort };
}

/** The ICMP types that answer, for a socket that hears nothing else. */
export const ANSWERING_TYPES: Readonly<Record<Family, readonly number[]>> = {
  ipv4: [0, 3],
  ipv6: [1, 4, 129],
};

/** What is known of a node that was asked. */
export interface PresenceAnswer {
  /**
   * "open": something there takes VRRP; "closed": nothing does; "filtered": a packet filter says
   * no.
   */
  readonly vrrp: "open" | "closed" | "filtered" | "unknown";
  /**
   * "answers": the machine is there; "unreachable": nothing answers at that address on its link.
   */
  readonly machine: "answers" | "unreachable" | "silent";
}

/** What `signs` together say. */
export function answerOf(signs: ReadonlySet<Sign>): PresenceAnswer {
  const [closed, filtered] = [signs.has("closed"), signs.has("filtered")];
  const isMember = signs.has("member");
  const isThere = signs.has("echo") || closed || signs.has("control") || isMember;
  const vrrp = closed ? "closed" : filtered
    ? "filtered"
    // Silence is a program that takes VRRP only where this machine says what it does not take.
    : signs.has("control") || isMember
    ? "open"
    : "unknown";
  const machine = isThere ? "answers" : signs.has("unreachable") ? "unreachable" : "silent";
  return { vrrp, machine };
}
