/**
 * Sightings: what `floatip listen` remembers of senders between packets, and what is odd about
 * them. Pure and bounded.
 */
import { compareIp, formatIp, sameIps } from "../../net/ip.ts";
import { formatMac } from "../../net/mac.ts";
import type { Instant, Nanoseconds } from "../../time.ts";
import { between } from "../../time.ts";
import type { EthernetFrame } from "../../wire/ethernet.ts";
import { oddities } from "./warnings.ts";
import { isReject, type Reject, type RejectReason } from "../../wire/reject.ts";
import { type Advert, decodeAdvert, peekVrid, type VrrpDatagram } from "../../wire/vrrp.ts";

/** A VRRP packet as it was captured. */
export interface Captured {
  readonly interface: string;
  readonly ethernet: EthernetFrame;
  readonly datagram: VrrpDatagram;
  /** Sent by this machine itself. */
  readonly outgoing: boolean;
  readonly at: Instant;
}

/** A packet, understood in the light of those before it. */
export interface Sighting {
  readonly captured: Captured;
  /** 0-255; undefined where the message has not even 2 bytes. */
  readonly vrid: number | undefined;
  readonly message: Advert | Reject;
  /** The first packet of this sender for this VRID on this interface. */
  readonly first: boolean;
  /** What is odd about it, in words. */
  readonly odd: readonly string[];
}

/** One sender for one VRID, over the whole time. */
export interface Sender {
  readonly source: string;
  readonly mac: string;
  readonly packets: number;
  /** Not even well-formed. */
  readonly broken: number;
  /** The last that was sound, but nothing that floatip reads. */
  readonly foreign: ForeignReason | undefined;
  readonly last: Advert | undefined;
}

/**
 * Why a packet that is not broken is not read: another protocol, or an extension of keepalived's.
 */
export type ForeignReason = "carp" | "auth-hmac";

/** What it is, in a word or two. */
export const FOREIGN: Readonly<Record<ForeignReason, string>> = {
  "carp": "CARP",
  "auth-hmac": "signed with auth_hmac",
};

/** Is a packet that was refused for `reason` not broken, but another's? */
export function isForeign(reason: RejectReason): reason is ForeignReason {
  return reason === "carp" || reason === "auth-hmac";
}

/** Everything heard for one VRID of one family on one interface. */
export interface Summary {
  readonly interface: string;
  readonly vrid: number | undefined;
  readonly family: "ipv4" | "ipv6";
  readonly senders: readonly Sender[];
  /** Packets of senders that are too many to be listed. */
  readonly unlisted: number;
  /** Each oddity once, {@link MOST_ODD} at most. */
  readonly odd: readonly string[];
}

/** A master counts as gone after so many of its intervals. */
const MISSED = 3;

/** Most senders remembered for a VRID, and oddities of it: anybody on the LAN can invent them. */
const MOST_SENDERS = 64;
const MOST_ODD = 32;

/** Interfaces, VRIDs and families: more than there are on any LAN. */
const MOST_PLACES = 2048;

/** So much is odd about one packet at most. */
const MOST_ODD_AT_ONCE = 4;

/** What is remembered of a sender. */
interface Memory extends Sender {
  readonly lastAt: Instant;
}

interface Place {
  readonly interface: string;
  readonly vrid: number | undefined;
  readonly family: "ipv4" | "ipv6";
  readonly senders: Map<string, Memory>;
  unlisted: number;
  readonly odd: Set<string>;
}

/** What was heard until now. */
export class Sightings {
  readonly #places = new Map<string, Place>();

  /** Takes one packet in and says what is to be said about it. */
  take(captured: Captured): Sighting {
    const { datagram, ethernet } = captured;
    const vrid = peekVrid(datagram.payload);
    const place = this.#placeOf(captured, vrid);
    const message = decodeAdvert(datagram);
    const source = formatIp(datagram.source);
    const mac = formatMac(ethernet.source);
    const before = place.senders.get(source);
    const odd = isReject(message) ? [] : [
      ...oddities(message, datagram),
      ...sinceLast(message, mac, before),
      ...amongOthers(message, source, before, place, captured.at),
    ].slice(0, MOST_ODD_AT_ONCE);
    for (const words of odd) {
      if (place.odd.size < MOST_ODD) place.odd.add(`${source}: ${words}`);
    }
    const known = remember(place, source, mac, message, captured.at);
    return { captured, vrid, message, first: known && before === undefined, odd };
  }

