/** Ethernet frames read by hand: a second opinion on src/wire. */
import { formatIp } from "../../src/net/ip.ts";
import { formatMac, type Mac } from "../../src/net/mac.ts";

/**
 * What ARP and Neighbor Discovery say with one frame; a frame may both claim and ask. Addresses as
 * text.
 */
export interface FrameSaid {
  /** "This address is at this MAC." */
  readonly claim?: { readonly address: string; readonly mac: Mac; readonly macText: string };
  /** The MAC that it is for; undefined: for all. */
  readonly to?: string;
  /**
   * The claim is one that neighbours act on: gratuitous ARP (RFC 5227 3), unsolicited NA (RFC 4861
   * 7.2.6).
   */
  readonly announced: boolean;
  /** "Who has this address?" */
  readonly question?: {
    readonly address: string; /** The answer goes to everybody. */
    readonly openly: boolean;
    /** Asked from no address (RFC 5227 1.1). */
    readonly isProbe: boolean;
  };
}

const ETHERTYPE_ARP = 0x0806;
const ETHERTYPE_IPV6 = 0x86dd;
const ICMPV6 = 58;
const NEIGHBOR_SOLICITATION = 135;
const NEIGHBOR_ADVERTISEMENT = 136;
const OVERRIDE = 0x20;
const SOLICITED = 0x40;
const TARGET_LINK_LAYER_ADDRESS = 2;

/** What was read of a frame, and the frame as it was then: programs send many of them again. */
const READ = new WeakMap<Uint8Array, { readonly copy: Uint8Array; readonly said: FrameSaid }>();

/** Undefined: nothing that concerns addresses. */
export function saidBy(frame: Uint8Array): FrameSaid | undefined {
  const known = READ.get(frame);
  if (known !== undefined && sameBytes(known.copy, frame)) return known.said;
  const said = read(frame);
  if (said !== undefined) READ.set(frame, { copy: frame.slice(), said });
  return said;
}

/** Are they the same? */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function read(frame: Uint8Array): FrameSaid | undefined {
  const ethertype = be16(frame, 12);
  const said = ethertype === ETHERTYPE_ARP
    ? arp(frame)
    : ethertype === ETHERTYPE_IPV6
    ? neighborDiscovery(frame)
    : undefined;
  const isForAll = ((frame[0] ?? 0) & 1) === 1;
  return said === undefined || isForAll ? said : { ...said, to: formatMac(frame.slice(0, 6)) };
}

function arp(frame: Uint8Array): FrameSaid | undefined {
  if (frame.length < 42 || be16(frame, 14) !== 1 || be16(frame, 16) !== 0x0800) return undefined;
  const [sender, target] = [ipAt(frame, 28, 4), ipAt(frame, 38, 4)];
  const probes = sender === "0.0.0.0";
  const asks = be16(frame, 20) === 1 && sender !== target;
  const openly = isBroadcast(frame.subarray(22, 28));
  return {
    announced: sender === target,
    ...(probes ? {} : { claim: claimOf(sender, frame.slice(22, 28)) }),
    ...(asks ? { question: { address: target, openly, isProbe: probes } } : {}),
  };
}

/** Linux answers to the MAC that stands there, whoever sent the frame. */
function isBroadcast(mac: Mac): boolean {
  return mac.every((byte) => byte === 0xff);
}

function neighborDiscovery(frame: Uint8Array): FrameSaid | undefined {
  if (frame.length < 78 || frame[20] !== ICMPV6 || frame[21] !== 255) return undefined;
  const target = ipAt(frame, 62, 16);
  if (frame[54] === NEIGHBOR_SOLICITATION) {
    const openly = ipAt(frame, 22, 16) === "::";
    return { announced: false, question: { address: target, openly, isProbe: openly } };
  }
  if (frame[54] !== NEIGHBOR_ADVERTISEMENT) return undefined;
  const flags = frame[58] ?? 0;
  const saysMac = frame[78] === TARGET_LINK_LAYER_ADDRESS;
  const mac = saysMac ? frame.slice(80, 86) : frame.slice(6, 12);
  const announced = saysMac && (flags & OVERRIDE) !== 0 && (flags & SOLICITED) === 0;
  return { announced, claim: claimOf(target, mac) };
}

function claimOf(address: string, mac: Mac) {
  return { address, mac, macText: formatMac(mac) };
}

function ipAt(frame: Uint8Array, at: number, size: 4 | 16): string {
  const family = size === 4 ? "ipv4" : "ipv6";
  return formatIp({ family, bytes: frame.subarray(at, at + size) });
}

function be16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
}
