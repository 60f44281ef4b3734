/** The address of this node that a datagram to another node leaves from. */
import { addressEntries, type Interfaces } from "../net/interfaces.ts";
import { type Ip, isLinkLocal, sameIp } from "../net/ip.ts";
import { containsIp } from "../net/prefix.ts";

/** An own address, and the link that it is on. */
export interface ChannelSource {
  readonly address: Ip;
  /** The link's index where the destination is on every link, else 0. */
  readonly scope: number;
}

/**
 * One of `own`, the addresses that the file gives this node: the one that the kernel would choose
 * (`preferred`), else one whose subnet has the destination, else the first. Undefined: none of them
 * is usable for that destination now.
 */
export function sourceFor(
  destination: Ip,
  own: readonly Ip[],
  interfaces: Interfaces,
  preferred: () => Ip | undefined,
): ChannelSource | undefined {
  const isScoped = isOnEveryLink(destination);
  const entries = own
    .filter((one) => one.family === destination.family && isOnEveryLink(one) === isScoped)
    .flatMap((one) => addressEntries(interfaces, one).find(({ tentative }) => !tentative) ?? []);
  const [first] = entries;
  if (first === undefined) return undefined;
  if (isScoped) return { address: first.prefix.address, scope: first.index };
  const chosen = preferred();
  const near = entries.filter(({ prefix }) => containsIp(prefix, destination))
    .toSorted((a, b) => b.prefix.length - a.prefix.length);
  const best =
    entries.find(({ prefix }) => chosen !== undefined && sameIp(prefix.address, chosen)) ??
      near[0] ?? first;
  return { address: best.prefix.address, scope: 0 };
}

function isOnEveryLink(address: Ip): boolean {
  return address.family === "ipv6" && isLinkLocal(address);
}