  /** Per VRID, by interface and number; senders in the order of their addresses. */
  summaries(): readonly Summary[] {
    return [...this.#places.values()].map((place) => ({
      ...place,
      senders: [...place.senders.values()],
      odd: [...place.odd],
    })).toSorted((a, b) =>
      a.interface.localeCompare(b.interface) || (a.vrid ?? -1) - (b.vrid ?? -1) ||
      a.family.localeCompare(b.family)
    );
  }

  #placeOf(captured: Captured, vrid: number | undefined): Place {
    const { family } = captured.datagram.source;
    const key = `${captured.interface} ${family} ${vrid}`;
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const place: Place = {
      unlisted: 0,
      interface: captured.interface,
      vrid,
      family,
      senders: new Map(),
      odd: new Set(),
    };
    if (this.#places.size < MOST_PLACES) this.#places.set(key, place);
    return place;
  }
}

/** Keeps what `source` said; false: there are too many senders already, and it is only counted. */
function remember(
  place: Place,
  source: string,
  mac: string,
  message: Advert | Reject,
  at: Instant,
): boolean {
  const memory = place.senders.get(source);
  if (memory === undefined && place.senders.size >= MOST_SENDERS) {
    place.unlisted++;
    return false;
  }
  const refused = isReject(message) ? message.reason : undefined;
  const foreign = refused !== undefined && isForeign(refused) ? refused : undefined;
  const broken = refused !== undefined && foreign === undefined;
  place.senders.set(source, {
    source,
    mac,
    packets: (memory?.packets ?? 0) + 1,
    broken: (memory?.broken ?? 0) + (broken ? 1 : 0),
    foreign: foreign ?? memory?.foreign,
    last: isReject(message) ? memory?.last : message,
    lastAt: isReject(message) ? memory?.lastAt ?? at : at,
  });
  return true;
}

/** What is different from the sender's last packet. */
function sinceLast(advert: Advert, mac: string, before: Memory | undefined): readonly string[] {
  if (before?.last === undefined) return [];
  const odd: string[] = [];
  if (before.mac !== mac) odd.push(`sent from ${mac} now, before from ${before.mac}`);
  if (!sameAddresses(before.last, advert)) {
    odd.push(`its addresses were ${addressList(before.last)} before`);
  }
  if (before.last.version !== advert.version) {
    odd.push(`spoke version ${before.last.version} before`);
  }
  return odd;
}

/** What does not go together with the other senders for the VRID. */
function amongOthers(
  advert: Advert,
  source: string,
  before: Memory | undefined,
  place: Place,
  at: Instant,
): readonly string[] {
  const odd: string[] = [];
  for (const other of place.senders.values()) {
    if (odd.length >= MOST_ODD_AT_ONCE) break;
    if (other.source === source || other.last === undefined) continue;
    // A master that gives way to another is heard once before it; two are heard in turns.
    const inTurns = before?.last !== undefined && before.last.priority !== 0 &&
      isMaster(before.last, before.lastAt, at) && other.lastAt > before.lastAt;
    if (inTurns && advert.priority !== 0 && isMaster(other.last, other.lastAt, at)) {
      odd.push(`two masters: ${other.source} (priority ${other.last.priority}) is one too`);
    }
    if (!isMaster(other.last, other.lastAt, at)) continue;
    if (!sameAddresses(other.last, advert)) {
      odd.push(`names other addresses than ${other.source}: ${addressList(other.last)} there`);
    }
    if (other.last.version !== advert.version) {
      odd.push(`speaks version ${advert.version}, ${other.source} version ${other.last.version}`);
    }
  }
  return odd;
}

/** Does `last`, heard at `lastAt`, still say at `now` that its sender is master? */
function isMaster(last: Advert, lastAt: Instant, now: Instant): boolean {
  const patience = MISSED * last.interval as Nanoseconds;
  return last.priority !== 0 && between(lastAt, now) <= patience;
}

/** The same set: the order is nobody's promise. */
function sameAddresses(a: Advert, b: Advert): boolean {
  return sameIps(a.addresses.toSorted(compareIp), b.addresses.toSorted(compareIp));
}

/** The advert's addresses as text, separated by commas. */
export function addressList(advert: Advert): string {
  return advert.addresses.map(formatIp).join(", ");
}
