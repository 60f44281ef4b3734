/** VRRP messages: bytes <-> Advert, for VRRPv2 (RFC 3768 5.1) and VRRPv3 (RFC 9568 5.1). */
import { assert } from "../assert.ts";
import { milliseconds, type Nanoseconds, seconds } from "../time.ts";
import {
  type Family,
  formatIp,
  type Ip,
  ip,
  ipFromBytes,
  isMulticast,
  isUnicast,
  sizeOf,
} from "../net/ip.ts";
import { checksum, pseudoHeader } from "./checksum.ts";
import { be16, bytes, layout, u8 } from "./layout.ts";
import type { Reject, RejectReason } from "./reject.ts";

/** The IP protocol (IPv6: next header) number of VRRP. */
export const VRRP_PROTOCOL = 112;

/**
 * The UDP port of adverts between floatip nodes, where the file names no other. IANA has not
 * assigned it. Being below 1024 it is never anybody's by chance (ip_local_port_range), and only the
 * privileged send from it, as with protocol 112; below 512 no RPC service of libc's takes it either
 * (bindresvport(3)).
 */
export const DEFAULT_UDP_PORT = 336;

/**
 * The two forms of the VRRPv3 checksum over IPv4: with a pseudo-header (RFC 5798) or without (RFC
 * 9568 5.2.8).
 */
export type ChecksumForm = "pseudo-header" | "rfc9568";

/**
 * A well-formed advertisement: everything in it was checked that can be checked without
 * configuration.
 */
export interface Advert {
  readonly version: 2 | 3;
  /** 1-255. */
  readonly vrid: number;
  /** 0-255; 0 says "I am leaving", 255 is the owner. */
  readonly priority: number;
  /** v2: whole seconds, 1-255; v3: 10 ms to 40.95 s. */
  readonly interval: Nanoseconds;
  /** At least one, all of one family. */
  readonly addresses: readonly Ip[];
  /** VRRPv2 only: authentication type (0 none, 1 simple password) and its 8 bytes. */
  readonly auth?: { readonly type: number; readonly data: Uint8Array };
  /** VRRPv3 over IPv4 only: the form that its checksum was right in. */
  readonly checksumForm?: ChecksumForm;
}

/** A VRRP message and what its IP header said, nothing of it believed yet. */
export interface VrrpDatagram {
  readonly source: Ip;
  readonly destination: Ip;
  /** TTL or hop limit, 0-255. */
  readonly ttl: number;
  /** What follows the IP header, or the UDP header. */
  readonly payload: Uint8Array;
  /** The UDP port that it came from; absent: it is IP protocol 112, which has none. */
  readonly port?: number;
}

/** The first 8 bytes of a VRRPv3 message (RFC 9568 5.1). */
export const VRRPV3_HEADER = layout("VRRPv3 header", 8, {
  versionAndType: u8(0),
  vrid: u8(1),
  priority: u8(2),
  count: u8(3),
  /** 4 reserved bits, then centiseconds. */
  interval: be16(4),
  checksum: be16(6),
});

/** The first 8 bytes of a VRRPv2 message (RFC 3768 5.1); its last 8 are authentication data. */
export const VRRPV2_HEADER = layout("VRRPv2 header", 8, {
  versionAndType: u8(0),
  vrid: u8(1),
  priority: u8(2),
  count: u8(3),
  authType: u8(4),
  /** Whole seconds. */
  interval: u8(5),
  checksum: be16(6),
});

/** VRRPv2 authentication data, always there (RFC 2338 5.3.10, RFC 3768 5.3.8). */
export const VRRPV2_TRAILER = layout("VRRPv2 trailer", 8, { authData: bytes(0, 8) });

const ADVERTISEMENT = 1;
const CARP_SIZE = 36;
const HMAC_TRAILER_SIZE = 28;
const CENTISECOND = milliseconds(10);
const SECOND = seconds(1);
const GROUPS: Readonly<Record<Family, Ip>> = { ipv4: ip("224.0.0.18"), ipv6: ip("ff02::12") };

/** The group that adverts are sent to: 224.0.0.18 or ff02::12 (RFC 9568 5.1.1.2, 5.1.2.2). */
export function groupOf(family: Family): Ip {
  return GROUPS[family];
}

/**
 * The VRID of a message, 0-255, whatever else is wrong with it; undefined where it has not 2 bytes.
 */
export function peekVrid(payload: Uint8Array): number | undefined {
  return payload[1];
}

/**
 * Reads an advertisement and judges all that needs no configuration, in the order of RFC 9568 7.1
 * (the checksum after the cheap checks, since two forms of it are accepted). Never throws, whatever
 * the bytes.
 */
