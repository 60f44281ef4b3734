/** A machine's network as a value: links and their addresses. */
import type { Nanoseconds } from "../time.ts";
import { type Ip, ipKey, isLinkLocal, sameIp } from "./ip.ts";
import type { Mac } from "./mac.ts";
import { broadcastOf, containsIp, networkOf, type Prefix } from "./prefix.ts";

/** A network interface (rtnetlink(7): RTM_NEWLINK). */
export interface Link {
  readonly index: number;
  readonly name: string;
  /** Absent where the link has no 6-byte hardware address. */
  readonly mac: Mac | undefined;
  /** IFF_UP: the administrator switched it on. */
  readonly up: boolean;
  /** IFF_RUNNING: there is carrier. */
  readonly running: boolean;
  /** Without IFF_NOARP: neighbours ask for addresses here. */
  readonly arp: boolean;
  readonly loopback: boolean;
  readonly multicast: boolean;
  readonly mtu: number;
  /** Does it forward IPv6 packets (the Router flag of a Neighbor Advertisement)? */
  readonly forwards6: boolean;
  /**
   * IPv6 is switched off here (disable_ipv6, an MTU below 1280): the kernel takes no IPv6 address.
   * Absent: it is on, or unknown.
   */
  readonly ipv6Off?: true;
  /** The index of the bridge, bond or VRF that it is a port of; absent: of none. */
  readonly master?: number;
  /**
   * How often it got its carrier (Linux 4.16); it may have lost it and got it back between two
   * looks.
   */
  readonly carrierUps?: number;
  /** The index of the port that a bond sends by (active-backup). */
  readonly activePort?: number;
}

/** IPv6 wants links that carry so much (RFC 8200 5). */
export const LEAST_MTU6 = 1280;

/** An address on a link (rtnetlink(7): RTM_NEWADDR). */
export interface LinkAddress {
  /** The link's index. */
  readonly index: number;
  readonly prefix: Prefix;
  /** Added by floatip: the kernel carries our mark (IFA_PROTO, Linux 5.18). */
  readonly ours: boolean;
  /** IFA_F_TENTATIVE or IFA_F_DADFAILED: not usable (yet). */
  readonly tentative: boolean;
  /** IFA_F_DADFAILED: another machine has it, and this one does not use it. */
  readonly dadFailed?: true;
  /** IFA_F_SECONDARY: another address of the same subnet came first (IPv4). */
  readonly secondary: boolean;
  /** IFA_F_DEPRECATED, preferred lifetime 0: not chosen as source. */
  readonly deprecated: boolean;
  /**
   * How much longer the kernel would have kept it when it was last told or asked, in whole seconds
   * rounded up (IFA_CACHEINFO); absent: without end. Its passing is no change.
   */
  readonly validFor?: Nanoseconds;
}

/** An address that floatip puts on an interface. */
export interface VirtualAddress {
  readonly interface: string;
  readonly prefix: Prefix;
  /** IFA_LABEL, at most 15 bytes (IPv4 only). */
  readonly label?: string;
}

/** Everything known of a machine's network at one moment. */
export interface Interfaces {
  readonly links: readonly Link[];
  readonly addresses: readonly LinkAddress[];
}

/** The link called `name`. */
export function linkNamed(interfaces: Interfaces, name: string): Link | undefined {
  return interfaces.links.find((link) => link.name === name);
}

/** All addresses of `link`, in the kernel's order. */
export function addressesOf(interfaces: Interfaces, link: Link): readonly LinkAddress[] {
  return interfaces.addresses.filter((address) => address.index === link.index);
}

/** The link that has `address`, whatever its prefix length. */
export function linkWith(interfaces: Interfaces, address: Ip): Link | undefined {
  const [found] = addressEntries(interfaces, address);
  return interfaces.links.find((link) => link.index === found?.index);
}

/** The same, addresses of our own making left aside: such a one may be on another wire. */
export function foreignLinkWith(interfaces: Interfaces, address: Ip): Link | undefined {
  const found = addressEntries(interfaces, address).find(({ ours }) => !ours);
  return interfaces.links.find((link) => link.index === found?.index);
}

/** The addresses that are not of our making. */
export function foreignAddresses(interfaces: Interfaces): readonly LinkAddress[] {
  return indexOf(interfaces).foreign;
}

/** The link with the longest subnet around `address`, addresses of our own making left aside. */
export function linkAround(interfaces: Interfaces, address: Ip): Link | undefined {
  let best: LinkAddress | undefined;
  for (const entry of indexOf(interfaces).foreign) {
    if (!containsIp(entry.prefix, address)) continue;
    if (best === undefined || entry.prefix.length > best.prefix.length) best = entry;
  }
  return interfaces.links.find((link) => link.index === best?.index);
}

/**
 * Is `address` on a LAN of this machine, so that what comes from it passes no router? A subnet on a
 * link without ARP (a tunnel, a VPN) says nothing of that: its packets may go through a hub.
 */
export function isNeighbour(interfaces: Interfaces, address: Ip): boolean {
  const link = linkAround(interfaces, address);
  return link !== undefined && link.arp && !link.loopback;
}

/**
 * The IPv4 addresses that no machine has in this machine's subnets: of each its own and its
 * broadcast (RFC 1122 3.2.1.3).
 */
export function subnetEdges({ addresses }: Interfaces): readonly Ip[] {
  return addresses.filter(({ prefix: { address, length } }) =>
    address.family === "ipv4" && length <= 30
  ).flatMap(({ prefix }) => [networkOf(prefix), broadcastOf(prefix)]);
}

