/** Neighbor Solicitation and Advertisement (RFC 4861 4.3 and 4.4). */
import { type Ip, ip, ipFromBytes, isMulticast, isUnspecified } from "../net/ip.ts";
import type { Mac } from "../net/mac.ts";
import { checksum, pseudoHeader } from "./checksum.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "./ethernet.ts";
import { encodeIpv6, type Ipv6Packet } from "./ipv6.ts";
import { be16, bytes, layout, pad, u8 } from "./layout.ts";

/** The IPv6 next header number of ICMPv6. */
export const ICMPV6_PROTOCOL = 58;

/**
 * A Neighbor Advertisement without its options; a Neighbor Solicitation differs in type and has no
 * flags.
 */
export const NEIGHBOR_MESSAGE = layout("Neighbor message", 24, {
  type: u8(0),
  code: u8(1),
  checksum: be16(2),
  flags: u8(4),
  reserved: pad(5, 3),
  target: bytes(8, 16),
});

/**
 * An option that carries an Ethernet address (RFC 4861 4.6.1): type 1 the sender's, 2 the target's.
 */
export const LINK_LAYER_OPTION = layout("Link-layer address option", 8, {
  type: u8(0),
  /** In words of 8 bytes. */
  length: u8(1),
  mac: bytes(2, 6),
});

/** "`target` is at `mac`." */
export interface NeighborAdvert {
  readonly kind: "na";
  readonly source: Ip;
  readonly destination: Ip;
  readonly router: boolean;
  readonly solicited: boolean;
  readonly override: boolean;
  readonly target: Ip;
  /** The target link-layer address option, where it is there. */
  readonly mac: Mac | undefined;
}

/** "Who has `target`?" */
export interface NeighborSolicit {
  readonly kind: "ns";
  /** `::` while the sender looks whether the address is free (RFC 4862 5.4.2). */
  readonly source: Ip;
  readonly destination: Ip;
  readonly target: Ip;
  /** The source link-layer address option, where it is there. */
  readonly mac: Mac | undefined;
  /** Is a nonce of 6 bytes there, as {@link neighborProbeToAll} writes it? */
  readonly nonce?: boolean;
}

const SOLICITATION = 135;
const ADVERTISEMENT = 136;
const FLAGS = { router: 0x80, solicited: 0x40, override: 0x20 } as const;
const SOURCE_LINK_LAYER = 1;
const TARGET_LINK_LAYER = 2;
const NONCE = 14;
const ALL_NODES = ip("ff02::1");
const UNSPECIFIED = ip("::");
const HOP_LIMIT = 255;

/**
 * The whole frame (86 bytes) that tells every node that `address` is now at `mac` (RFC 4861 7.2.6,
 * RFC 9568 6.4.1): from the address itself to ff02::1, hop limit 255, Override set. `router`: does
 * this machine forward IPv6?
 */
export function unsolicitedNa(mac: Mac, address: Ip, router: boolean): Uint8Array {
  return encodeNeighborAdvert(mac, {
    kind: "na",
    source: address,
    destination: ALL_NODES,
    router,
    solicited: false,
    override: true,
    target: address,
    mac,
  });
}

/**
 * The whole frame (86 or 78 bytes) of an advertisement, sent from `mac` to the group or to `to`.
 */
export function encodeNeighborAdvert(
  mac: Mac,
  advert: NeighborAdvert,
  to: Mac = multicastMac(advert.destination),
): Uint8Array {
  const flags = (advert.router ? FLAGS.router : 0) | (advert.solicited ? FLAGS.solicited : 0) |
    (advert.override ? FLAGS.override : 0);
  return frame(mac, to, advert, { type: ADVERTISEMENT, flags, option: TARGET_LINK_LAYER });
}

/**
 * The whole frame (86 or 78 bytes) that asks who has `target`, sent from `mac` to the target's
 * solicited-node group.
 */
export function encodeNeighborSolicit(mac: Mac, solicit: NeighborSolicit): Uint8Array {
  const to = multicastMac(solicit.destination);
  return frame(mac, to, solicit, { type: SOLICITATION, flags: 0, option: SOURCE_LINK_LAYER });
}

/** The same from `source`, which is at `mac`, so that the answer goes there. */
export function neighborRequest(mac: Mac, source: Ip, target: Ip): Uint8Array {
  const destination = solicitedNode(target);
  return encodeNeighborSolicit(mac, { kind: "ns", source, destination, target, mac });
}

/**
 * The whole frame (78 bytes) that asks who has `target` without claiming anything: from ::, as
 * duplicate address detection does (RFC 4862 5.4.2). It is answered to everybody.
 */
export function neighborProbe(mac: Mac, target: Ip): Uint8Array {
  const destination = solicitedNode(target);
  const solicit = { kind: "ns", source: UNSPECIFIED, destination, target, mac: undefined } as const;
  return encodeNeighborSolicit(mac, solicit);
}