export function decodeAdvert(datagram: VrrpDatagram): Advert | Reject {
  const reject = malformed(datagram);
  if (reject !== undefined) return reject;
  return (datagram.payload[0] ?? 0) >> 4 === 2 ? decodeV2(datagram) : decodeV3(datagram);
}

/**
 * The message (what follows the IP header) that says `advert` from `source` to `destination`,
 * checksum included. `form` matters for v3 over IPv4 only; over IPv6 the pseudo-header is always
 * covered, in v2 never. An advert without `auth` gets type 0 and zeros in v2. Throws
 * AssertionFailure where a field is out of its range.
 */
export function encodeAdvert(
  advert: Advert,
  source: Ip,
  destination: Ip,
  form: ChecksumForm = advert.checksumForm ?? "pseudo-header",
): Uint8Array {
  assertEncodable(advert, source);
  const message = advert.version === 2 ? encodeV2(advert) : encodeV3(advert);
  const covered = advert.version === 3 && (source.family === "ipv6" || form === "pseudo-header")
    ? [pseudoHeader(source, destination, VRRP_PROTOCOL, message.length), message]
    : [message];
  new DataView(message.buffer).setUint16(
    VRRPV3_HEADER.members.checksum.offset,
    checksum(...covered),
  );
  return message;
}

/**
 * A VRRPv2 password as it stands on the wire: UTF-8, 8 bytes, zero padded. Throws AssertionFailure
 * over 8 bytes.
 */
export function passwordBytes(text: string): Uint8Array {
  const encoded = new TextEncoder().encode(text);
  assert(encoded.length <= 8, "a VRRPv2 password has at most 8 bytes");
  const padded = new Uint8Array(8);
  padded.set(encoded);
  return padded;
}

/** Are both secrets the same? Takes as long wherever they differ, so that timing tells nothing. */
export function sameSecret(a: Uint8Array, b: Uint8Array): boolean {
  let difference = a.length ^ b.length;
  for (let i = 0; i < a.length; i++) difference |= (a[i] ?? 0) ^ (b[i] ?? 0);
  return difference === 0;
}

/** The first thing wrong with the message, its checksum and interval aside. */
function malformed(datagram: VrrpDatagram): Reject | undefined {
  const { source, destination, ttl, payload } = datagram;
  if (!isUnicast(source)) return no("source", formatIp(source));
  if (isMulticast(destination) && ttl !== 255) return no("ttl", `TTL ${ttl}`);
  if (!VRRPV3_HEADER.fits(payload)) return no("too-short", `${payload.length} bytes`);
  const { versionAndType, vrid, count } = VRRPV3_HEADER.read(payload);
  const version = versionAndType >> 4;
  const type = versionAndType & 0xf;
  const { family } = destination;
  if (isCarp(payload)) return no("carp", `VHID ${vrid}`);
  if (version !== 3 && version !== 2) return no("version", `version ${version}`);
  if (version === 2 && family === "ipv6") return no("version", "version 2 over IPv6");
  if (type !== ADVERTISEMENT) return no("type", `type ${type}`);
  if (vrid === 0) return no("unknown-vrid", "VRID 0");
  if (count === 0) return no("count-zero", "0 addresses");
  const length = messageLength(version, family, count);
  if (payload.length === length) return undefined;
  const key = hmacKeyOf(datagram, length);
  if (key !== undefined) return no("auth-hmac", `key ${key}`);
  const noun = count === 1 ? "address" : "addresses";
  return no("length", `${payload.length} bytes instead of ${length} (${count} ${noun})`);
}

/** A CARP advertisement (OpenBSD's ip_carp.h): version 2, type 1, and 7 words of authentication. */
function isCarp(payload: Uint8Array): boolean {
  return payload.length === CARP_SIZE && payload[0] === 0x21 && payload[3] === 7;
}

/**
 * The key ID of an advert of `length` bytes that keepalived's auth_hmac has signed
 * (draft-cassen-vrrp-auth-hmac): 28 bytes follow it, the first of them 1. Its checksum leaves them
 * out, but over IPv6. Undefined: it is none.
 */
function hmacKeyOf(datagram: VrrpDatagram, length: number): number | undefined {
  const { payload, destination } = datagram;
  if (payload.length !== length + HMAC_TRAILER_SIZE || payload[length] !== 1) return undefined;
  const message = payload.subarray(0, length);
  const isSound = (payload[0] ?? 0) >> 4 === 2
    ? checksum(message) === 0
    : checksumFormOf(destination.family === "ipv6" ? datagram : { ...datagram, payload: message });
  return isSound ? payload[length + 1] : undefined;
}

function messageLength(version: 2 | 3, family: Family, count: number): number {
  const trailer = version === 2 ? VRRPV2_TRAILER.size : 0;
  return VRRPV3_HEADER.size + count * sizeOf(family) + trailer;
}

