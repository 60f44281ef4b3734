/** What is strange about a valid advert, as text for `floatip listen`. */
import {
  includesIp,
  type Ip,
  isLinkLocal,
  isMulticast,
  isUnspecified,
  sameIp,
} from "../../net/ip.ts";
import { type Advert, groupOf, type VrrpDatagram, VRRPV3_HEADER } from "../../wire/vrrp.ts";

/** A remark and when to make it. */
interface Oddity {
  readonly words: string;
  applies(advert: Advert, datagram: VrrpDatagram): boolean;
}

const ODDITIES: readonly Oddity[] = [
  {
    words: "claims to own the addresses (priority 255)",
    applies: ({ priority }) => priority === 255,
  },
  {
    words: "its password can be read by everyone on the LAN (VRRPv2 authentication)",
    applies: ({ auth }) => auth?.type === 1,
  },
  {
    words: "uses an authentication type other than 0 or 1 (VRRPv2)",
    applies: ({ auth }) => auth !== undefined && auth.type > 1,
  },
  {
    words: "carries authentication data although its authentication type is 0",
    applies: ({ auth }) => auth?.type === 0 && auth.data.some((byte) => byte !== 0),
  },
  {
    words: "its checksum leaves out the pseudo-header: keepalived and FRR refuse it unless told",
    applies: ({ checksumForm }) => checksumForm === "rfc9568",
  },
  {
    words: "reserved bits are set",
    applies: ({ version }, { payload }) =>
      version === 3 && VRRPV3_HEADER.read(payload).interval > 0xfff,
  },
  {
    words: "sent by unicast with a TTL other than 255: it may have come through a router",
    applies: (_, { destination, ttl }) => !isMulticast(destination) && ttl !== 255,
  },
  {
    words: "sent to a group that is not VRRP's",
    applies: (_, { destination }) =>
      isMulticast(destination) && !sameIp(destination, groupOf(destination.family)),
  },
  {
    words: "its IPv6 source is not link-local",
    applies: (_, { source, destination }) =>
      source.family === "ipv6" && isMulticast(destination) && !isLinkLocal(source),
  },
  {
    words: "sent from a floating address without owning it",
    applies: ({ priority, addresses }, { source }) =>
      priority !== 255 && includesIp(addresses, source),
  },
  {
    words: "its first IPv6 address is not link-local",
    applies: ({ addresses: [first] }) => first?.family === "ipv6" && !isLinkLocal(first),
  },
  {
    words: "names an address twice",
    applies: ({ addresses }) =>
      addresses.some((address, i) => includesIp(addresses.slice(i + 1), address)),
  },
  {
    words: "names an address that no node can have",
    applies: ({ addresses }) => addresses.some(isImpossible),
  },
];

/** Remarks on an accepted advert and the datagram it came in; none where all is as it should be. */
export function oddities(advert: Advert, datagram: VrrpDatagram): readonly string[] {
  return ODDITIES.filter(({ applies }) => applies(advert, datagram)).map(({ words }) => words);
}

function isImpossible(address: Ip): boolean {
  return isUnspecified(address) || isMulticast(address);
}
