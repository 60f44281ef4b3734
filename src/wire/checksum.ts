/** The ones-complement checksum of the Internet protocols (RFC 1071) and its pseudo-headers. */
import { assert } from "../assert.ts";
import type { Ip } from "../net/ip.ts";
import { be16, be32, bytes, layout, pad, u8 } from "./layout.ts";

/** What a checksum over IPv4 may cover besides the message (RFC 9293 3.1). */
export const IPV4_PSEUDO_HEADER = layout("IPv4 pseudo-header", 12, {
  source: bytes(0, 4),
  destination: bytes(4, 4),
  zero: pad(8, 1),
  protocol: u8(9),
  length: be16(10),
});

/** What a checksum over IPv6 covers besides the message (RFC 8200 8.1). */
export const IPV6_PSEUDO_HEADER = layout("IPv6 pseudo-header", 40, {
  source: bytes(0, 16),
  destination: bytes(16, 16),
  length: be32(32),
  zero: pad(36, 3),
  nextHeader: u8(39),
});

/**
 * The checksum of `parts` laid end to end, 0-65535; every part but the last has an even length.
 * Over a message whose checksum field is zero: what belongs there. Over a message as received: 0
 * where it is intact.
 */
export function checksum(...parts: readonly Uint8Array[]): number {
  let sum = 0;
  for (const [index, part] of parts.entries()) {
    assert(part.length % 2 === 0 || index === parts.length - 1, "only the last part is odd");
    for (let i = 0; i < part.length; i += 2) sum += ((part[i] ?? 0) << 8) | (part[i + 1] ?? 0);
  }
  while (sum > 0xffff) sum = (sum & 0xffff) + Math.floor(sum / 0x10000);
  return ~sum & 0xffff;
}

/**
 * The pseudo-header (12 or 40 bytes) for an upper-layer message of `length` bytes. Both addresses
 * are of one family. `destination` is the real one, a group or a peer.
 */
export function pseudoHeader(
  source: Ip,
  destination: Ip,
  protocol: number,
  length: number,
): Uint8Array {
  assert(source.family === destination.family, "source and destination are of one family");
  const addresses = { source: source.bytes, destination: destination.bytes, length };
  return source.family === "ipv4"
    ? IPV4_PSEUDO_HEADER.write({ ...addresses, protocol })
    : IPV6_PSEUDO_HEADER.write({ ...addresses, nextHeader: protocol });
}
