/** IGMP: one query of RFC 3376 4.1 and its answers, also those of RFC 2236 and RFC 1112. */
import { assert } from "../assert.ts";
import { type Ip, ip, ipFromBytes } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { checksum } from "./checksum.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "./ethernet.ts";
import { IPV4_HEADER, type Ipv4Packet } from "./ipv4.ts";
import { be16, bytes, layout, pad, u8 } from "./layout.ts";

/** The IP protocol number of IGMP. */
export const IGMP_PROTOCOL = 2;

/** Where reports of version 3 go (RFC 3376 4.2.14). */
export const REPORTS_GROUP: Ip = ip("224.0.0.22");

/** A query of version 3 about a group, without sources. */
export const IGMP_QUERY = layout("IGMPv3 query", 12, {
  type: u8(0),
  /** Tenths of a second in which an answer is to come. */
  maxResponse: u8(1),
  checksum: be16(2),
  group: bytes(4, 4),
  /** 4 reserved bits, S ("routers need not mind"), robustness. */
  flags: u8(8),
  /** In seconds, up to 127 as they are. */
  interval: u8(9),
  sources: be16(10),
});

/** A report of version 2 or 1: one group. */
export const IGMP_REPORT = layout("IGMPv2 report", 8, {
  type: u8(0),
  maxResponse: u8(1),
  checksum: be16(2),
  group: bytes(4, 4),
});

/** A report of version 3: records follow. */
export const IGMP3_REPORT = layout("IGMPv3 report", 8, {
  type: u8(0),
  reserved: pad(1, 1),
  checksum: be16(2),
  flags: be16(4),
  records: be16(6),
});

/** One of them: sources and auxiliary data follow. */
export const IGMP3_RECORD = layout("IGMPv3 group record", 8, {
  type: u8(0),
  /** In words of 4 bytes. */
  auxiliary: u8(1),
  sources: be16(2),
  group: bytes(4, 4),
});

const QUERY = 0x11;
const REPORTS = [0x12, 0x16];
const REPORT3 = 0x22;
/** "I want these groups", by the filter that it is, or has become (RFC 3376 4.2.12). */
const WANTING = [2, 4];
/** RFC 2113: routers look at it, and hosts may ignore queries without it (RFC 3376 4). */
const ROUTER_ALERT = new Uint8Array([0x94, 0x04, 0x00, 0x00]);

/**
 * The whole frame (50 bytes) that asks who hears `group`, sent to that very group: a machine that
 * answers has got it. From 0.0.0.0, so that no switch takes this machine for a router (RFC 4541
 * 2.1.1); to be answered within a second.
 */
export function encodeGroupQuery(mac: Mac, group: Ip): Uint8Array {
  assert(group.family === "ipv4", "IGMP is for IPv4");
  const query = {
    ...{ type: QUERY, maxResponse: 10, checksum: 0, group: group.bytes, sources: 0 },
    // S, and the defaults that hosts have anyway (RFC 3376 8.1, 8.2).
    ...{ flags: 0x08 | 2, interval: 125 },
  };
  const message = IGMP_QUERY.write({ ...query, checksum: checksum(IGMP_QUERY.write(query)) });
  return encodeEthernet({
    destination: multicastMac(group),
    source: mac,
    etherType: ETHERTYPE.ipv4,
    payload: packetWithAlert(group, message),
  });
}

function packetWithAlert(destination: Ip, message: Uint8Array): Uint8Array {
  const headerLength = IPV4_HEADER.size + ROUTER_ALERT.length;
  const packet = new Uint8Array(headerLength + message.length);
  packet.set(ROUTER_ALERT, IPV4_HEADER.size);
  packet.set(message, headerLength);
  const header = {
    ...{ versionAndLength: 0x46, typeOfService: 0xc0, totalLength: packet.length, id: 0 },
    ...{ fragment: 0, ttl: 1, protocol: IGMP_PROTOCOL, checksum: 0 },
    ...{ source: ip("0.0.0.0").bytes, destination: destination.bytes },
  };
  IPV4_HEADER.write(header, packet);
  const sum = checksum(packet.subarray(0, headerLength));
  IPV4_HEADER.write({ ...header, checksum: sum }, packet);
  return packet;
}

/**
 * The groups that the sender of `packet` says it hears; empty where it says nothing of that kind,
 * or its checksum is wrong.
 */
export function groupsHeard({ protocol, payload }: Ipv4Packet): readonly Ip[] {
  if (protocol !== IGMP_PROTOCOL || !IGMP_REPORT.fits(payload)) return [];
  if (checksum(payload) !== 0) return [];
  const { type, group } = IGMP_REPORT.read(payload);
  if (REPORTS.includes(type)) return [ipFromBytes(group)];
  return type === REPORT3 ? wantedIn(payload) : [];
}

function wantedIn(report: Uint8Array): readonly Ip[] {
  const { records } = IGMP3_REPORT.read(report);
  const found: Ip[] = [];
  let at = IGMP3_REPORT.size;
  for (let left = records; left > 0 && IGMP3_RECORD.fits(report, at); left--) {
    const { type, auxiliary, sources, group } = IGMP3_RECORD.read(report, at);
    if (WANTING.includes(type)) found.push(ipFromBytes(group));
    at += IGMP3_RECORD.size + 4 * (sources + auxiliary);
  }
  return found;
}
