/** What would a person who knows the LAN have chosen? Interface, floating address and VRID for a first file. */
import { addressesOf, type Interfaces, type Link } from "../net/interfaces.ts";
import {
  compareIp,
  type Ip,
  ipFromBytes,
  isLinkLocal,
  isLoopback,
  sameIp,
  sizeOf,
} from "../net/ip.ts";
import { broadcastOf, containsIp, networkOf, type Prefix } from "../net/prefix.ts";
import type { DefaultRoute } from "../net/routes.ts";

/** An interface that a virtual router could be on, and this machine's own address there. */
export interface Home {
  readonly link: Link;
  readonly own: Prefix;
}

/**
 * Where a floating address could live: links that are up and have an address of their own, IPv4 before IPv6 (one per link);
 * first the one that the best default route leaves by, then those with carrier.
 */
export function homesOf(
  interfaces: Interfaces,
  routes: readonly DefaultRoute[],
): readonly Home[] {
  const rank = ({ link }: Home): number => {
    const route = routes.findIndex((one) => one.interface === link.name);
    return route >= 0 ? route : routes.length + (link.running ? 0 : 1);
  };
  return interfaces.links.flatMap((link) => {
    if (link.loopback || !link.up || !link.arp) return [];
    const own = addressesOf(interfaces, link).filter((entry) =>
      !entry.ours && !entry.tentative && !entry.deprecated && !isLinkLocal(entry.prefix.address)
    ).toSorted((a, b) =>
      compareFamilies(a.prefix, b.prefix)
    )[0];
    return own === undefined ? [] : [{ link, own: own.prefix }];
  }).toSorted((a, b) => rank(a) - rank(b));
}

function compareFamilies(a: Prefix, b: Prefix): number {
  return Number(b.address.family === "ipv4") - Number(a.address.family === "ipv4");
}

/** Last bytes of addresses that routers' DHCP pools mostly leave out: high ones, from 250 down. */
const HIGHEST = 250;

/**
 * Up to `count` addresses of the subnet of `own`, most likely unused first: from .250 down, of a large subnet those beside
 * this machine's own. Left out are `taken`, the network's and the broadcast address. Empty where there is no room (/31, /32).
 */
export function candidatesIn(own: Prefix, taken: readonly Ip[], count: number): readonly Prefix[] {
  const size = sizeOf(own.address.family);
  const length = Math.max(own.length, size * 8 - 8);
  const block: Prefix = { address: own.address, length };
  const [first, last] = [networkOf(block), broadcastOf(block)];
  const lowest = first.bytes.at(-1) ?? 0;
  const highest = last.bytes.at(-1) ?? 0;
  // In a small subnet the top end stands for .250.
  const start = highest - lowest >= HIGHEST ? lowest + HIGHEST : highest - 1;
  const found: Prefix[] = [];
  for (let end = start; end > lowest && found.length < count; end--) {
    const bytes = first.bytes.slice();
    bytes[size - 1] = end;
    const address = ipFromBytes(bytes);
    if ([own.address, ...taken].some((other) => sameIp(other, address))) continue;
    if (isEdge(own, address)) continue;
    found.push({ address, length: own.length });
  }
  return found;
}

function isEdge(own: Prefix, address: Ip): boolean {
  return sameIp(address, networkOf(own)) || sameIp(address, broadcastOf(own));
}

/** The customary first one: examples of keepalived's and ours begin there. */
const FIRST_VRID = 51;

/** A VRID that is not in `used`: 51, 52, ... 255, then 1 to 50. Undefined where all are used. */
export function freeVrid(used: ReadonlySet<number>): number | undefined {
  const all = Array.from({ length: 255 }, (_, i) => (FIRST_VRID - 1 + i) % 255 + 1);
  return all.find((vrid) => !used.has(vrid));
}

/** An address as a person types it, with the subnet's length where none was typed and it lies inside. */
export function completed(typed: Prefix, written: string, own: Prefix): Prefix {
  if (written.includes("/") || !containsIp(own, typed.address)) return typed;
  return { address: typed.address, length: own.length };
}

/** Could it float here? Words for what is wrong; undefined: nothing. */
export function faultOfAddress({ address, length }: Prefix, own: Prefix): string | undefined {
  if (sameIp(address, own.address)) return "is this machine's own address";
  if (isLoopback(address)) return "is a loopback address";
  const edge = length < sizeOf(address.family) * 8 - 1 && isEdge({ address, length }, address);
  return edge ? "is the network's or broadcast address of its subnet" : undefined;
}

/** In the order of their addresses, each once. */
export function sortedUnique(addresses: readonly Ip[]): readonly Ip[] {
  const sorted = addresses.toSorted(compareIp);
  return sorted.filter((address, index) => {
    const before = sorted[index - 1];
    return before === undefined || !sameIp(before, address);
  });
}