/**
 * The address that adverts of `family` leave `link` with (RFC 9568 5.1.1.1, 5.1.2.1): its first
 * usable IPv4 address, one in the subnet of `peers` before others; or its link-local IPv6 address.
 * Addresses in `floating` and of our own making are never chosen.
 */
export function primaryAddress(
  interfaces: Interfaces,
  link: Link,
  family: "ipv4" | "ipv6",
  floating: readonly Ip[],
  peers: readonly Ip[] = [],
): Ip | undefined {
  const usable = usableSources(interfaces, link, family, floating)
    .toSorted((a, b) => Number(a.secondary) - Number(b.secondary));
  const near = usable.find(({ prefix }) => peers.some((peer) => containsIp(prefix, peer)));
  return (near ?? usable[0])?.prefix.address;
}

/** The addresses that {@link primaryAddress} chooses from. */
export function usableSources(
  interfaces: Interfaces,
  link: Link,
  family: "ipv4" | "ipv6",
  floating: readonly Ip[],
): readonly LinkAddress[] {
  return indexOf(interfaces).foreign.filter((entry) =>
    entry.index === link.index && entry.prefix.address.family === family && !entry.tentative &&
    !floating.some((other) => sameIp(other, entry.prefix.address)) &&
    (family === "ipv4" || isLinkLocal(entry.prefix.address))
  );
}

/** All that there is of `address`, on whatever link and with whatever prefix length. */
export function addressEntries(interfaces: Interfaces, address: Ip): readonly LinkAddress[] {
  const key = ipKey(address);
  return indexOf(interfaces).buckets[bucketOf(key)]?.get(key) ?? NONE;
}

const NONE: readonly LinkAddress[] = [];

/** What is looked up in a list of addresses that may be thousands. */
interface Index {
  readonly addresses: readonly LinkAddress[];
  /** Those that are not of our making. */
  readonly foreign: readonly LinkAddress[];
  /** Entries by the key of their address, in {@link BUCKETS} parts. */
  readonly buckets: readonly Bucket[];
}

type Bucket = ReadonlyMap<string, readonly LinkAddress[]>;

const BUCKETS = 256;

/**
 * Every virtual router asks for each of its addresses, and each address that comes or goes makes
 * another picture: its index is that of the one before, but for the parts that are others.
 */
const INDICES = new WeakMap<Interfaces, Index>();
const latest: Index[] = [];

function indexOf(interfaces: Interfaces): Index {
  const known = INDICES.get(interfaces);
  if (known !== undefined) return known;
  const index = indexAfter(latest[0] ?? emptyIndex(), interfaces.addresses);
  latest[0] = index;
  INDICES.set(interfaces, index);
  return index;
}

function emptyIndex(): Index {
  const buckets = Array.from({ length: BUCKETS }, (): Bucket => new Map());
  return { addresses: [], foreign: [], buckets };
}

/** The index of `addresses`, from that of others, of which many are the same objects. */
function indexAfter(before: Index, addresses: readonly LinkAddress[]): Index {
  const { gone, fresh } = differences(before.addresses, addresses);
  // What is left is less work than what went.
  if (gone.length > addresses.length) return indexAfter(emptyIndex(), addresses);
  const changed = new Map<number, Map<string, readonly LinkAddress[]>>();
  const bucketFor = (key: string): Map<string, readonly LinkAddress[]> => {
    const number = bucketOf(key);
    const bucket = changed.get(number) ?? new Map(before.buckets[number]);
    changed.set(number, bucket);
    return bucket;
  };
  for (const entry of gone) {
    const key = ipKey(entry.prefix.address);
    const bucket = bucketFor(key);
    const rest = bucket.get(key)?.filter((one) => one !== entry) ?? NONE;
    if (rest.length > 0) bucket.set(key, rest);
    else bucket.delete(key);
  }
  for (const entry of fresh) {
    const key = ipKey(entry.prefix.address);
    const bucket = bucketFor(key);
    const others = bucket.get(key);
    const isOne = (one: LinkAddress) => one === entry || others?.includes(one) === true;
    bucket.set(key, others === undefined ? [entry] : addresses.filter(isOne));
  }
  const buckets = before.buckets.slice();
  for (const [number, bucket] of changed) buckets[number] = bucket;
  const isForeignToo = gone.some(({ ours }) => !ours) || fresh.some(({ ours }) => !ours);
  const foreign = isForeignToo ? addresses.filter(({ ours }) => !ours) : before.foreign;
  return { addresses, foreign, buckets };
}

/** What is in one of two lists alone, by identity: thousands are mostly the same, in one order. */
export function differences<T>(
  before: readonly T[],
  now: readonly T[],
): { readonly gone: readonly T[]; readonly fresh: readonly T[] } {
  const most = Math.min(before.length, now.length);
  let start = 0;
  while (start < most && before[start] === now[start]) start++;
  let end = 0;
  while (
    end < most - start && before[before.length - 1 - end] === now[now.length - 1 - end]
  ) end++;
  const gone = before.slice(start, before.length - end);
  const fresh = now.slice(start, now.length - end);
  if (gone.length === 0 || fresh.length === 0) return { gone, fresh };
  const [old, others] = [new Set(gone), new Set(fresh)];
  return {
    gone: gone.filter((one) => !others.has(one)),
    fresh: fresh.filter((one) => !old.has(one)),
  };
}

/** A few of the last bytes: those of addresses in a row differ. */
function bucketOf(key: string): number {
  const { length } = key;
  const last = key.charCodeAt(length - 1) + 3 * key.charCodeAt(length - 2);
  return (last + 7 * key.charCodeAt(length - 3)) % BUCKETS;
}
