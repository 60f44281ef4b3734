/** The Ethernet II header (RFC 894) and group addresses. */
import type { Ip } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { be16, bytes, layout } from "./layout.ts";

/** What an Ethernet frame carries (linux/if_ether.h). */
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;

/** The 14 bytes before the payload. */
export const ETHERNET_HEADER = layout("Ethernet header", 14, {
  destination: bytes(0, 6),
  source: bytes(6, 6),
  etherType: be16(12),
});

/** A frame without its check sequence; short payloads may be padded with zeros to 46 bytes. */
export interface EthernetFrame {
  readonly destination: Mac;
  readonly source: Mac;
  /** 0-65535, one of {@link ETHERTYPE} where it concerns us. */
  readonly etherType: number;
  readonly payload: Uint8Array;
}

/** The frame's bytes, not padded: the driver does that. */
export function encodeEthernet({ payload, ...header }: EthernetFrame): Uint8Array {
  const frame = new Uint8Array(ETHERNET_HEADER.size + payload.length);
  frame.set(payload, ETHERNET_HEADER.size);
  return ETHERNET_HEADER.write(header, frame);
}

/** A copy of `frame` for `destination` alone. */
export function encodedTo(destination: Mac, frame: Uint8Array): Uint8Array {
  const copy = frame.slice();
  copy.set(destination);
  return copy;
}

/** Undefined where there are fewer than 14 bytes. The payload is a view, not a copy. */
export function decodeEthernet(frame: Uint8Array): EthernetFrame | undefined {
  if (!ETHERNET_HEADER.fits(frame)) return undefined;
  return { ...ETHERNET_HEADER.read(frame), payload: frame.subarray(ETHERNET_HEADER.size) };
}

/**
 * Where frames to the multicast address `group` go: 01:00:5e and 23 bits (RFC 1112 6.4), 33:33 and
 * 32 bits (RFC 2464 7).
 */
export function multicastMac(group: Ip): Mac {
  const [a = 0, b = 0, c = 0, d = 0] = group.bytes.subarray(-4);
  return group.family === "ipv4"
    ? new Uint8Array([0x01, 0x00, 0x5e, b & 0x7f, c, d])
    : new Uint8Array([0x33, 0x33, a, b, c, d]);
}