function decodeV2({ payload }: VrrpDatagram): Advert | Reject {
  const { vrid, priority, count, authType, interval, ...header } = VRRPV2_HEADER.read(payload);
  if (checksum(payload) !== 0) return wrongChecksum(header.checksum);
  if (interval === 0) return no("interval-zero", "interval 0 s");
  const { authData } = VRRPV2_TRAILER.read(payload, payload.length - VRRPV2_TRAILER.size);
  return {
    version: 2,
    vrid,
    priority,
    interval: seconds(interval),
    addresses: addressesIn(payload, count, "ipv4"),
    auth: { type: authType, data: authData },
  };
}

function decodeV3(datagram: VrrpDatagram): Advert | Reject {
  const { payload, destination: { family } } = datagram;
  const { vrid, priority, count, interval, ...header } = VRRPV3_HEADER.read(payload);
  const form = checksumFormOf(datagram);
  if (form === undefined) return wrongChecksum(header.checksum);
  // RFC 9568 5.2.7: the reserved bits are ignored on receipt.
  const centiseconds = interval & 0xfff;
  if (centiseconds === 0) return no("interval-zero", "interval 0 cs");
  return {
    version: 3,
    vrid,
    priority,
    interval: milliseconds(10 * centiseconds),
    addresses: addressesIn(payload, count, family),
    ...(family === "ipv4" ? { checksumForm: form } : {}),
  };
}

/** The form that the checksum of a v3 message is right in; over IPv6 there is but one. */
function checksumFormOf(datagram: VrrpDatagram): ChecksumForm | undefined {
  const { source, destination, payload } = datagram;
  if (source.family !== destination.family) return undefined;
  const pseudo = pseudoHeader(source, destination, VRRP_PROTOCOL, payload.length);
  if (checksum(pseudo, payload) === 0) return "pseudo-header";
  return source.family === "ipv4" && checksum(payload) === 0 ? "rfc9568" : undefined;
}

function addressesIn(payload: Uint8Array, count: number, family: Family): readonly Ip[] {
  const size = sizeOf(family);
  return Array.from({ length: count }, (_, i) => {
    const start = VRRPV3_HEADER.size + i * size;
    return ipFromBytes(payload.subarray(start, start + size));
  });
}

function encodeV2(advert: Advert): Uint8Array {
  const message = withAddresses(advert);
  VRRPV2_HEADER.write({
    versionAndType: (2 << 4) | ADVERTISEMENT,
    vrid: advert.vrid,
    priority: advert.priority,
    count: advert.addresses.length,
    authType: advert.auth?.type ?? 0,
    interval: advert.interval / SECOND,
    checksum: 0,
  }, message);
  const authData = advert.auth?.data ?? new Uint8Array(8);
  return VRRPV2_TRAILER.write({ authData }, message, message.length - VRRPV2_TRAILER.size);
}

function encodeV3(advert: Advert): Uint8Array {
  return VRRPV3_HEADER.write({
    versionAndType: (3 << 4) | ADVERTISEMENT,
    vrid: advert.vrid,
    priority: advert.priority,
    count: advert.addresses.length,
    interval: advert.interval / CENTISECOND,
    checksum: 0,
  }, withAddresses(advert));
}

/** A message of the right length with nothing in it but the addresses. */
function withAddresses({ version, addresses }: Advert): Uint8Array {
  const family = addresses[0]?.family ?? "ipv4";
  const message = new Uint8Array(messageLength(version, family, addresses.length));
  for (const [i, address] of addresses.entries()) {
    message.set(address.bytes, VRRPV3_HEADER.size + i * sizeOf(family));
  }
  return message;
}

function assertEncodable(advert: Advert, source: Ip): void {
  const { version, vrid, addresses, interval } = advert;
  assert(vrid >= 1 && vrid <= 255, () => `VRID ${vrid} is 1-255`);
  assert(addresses.length >= 1 && addresses.length <= 255, "an advert names 1-255 addresses");
  assert(addresses.every(({ family }) => family === source.family), "all are of one family");
  assert(version === 3 || source.family === "ipv4", "VRRPv2 is IPv4 only");
  const [unit, most] = version === 2 ? [SECOND, 255] : [CENTISECOND, 4095];
  const count = interval / unit;
  assert(Number.isInteger(count) && count >= 1 && count <= most, `${interval} ns fit an advert`);
}

function wrongChecksum(found: number): Reject {
  return no("checksum", `0x${found.toString(16).padStart(4, "0")} does not fit the message`);
}

function no(reason: RejectReason, detail: string): Reject {
  return { reason, detail };
}
