/** What does a neighbour learn from an Ethernet frame? Read by hand here, so that it is a second opinion on src/wire. */
import { formatIp, ipFromBytes } from "../../src/net/ip.ts";
import { formatMac } from "../../src/net/mac.ts";

/** "This address is at this MAC", by gratuitous ARP (RFC 5227 3) or unsolicited NA (RFC 4861 7.2.6). */
export interface Announcement {
  /** As text. */
  readonly address: string;
  /** As text. */
  readonly mac: string;
}

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const ICMPV6 = 58;
const NEIGHBOR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;
const SOLICITED = 0x40;
const TARGET_LINK_LAYER_ADDRESS = 2;

/** The announcement in `frame`; undefined where there is none that a neighbour would act on. */
export function announcementIn(frame: Uint8Array): Announcement | undefined {
  const ethertype = be16(frame, 12);
  if (ethertype === ETHERTYPE_ARP) return gratuitousArp(frame);
  if (ethertype === ETHERTYPE_IPV6) return unsolicitedNa(frame);
  return undefined;
}

function gratuitousArp(frame: Uint8Array): Announcement | undefined {
  if (frame.length < 42 || be16(frame, 14) !== 1 || be16(frame, 16) !== 0x0800) return undefined;
  const sender = formatIp(ipFromBytes(frame.subarray(28, 32)));
  const target = formatIp(ipFromBytes(frame.subarray(38, 42)));
  if (sender !== target) return undefined;
  return { address: sender, mac: formatMac(frame.subarray(22, 28)) };
}

function unsolicitedNa(frame: Uint8Array): Announcement | undefined {
  if (frame.length < 86 || frame[20] !== ICMPV6 || frame[21] !== 255) return undefined;
  if (frame[54] !== NEIGHBOR_ADVERTISEMENT || frame[78] !== TARGET_LINK_LAYER_ADDRESS) {
    return undefined;
  }
  const flags = frame[58] ?? 0;
  if ((flags & OVERRIDE) === 0 || (flags & SOLICITED) !== 0) return undefined;
  const address = formatIp(ipFromBytes(frame.subarray(62, 78)));
  return { address, mac: formatMac(frame.subarray(80, 86)) };
}

function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
