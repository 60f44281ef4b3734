/** ICMP echoes (RFC 792, RFC 4443 4.1) and "unreachable" (RFC 792). */
import { type Family, type Ip, ipFromBytes } from "../net/ip.ts";
import { checksum } from "./checksum.ts";
import { IPV4_HEADER, type Ipv4Packet } from "./ipv4.ts";
import { be16, layout, pad, u8 } from "./layout.ts";
import { UDP_HEADER, UDP_PROTOCOL } from "./udp.ts";
import { sameBytes } from "../net/bytes.ts";

/** An echo request or reply; data follow. */
export const ECHO_MESSAGE = layout("ICMP echo message", 8, {
  type: u8(0),
  code: u8(1),
  checksum: be16(2),
  id: be16(4),
  sequence: be16(6),
});

/** What is sent comes back as it is. */
export interface Echo {
  /** 0-65535: whose it is. */
  readonly id: number;
  /** 0-65535: which one of these. */
  readonly sequence: number;
  readonly data: Uint8Array;
}

/** Is `reply` what answers `request`? */
export function sameEcho(reply: Echo, request: Echo): boolean {
  return reply.id === request.id && reply.sequence === request.sequence &&
    sameBytes(reply.data, request.data);
}

/** Types, by family. */
export const ECHO_TYPES = {
  ipv4: { request: 8, reply: 0 },
  ipv6: { request: 128, reply: 129 },
} as const satisfies Readonly<Record<Family, unknown>>;

/**
 * The message that asks. The checksum is that of ICMP for IPv4; for IPv6, where it covers addresses
 * that the kernel chooses, it is 0 and left to the kernel (RFC 3542 3.1).
 */
export function encodeEchoRequest(family: Family, { id, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(ECHO_MESSAGE.size + data.length);
  bytes.set(data, ECHO_MESSAGE.size);
  const message = { type: ECHO_TYPES[family].request, code: 0, checksum: 0, id, sequence };
  ECHO_MESSAGE.write(message, bytes);
  if (family === "ipv6") return bytes;
  return ECHO_MESSAGE.write({ ...message, checksum: checksum(bytes) }, bytes);
}

/**
 * Reads a reply. Undefined where it is none, or (IPv4) its checksum is wrong; for IPv6 the kernel
 * has looked at that.
 */
export function decodeEchoReply(family: Family, message: Uint8Array): Echo | undefined {
  if (!ECHO_MESSAGE.fits(message)) return undefined;
  const { type, code, id, sequence } = ECHO_MESSAGE.read(message);
  if (type !== ECHO_TYPES[family].reply || code !== 0) return undefined;
  if (family === "ipv4" && checksum(message) !== 0) return undefined;
  return { id, sequence, data: message.subarray(ECHO_MESSAGE.size) };
}

/**
 * "Destination unreachable" (RFC 792); the header of the packet that it is about follows, and 8 of
 * its bytes.
 */
export const UNREACHABLE_MESSAGE = layout("ICMP destination unreachable", 8, {
  type: u8(0),
  code: u8(1),
  checksum: be16(2),
  unused: pad(4, 4),
});

/** A packet that was not taken. */
export interface Unreachable {
  /**
   * 2: its protocol is not spoken there; 3: its port is closed; 9, 10 and 13: a filter forbids it
   * (RFC 1812 5.2.7.1).
   */
  readonly code: number;
  /** Of the packet that was not taken. */
  readonly destination: Ip;
  readonly protocol: number;
  /** The port that it was sent to; absent: it is not UDP, or is not told. */
  readonly port?: number;
}

const UNREACHABLE = 3;
const OWN_PROTOCOL = 1;

/**
 * What an IPv4 packet says was not taken; undefined where it is no such message, or its checksum is
 * wrong.
 */
export function decodeUnreachable({ protocol, payload }: Ipv4Packet): Unreachable | undefined {
  if (protocol !== OWN_PROTOCOL || !UNREACHABLE_MESSAGE.fits(payload)) return undefined;
  const { type, code } = UNREACHABLE_MESSAGE.read(payload);
  if (type !== UNREACHABLE || checksum(payload) !== 0) return undefined;
  const about = payload.subarray(UNREACHABLE_MESSAGE.size);
  // The rest of that packet is missing, so that it cannot be read as a whole one.
  if (!IPV4_HEADER.fits(about)) return undefined;
  const header = IPV4_HEADER.read(about);
  const refused = { code, destination: ipFromBytes(header.destination), protocol: header.protocol };
  const message = about.subarray(4 * (header.versionAndLength & 0xf));
  if (header.protocol !== UDP_PROTOCOL || !UDP_HEADER.fits(message)) return refused;
  return { ...refused, port: UDP_HEADER.read(message).destinationPort };
}
