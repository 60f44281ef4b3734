/** The UDP header (RFC 768). */
import type { Ip } from "../net/ip.ts";
import { checksum, pseudoHeader } from "./checksum.ts";
import { be16, layout } from "./layout.ts";

/** The IP protocol (IPv6: next header) number of UDP. */
export const UDP_PROTOCOL = 17;

/** The 8 bytes before the payload. */
export const UDP_HEADER = layout("UDP header", 8, {
  sourcePort: be16(0),
  destinationPort: be16(2),
  /** Of header and payload. */
  length: be16(4),
  checksum: be16(6),
});

/** A datagram without the addresses of its IP header. */
export interface UdpDatagram {
  /** 0-65535. */
  readonly sourcePort: number;
  /** 0-65535. */
  readonly destinationPort: number;
  /** At most 65527 bytes. */
  readonly payload: Uint8Array;
}

/** What follows the IP header from `source` to `destination`, checksum included. */
export function encodeUdp(datagram: UdpDatagram, source: Ip, destination: Ip): Uint8Array {
  const { sourcePort, destinationPort, payload } = datagram;
  const bytes = new Uint8Array(UDP_HEADER.size + payload.length);
  bytes.set(payload, UDP_HEADER.size);
  const header = { sourcePort, destinationPort, length: bytes.length, checksum: 0 };
  UDP_HEADER.write(header, bytes);
  const sum = checksum(pseudoHeader(source, destination, UDP_PROTOCOL, bytes.length), bytes);
  // 0 would say that there is none.
  return UDP_HEADER.write({ ...header, checksum: sum || 0xffff }, bytes);
}

/**
 * Reads what follows an IP header. Undefined where it is shorter than it says, or than a header.
 * The checksum is not looked at: a capture sees datagrams before a network card has filled it in.
 * The payload is a view, not a copy.
 */
export function decodeUdp(bytes: Uint8Array): UdpDatagram | undefined {
  if (!UDP_HEADER.fits(bytes)) return undefined;
  const { sourcePort, destinationPort, length } = UDP_HEADER.read(bytes);
  if (length < UDP_HEADER.size || length > bytes.length) return undefined;
  return { sourcePort, destinationPort, payload: bytes.subarray(UDP_HEADER.size, length) };
}