/**
 * The same with a nonce of 6 bytes (RFC 7527 4), by which a machine knows its own probe when a link
 * sends it back. The answer goes to all nodes (RFC 4861 7.2.4), and so arrives also where a machine
 * with this very `mac` sends it.
 */
export function neighborProbeToAll(mac: Mac, target: Ip, nonce: Uint8Array): Uint8Array {
  const destination = solicitedNode(target);
  const solicit = { kind: "ns", source: UNSPECIFIED, destination, target, mac: nonce } as const;
  const kind = { type: SOLICITATION, flags: 0, option: NONCE };
  return frame(mac, multicastMac(destination), solicit, kind);
}

/** Where solicitations for `address` go: ff02::1:ffXX:XXXX (RFC 4291 2.7.1). */
export function solicitedNode(address: Ip): Ip {
  const group = ip("ff02::1:ff00:0").bytes.slice();
  group.set(address.bytes.subarray(-3), 13);
  return { family: "ipv6", bytes: group };
}

/**
 * Reads an ICMPv6 packet. Undefined where it is neither of the two, or not valid by RFC 4861 7.1.1
 * and 7.1.2 (hop limit, checksum, code, length, options, multicast target, solicited flag on
 * multicast).
 */
export function decodeNeighbor(packet: Ipv6Packet): NeighborAdvert | NeighborSolicit | undefined {
  const { source, destination, payload } = packet;
  if (packet.nextHeader !== ICMPV6_PROTOCOL || packet.hopLimit !== HOP_LIMIT) return undefined;
  if (!NEIGHBOR_MESSAGE.fits(payload)) return undefined;
  if (checksum(pseudo(source, destination, payload.length), payload) !== 0) return undefined;
  const { type, code, flags, ...message } = NEIGHBOR_MESSAGE.read(payload);
  const target = ipFromBytes(message.target);
  if (code !== 0 || isMulticast(target)) return undefined;
  const macs = linkLayerAddresses(payload.subarray(NEIGHBOR_MESSAGE.size));
  if (macs === undefined) return undefined;
  const common = { source, destination, target };
  if (type === SOLICITATION) {
    const mac = macs.get(SOURCE_LINK_LAYER);
    if (isUnspecified(source) && mac !== undefined) return undefined;
    const nonce = macs.has(NONCE);
    return { kind: "ns", ...common, mac, ...(nonce ? { nonce } : {}) };
  }
  const solicited = (flags & FLAGS.solicited) !== 0;
  if (type !== ADVERTISEMENT || (solicited && isMulticast(destination))) return undefined;
  const router = (flags & FLAGS.router) !== 0;
  const override = (flags & FLAGS.override) !== 0;
  return { kind: "na", ...common, router, solicited, override, mac: macs.get(TARGET_LINK_LAYER) };
}

/**
 * Ethernet addresses by option type; undefined where an option has length 0 or runs past the end.
 */
function linkLayerAddresses(options: Uint8Array): ReadonlyMap<number, Mac> | undefined {
  const found = new Map<number, Mac>();
  let at = 0;
  while (at < options.length) {
    const size = 8 * (options[at + 1] ?? 0);
    if (size === 0 || at + size > options.length) return undefined;
    const { type, mac } = LINK_LAYER_OPTION.read(options, at);
    if (size === LINK_LAYER_OPTION.size) found.set(type, mac);
    at += size;
  }
  return found;
}

function frame(
  from: Mac,
  to: Mac,
  { source, destination, target, mac }: NeighborAdvert | NeighborSolicit,
  { type, flags, option }: {
    readonly type: number;
    readonly flags: number;
    readonly option: number;
  },
): Uint8Array {
  const size = NEIGHBOR_MESSAGE.size + (mac === undefined ? 0 : LINK_LAYER_OPTION.size);
  const payload = new Uint8Array(size);
  if (mac !== undefined) {
    LINK_LAYER_OPTION.write({ type: option, length: 1, mac }, payload, NEIGHBOR_MESSAGE.size);
  }
  const message = { type, code: 0, checksum: 0, flags, target: target.bytes };
  NEIGHBOR_MESSAGE.write(message, payload);
  const sum = checksum(pseudo(source, destination, size), payload);
  NEIGHBOR_MESSAGE.write({ ...message, checksum: sum }, payload);
  const packet = { source, destination, hopLimit: HOP_LIMIT, trafficClass: 0, payload };
  return encodeEthernet({
    destination: to,
    source: from,
    etherType: ETHERTYPE.ipv6,
    payload: encodeIpv6({ ...packet, nextHeader: ICMPV6_PROTOCOL }),
  });
}

function pseudo(source: Ip, destination: Ip, length: number): Uint8Array {
  return pseudoHeader(source, destination, ICMPV6_PROTOCOL, length);
}
