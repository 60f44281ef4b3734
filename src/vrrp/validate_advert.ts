/**
 * Validation of a well-formed advert: admits it, with what is odd about it, or names the reason
 * why not.
 */
import { formatDuration } from "../time.ts";
import { formatIp, includesIp, type Ip, ipKey, isLinkLocal, sameIp } from "../net/ip.ts";
import type { Reject, RejectReason } from "../wire/reject.ts";
import { type Advert, sameSecret } from "../wire/vrrp.ts";
import { isOwner, type Rules, type Transport } from "./rules.ts";

/** What is known of a packet beside its payload. */
export interface AdvertContext {
  readonly source: Ip;
  readonly destination: Ip;
  /** The address that our own adverts leave from; undefined while there is none. */
  readonly own: Ip | undefined;
  /**
   * Is its source a subnet of this machine's, or the broadcast of one? No node has such an address.
   */
  readonly subnetEdge?: boolean;
  /** How it came. */
  readonly transport: Transport;
  /** By UDP: TTL or hop limit, and the port that it came from. */
  readonly udp?: {
    readonly ttl: number;
    readonly sourcePort: number;
    /** Ours, which is theirs. */
    readonly port: number;
    /** Is its source on a LAN of this machine? Then no router was on its way. */
    readonly neighbour: boolean;
  };
}

/** What is odd about an advert that is obeyed all the same, each with its meaning in words. */
export const NOTICES = {
  "other-addresses": "its addresses are not ours",
  "interval-differs": "its interval is not ours; the master's is adopted",
  "first-address-not-link-local": "its first IPv6 address is not link-local (RFC 9568 5.2.9)",
  "owner-contradicted":
    "another machine is master although this node owns the address (priority 255)",
} as const;

/** The name of an oddity. */
export type NoticeKind = keyof typeof NOTICES;

/** An oddity of an admitted advert; worth telling once for each kind and source. */
export interface Notice {
  readonly kind: NoticeKind;
  /** What was found, for people: "192.168.1.60, ours is 192.168.1.50". */
  readonly detail: string;
}

/** The verdict. A rejected advert must not reach the engine: it touches no timer. */
export type AdvertVerdict =
  | { readonly reject: Reject }
  | { readonly notices: readonly Notice[] };

/** A check answers the detail of what is wrong; undefined: nothing. */
type Check = (advert: Advert, context: AdvertContext, rules: Rules) => string | undefined;

/** In this order (RFC 9568 7.1, RFC 3768 7.1); the first that objects decides. */
const CHECKS: readonly (readonly [RejectReason, Check])[] = [
  ["source", subnetSource],
  ["ttl", routed],
  ["source-port", sourcePort],
  ["version", version],
  ["destination", destination],
  ["own-packet", ownPacket],
  ["own-address", ownAddress],
  ["auth-type", authType],
  ["auth-password", authPassword],
  ["interval-mismatch", intervalMismatch],
  ["unknown-peer", unknownPeer],
  ["addresses", strangeAddresses],
];

const ODDITIES: readonly (readonly [NoticeKind, Check])[] = [
  ["other-addresses", otherAddresses],
  ["interval-differs", intervalDiffers],
  ["first-address-not-link-local", firstAddressNotLinkLocal],
  ["owner-contradicted", ownerContradicted],
];

/**
 * Holds an advert for our VRID and family against `rules`. What can be checked without rules
 * (length, checksum, type, TTL) was checked when it was decoded.
 */
export function validateAdvert(
  advert: Advert,
  context: AdvertContext,
  rules: Rules,
): AdvertVerdict {
  for (const [reason, check] of CHECKS) {
    const detail = check(advert, context, rules);
    if (detail !== undefined) return { reject: { reason, detail } };
  }
  const notices: Notice[] = [];
  for (const [kind, check] of ODDITIES) {
    const detail = check(advert, context, rules);
    if (detail !== undefined) notices.push({ kind, detail });
  }
  return { notices };
}

function subnetSource(_advert: Advert, { source, subnetEdge }: AdvertContext): string | undefined {
  return subnetEdge === true ? formatIp(source) : undefined;
}

/**
 * RFC 5082: a node on our LAN sends with 255, and one elsewhere cannot make it arrive so. Other
 * peers may be behind routers.
 */
function routed(_advert: Advert, { udp }: AdvertContext): string | undefined {
  if (udp === undefined || !udp.neighbour || udp.ttl === 255) return undefined;
  return `TTL ${udp.ttl} from a neighbour`;
}

/**
 * Any user of a peer may send by UDP, but not from a port that floatip has there (or, below 1024,
 * could have).
 */
function sourcePort(_advert: Advert, { udp }: AdvertContext): string | undefined {
  if (udp === undefined || udp.sourcePort === udp.port) return undefined;
  return `port ${udp.sourcePort}, ours is ${udp.port}`;
}

function version(advert: Advert, _context: AdvertContext, rules: Rules): string | undefined {
  if (advert.version === rules.version) return undefined;
  return `version ${advert.version}, ours is ${rules.version}`;
}

function destination(_advert: Advert, context: AdvertContext, rules: Rules): string | undefined {
  if (context.transport === rules.transport) return undefined;
  return `sent to ${formatIp(context.destination)}, ours is ${rules.transport}`;
}

/**
 * The very thing that we send: an echo. A clone with the same file looks the same; both are
 * refused.
 */
