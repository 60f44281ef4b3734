/**
 * Questions to the neighbours for the machine with an address: frames of ARP and Neighbor
 * Discovery.
 */
import {
  type Interfaces,
  type Link,
  linkAround,
  linkNamed,
  primaryAddress,
} from "../../net/interfaces.ts";
import type { Plan } from "../../config/plan/plan.ts";
import { type Ip, isLinkLocal } from "../../net/ip.ts";
import type { Mac } from "../../net/mac.ts";
import { arpProbe, arpProbeToAll } from "../../wire/arp.ts";
import { encodeNeighborSolicit, neighborProbeToAll, solicitedNode } from "../../wire/ndp.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** A link that questions can go out of: one with a hardware address, with ARP, and with a cable. */
export type AskableLink = Link & { readonly mac: Mac };

/** The link called `name`, where neighbours can be asked there. */
export function askableLink(interfaces: Interfaces, name: string): AskableLink | undefined {
  const link = linkNamed(interfaces, name);
  if (link === undefined || link.mac === undefined) return undefined;
  return link.arp && link.up && link.running ? { ...link, mac: link.mac } : undefined;
}

/**
 * Links of `plan` where neighbours ask for its IPv4 addresses in vain, as sentences: ARP is
 * switched off there. A dummy or a tunnel has no neighbours that ask.
 */
export function withoutArp({ virtualAddresses }: Plan, interfaces: Interfaces): readonly string[] {
  const held = virtualAddresses.filter(({ prefix }) => prefix.address.family === "ipv4");
  return [...new Set(held.map((one) => one.interface))].flatMap((name) => {
    const link = linkNamed(interfaces, name);
    if (link?.mac === undefined || !link.multicast || link.arp) return [];
    return [
      `${name} does not answer ARP (NOARP): no machine there finds this node when it holds the ` +
      `floating addresses; ip link set ${name} arp on`,
    ];
  });
}

/** Is `address` in a subnet of the link called `name`, so that a question there reaches it? */
export function isAround(interfaces: Interfaces, name: string, address: Ip): boolean {
  return isLinkLocal(address) || linkAround(interfaces, address)?.name === name;
}

/**
 * The frame that asks on `link` for `target`, and whose answer goes to all: it arrives also where
 * the machine that answers has the MAC of this one. `mark` (6 bytes) tells the frame from another
 * machine's.
 */
export function questionToAll(target: Ip, { mac }: AskableLink, mark: Uint8Array): Uint8Array {
  return target.family === "ipv4"
    ? arpProbeToAll(mac, target, mark)
    : neighborProbeToAll(mac, target, mark);
}

/**
 * The frame that asks on `link` which machine has `target`, without a claim of its own. For IPv6
 * from the address that `router` advertises from, else from the link's own; undefined where it has
 * none.
 */
export function questionFor(
  target: Ip,
  link: AskableLink,
  router: VirtualRouter,
  interfaces: Interfaces,
): Uint8Array | undefined {
  if (target.family === "ipv4") return arpProbe(link.mac, target);
  const floating = router.plan.virtualAddresses.map(({ prefix }) => prefix.address);
  const source = router.source?.family === "ipv6"
    ? router.source
    : primaryAddress(interfaces, link, "ipv6", floating);
  if (source === undefined) return undefined;
  const destination = solicitedNode(target);
  return encodeNeighborSolicit(link.mac, {
    kind: "ns",
    source,
    destination,
    target,
    mac: link.mac,
  });
}
