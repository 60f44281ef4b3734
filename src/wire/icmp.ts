/** Is anybody there? Echo requests and replies of RFC 792 and RFC 4443 4.1, without the IP header. */
import type { Family } from "../net/ip.ts";
import { checksum } from "./checksum.ts";
import { be16, layout, u8 } from "./layout.ts";

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

/** Types, by family. */
export const ECHO_TYPES = {
  ipv4: { request: 8, reply: 0 },
  ipv6: { request: 128, reply: 129 },
} as const satisfies Readonly<Record<Family, unknown>>;

/**
 * The message that asks. The checksum is that of ICMP for IPv4; for IPv6, where it covers addresses that the kernel chooses, it
 * is 0 and left to the kernel (RFC 3542 3.1).
 */
export function encodeEchoRequest(family: Family, { id, sequence, data }: Echo): Uint8Array {
  const bytes = new Uint8Array(ECHO_MESSAGE.size + data.length);
  bytes.set(data, ECHO_MESSAGE.size);
  const message = { type: ECHO_TYPES[family].request, code: 0, checksum: 0, id, sequence };
  ECHO_MESSAGE.write(message, bytes);
  if (family === "ipv6") return bytes;
  return ECHO_MESSAGE.write({ ...message, checksum: checksum(bytes) }, bytes);
}

/** Reads a reply. Undefined where it is none, or (IPv4) its checksum is wrong; for IPv6 the kernel has looked at that. */
export function decodeEchoReply(family: Family, message: Uint8Array): Echo | undefined {
  if (!ECHO_MESSAGE.fits(message)) return undefined;
  const { type, code, id, sequence } = ECHO_MESSAGE.read(message);
  if (type !== ECHO_TYPES[family].reply || code !== 0) return undefined;
  if (family === "ipv4" && checksum(message) !== 0) return undefined;
  return { id, sequence, data: message.subarray(ECHO_MESSAGE.size) };
}