function ownPacket(advert: Advert, context: AdvertContext, rules: Rules): string | undefined {
  if (!isFromOwnAddress(context)) return undefined;
  // Priority 0 is what we send on leaving.
  const ours = (advert.priority === rules.priority || advert.priority === 0) &&
    advert.interval === rules.advertInterval && sameSet(advert.addresses, rules.addresses);
  return ours ? `from ${formatIp(context.source)}` : undefined;
}

function ownAddress(advert: Advert, context: AdvertContext): string | undefined {
  if (!isFromOwnAddress(context)) return undefined;
  return `priority ${advert.priority} from ${formatIp(context.source)}`;
}

function authType(advert: Advert, _context: AdvertContext, rules: Rules): string | undefined {
  if (rules.version !== 2) return undefined;
  const wanted = rules.password === undefined ? 0 : 1;
  const found = advert.auth?.type ?? 0;
  return found === wanted ? undefined : `type ${found}, ours is ${wanted}`;
}

function authPassword(advert: Advert, _context: AdvertContext, rules: Rules): string | undefined {
  if (rules.version !== 2 || rules.password === undefined) return undefined;
  const same = sameSecret(advert.auth?.data ?? new Uint8Array(), rules.password);
  return same ? undefined : "not ours";
}

function intervalMismatch(
  advert: Advert,
  _context: AdvertContext,
  rules: Rules,
): string | undefined {
  return rules.version === 2 ? differentInterval(advert, rules) : undefined;
}

function unknownPeer(_advert: Advert, context: AdvertContext, rules: Rules): string | undefined {
  if (rules.transport === "multicast" || includesIp(rules.peers, context.source)) return undefined;
  return formatIp(context.source);
}

/**
 * The policy of {@link Rules.addressMismatch}: a stranger must not take the addresses away
 * unnoticed.
 */
function strangeAddresses(
  advert: Advert,
  context: AdvertContext,
  rules: Rules,
): string | undefined {
  const found = otherAddresses(advert, context, rules);
  if (found === undefined || rules.addressMismatch === "obey") return undefined;
  if (rules.addressMismatch === "ignore") return found;
  const known = includesIp(rules.peers, context.source);
  const ours = keysOf(rules.addresses);
  const shared = advert.addresses.some((address) => ours.has(ipKey(address)));
  return known || shared ? undefined : found;
}

function otherAddresses(advert: Advert, _context: AdvertContext, rules: Rules): string | undefined {
  if (sameSet(advert.addresses, rules.addresses)) return undefined;
  return `${list(advert.addresses)}, ours is ${list(rules.addresses)}`;
}

function intervalDiffers(
  advert: Advert,
  _context: AdvertContext,
  rules: Rules,
): string | undefined {
  return rules.version === 3 ? differentInterval(advert, rules) : undefined;
}

function firstAddressNotLinkLocal(advert: Advert): string | undefined {
  const [first] = advert.addresses;
  if (first === undefined || first.family !== "ipv6" || isLinkLocal(first)) return undefined;
  return formatIp(first);
}

function ownerContradicted(
  advert: Advert,
  context: AdvertContext,
  rules: Rules,
): string | undefined {
  if (!isOwner(rules) || advert.priority === 0) return undefined;
  return `priority ${advert.priority} from ${formatIp(context.source)}`;
}

function differentInterval(advert: Advert, rules: Rules): string | undefined {
  if (advert.interval === rules.advertInterval) return undefined;
  return `interval ${formatDuration(advert.interval)}, ours is ${
    formatDuration(rules.advertInterval)
  }`;
}

function isFromOwnAddress(context: AdvertContext): boolean {
  return context.own !== undefined && sameIp(context.source, context.own);
}

/** The keys of a list that stays as it is for long: packets are many. */
const KEYS = new WeakMap<readonly Ip[], ReadonlySet<string>>();

function keysOf(addresses: readonly Ip[]): ReadonlySet<string> {
  const known = KEYS.get(addresses);
  if (known !== undefined) return known;
  const keys = new Set(addresses.map(ipKey));
  KEYS.set(addresses, keys);
  return keys;
}

/** What lists were compared with last, and were they the same? An advert is read once. */
const COMPARED = new WeakMap<
  readonly Ip[],
  { readonly ours: readonly Ip[]; readonly isSame: boolean }
>();

/** The same addresses, in whatever order. Both stay as they are for long. */
function sameSet(theirs: readonly Ip[], ours: readonly Ip[]): boolean {
  if (theirs.length !== ours.length) return false;
  const known = COMPARED.get(theirs);
  if (known?.ours === ours) return known.isSame;
  const isSame = areSame(theirs, ours);
  COMPARED.set(theirs, { ours, isSame });
  return isSame;
}

function areSame(theirs: readonly Ip[], ours: readonly Ip[]): boolean {
  const keys = keysOf(ours);
  const named = new Set(theirs.map(ipKey));
  return named.size === keys.size && [...named].every((key) => keys.has(key));
}

/** Addresses that are told one by one. */
const MOST_LISTED = 12;

function list(addresses: readonly Ip[]): string {
  const more = addresses.length - MOST_LISTED;
  const told = addresses.slice(0, MOST_LISTED).map(formatIp).join(" ");
  return more > 0 ? `${told} and ${more} more` : told;
}
