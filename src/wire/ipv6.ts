/** The fixed IPv6 header (RFC 8200 3). */
import { assert } from "../assert.ts";
import { type Ip, ipFromBytes } from "../net/ip.ts";
import { be16, be32, bytes, layout, u8 } from "./layout.ts";

/** The 40 bytes before extension headers or payload. */
export const IPV6_HEADER = layout("IPv6 header", 40, {
  /** Version 6, 8 bits of traffic class, 20 of flow label. */
  versionClassFlow: be32(0),
  payloadLength: be16(4),
  nextHeader: u8(6),
  hopLimit: u8(7),
  source: bytes(8, 16),
  destination: bytes(24, 16),
});

/** A whole packet. */
export interface Ipv6Packet {
  readonly source: Ip;
  readonly destination: Ip;
  /** 0-255. */
  readonly hopLimit: number;
  /** What the payload is, 0-255: VRRP is 112, ICMPv6 58. */
  readonly nextHeader: number;
  /** 0-255. */
  readonly trafficClass: number;
  /** What follows the fixed header, at most 65535 bytes. */
  readonly payload: Uint8Array;
}

/** The packet's bytes, flow label 0. */
export function encodeIpv6(packet: Ipv6Packet): Uint8Array {
  const { source, destination, payload, hopLimit, nextHeader, trafficClass } = packet;
  assert(source.family === "ipv6" && destination.family === "ipv6", "both addresses are IPv6");
  const bytes = new Uint8Array(IPV6_HEADER.size + payload.length);
  bytes.set(payload, IPV6_HEADER.size);
  return IPV6_HEADER.write({
    versionClassFlow: 0x60000000 + trafficClass * 0x100000,
    payloadLength: payload.length,
    nextHeader,
    hopLimit,
    source: source.bytes,
    destination: destination.bytes,
  }, bytes);
}

/**
 * Reads a packet; bytes after its payload length are cut off. Undefined where it is not IPv6 or
 * truncated. Extension headers are not walked: they show as nextHeader. The payload is a view, not
 * a copy.
 */
export function decodeIpv6(bytes: Uint8Array): Ipv6Packet | undefined {
  if (!IPV6_HEADER.fits(bytes)) return undefined;
  const header = IPV6_HEADER.read(bytes);
  const end = IPV6_HEADER.size + header.payloadLength;
  if (header.versionClassFlow >>> 28 !== 6 || end > bytes.length) return undefined;
  return {
    source: ipFromBytes(header.source),
    destination: ipFromBytes(header.destination),
    hopLimit: header.hopLimit,
    nextHeader: header.nextHeader,
    trafficClass: (header.versionClassFlow >>> 20) & 0xff,
    payload: bytes.subarray(IPV6_HEADER.size, end),
  };
}
