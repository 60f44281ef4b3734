/** The IPv4 header (RFC 791 3.1). */
import { assert } from "../assert.ts";
import { type Ip, ipFromBytes } from "../net/ip.ts";
import { checksum } from "./checksum.ts";
import { be16, bytes, layout, u8 } from "./layout.ts";

/** The header without options. */
export const IPV4_HEADER = layout("IPv4 header", 20, {
  /** Version 4, then the header's length in words of 4 bytes. */
  versionAndLength: u8(0),
  typeOfService: u8(1),
  totalLength: be16(2),
  id: be16(4),
  /** 3 flags, then the fragment's offset. */
  fragment: be16(6),
  ttl: u8(8),
  protocol: u8(9),
  checksum: be16(10),
  source: bytes(12, 4),
  destination: bytes(16, 4),
});

/** A whole packet; its options, if there were any, are left aside. */
export interface Ipv4Packet {
  readonly source: Ip;
  readonly destination: Ip;
  /** 0-255. */
  readonly ttl: number;
  /** 0-255; VRRP is 112. */
  readonly protocol: number;
  /** Identification, 0-65535. */
  readonly id: number;
  /** Type of service, 0-255. */
  readonly typeOfService: number;
  readonly payload: Uint8Array;
}

/** MORE FRAGMENTS and the offset: anything set means that this is but a part. */
const FRAGMENTED = 0x3fff;

/**
 * The packet's bytes without options (IHL 5), not fragmented, checksum included; TTL 255, type of
 * service 0xc0 (network control) and protocol 112, as VRRP wants them, where not given.
 */
export function encodeIpv4(
  packet: Pick<Ipv4Packet, "source" | "destination" | "id" | "payload"> & Partial<Ipv4Packet>,
): Uint8Array {
  const { source, destination, id, payload } = packet;
  assert(source.family === "ipv4" && destination.family === "ipv4", "both addresses are IPv4");
  const bytes = new Uint8Array(IPV4_HEADER.size + payload.length);
  bytes.set(payload, IPV4_HEADER.size);
  const header = {
    versionAndLength: 0x45,
    typeOfService: packet.typeOfService ?? 0xc0,
    totalLength: bytes.length,
    id,
    fragment: 0,
    ttl: packet.ttl ?? 255,
    protocol: packet.protocol ?? 112,
    checksum: 0,
    source: source.bytes,
    destination: destination.bytes,
  };
  return IPV4_HEADER.write({ ...header, checksum: checksum(IPV4_HEADER.write(header)) }, bytes);
}

/**
 * Reads a packet, with options (IHL over 5) or without; bytes after its total length (Ethernet
 * padding) are cut off. Undefined where it is not IPv4, truncated, a fragment, or its header
 * checksum is wrong. The payload is a view, not a copy.
 */
export function decodeIpv4(bytes: Uint8Array): Ipv4Packet | undefined {
  if (!IPV4_HEADER.fits(bytes)) return undefined;
  const header = IPV4_HEADER.read(bytes);
  const headerLength = 4 * (header.versionAndLength & 0xf);
  const { totalLength, fragment, ttl, protocol, id, typeOfService } = header;
  if (header.versionAndLength >> 4 !== 4 || headerLength < IPV4_HEADER.size) return undefined;
  if (totalLength < headerLength || totalLength > bytes.length) return undefined;
  if ((fragment & FRAGMENTED) !== 0) return undefined;
  if (checksum(bytes.subarray(0, headerLength)) !== 0) return undefined;
  return {
    source: ipFromBytes(header.source),
    destination: ipFromBytes(header.destination),
    ttl,
    protocol,
    id,
    typeOfService,
    payload: bytes.subarray(headerLength, totalLength),
  };
}
