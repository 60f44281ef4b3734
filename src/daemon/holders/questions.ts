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
import { answeringArp, isArpIgnored } from "../../net/arp_ignore.ts";
import { formatIp, type Ip, isLinkLocal } from "../../net/ip.ts";
import type { Mac } from "../../net/mac.ts";
import type { Instant } from "../../time.ts";
import { arpProbe, arpProbeToAll, arpRequest } from "../../wire/arp.ts";
import { neighborProbeToAll, neighborRequest } from "../../wire/ndp.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { sameBytes } from "../../net/bytes.ts";

/** A link that questions can go out of: one with a hardware address, with ARP, and with a cable. */
export type AskableLink = Link & { readonly mac: Mac };

/** The link called `name`, where neighbours can be asked there. */
export function askableLink(interfaces: Interfaces, name: string): AskableLink | undefined {
  const link = linkNamed(interfaces, name);
  return link !== undefined && isAskable(link) ? link : undefined;
}

function isAskable(link: Link): link is AskableLink {
  return link.mac !== undefined && link.arp && link.up && link.running;
}

/** What a machine says of its links, and of the sysctl arp_ignore of each. */
interface ArpSettings {
  readonly interfaces: Interfaces;
  readonly arpIgnore: (interfaceName: string) => number;
}

/**
 * Links of `plan` where neighbours ask for its IPv4 addresses in vain, as sentences: ARP is
 * switched off there, or the kernel is told not to answer. A dummy or a tunnel has no neighbours
 * that ask.
 */
export function withoutArp(
  { virtualAddresses }: Plan,
  { interfaces, arpIgnore }: ArpSettings,
): readonly string[] {
  const held = virtualAddresses.filter(({ prefix }) => prefix.address.family === "ipv4");
  return [...Map.groupBy(held, (one) => one.interface)].flatMap(([name, all]) => {
    const link = linkNamed(interfaces, name);
    if (link?.mac === undefined || !link.multicast) return [];
    const lost = "no machine there finds this node when it holds";
    if (!link.arp) {
      return [
        `${name} does not answer ARP (NOARP): ${lost} the floating addresses; ` +
        `ip link set ${name} arp on`,
      ];
    }
    const setting = arpIgnore(name);
    const mute = all.filter(({ prefix }) => isArpIgnored(setting, prefix));
    if (mute.length === 0) return [];
    const which = mute.map(({ prefix }) => formatIp(prefix.address)).join(", ");
    return [
      `${name} does not answer ARP for ${which} (sysctl arp_ignore is ${setting}): ${lost} ` +
      `${mute.length === 1 ? "it" : "them"}; ${answeringArp(name)}`,
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

/** A mark of what is asked at `now`: the last 6 bytes of that number. */
export function markOf(now: Instant): Uint8Array {
  const view = new DataView(new ArrayBuffer(6));
  view.setUint16(0, now / 2 ** 32);
  view.setUint32(2, now);
  return new Uint8Array(view.buffer);
}

/**
 * The frame that asks on `link` which machine has `target`, without a claim of its own. For IPv6
 * from the address that `router` advertises from, else from the link's own; undefined where it has
 * none. The caller must not change it: it is kept.
 *
 * For IPv4 it is a probe (RFC 5227 1.1); where `ordinary`, and the link has an address of its own,
 * a request from that: a Linux router with proxy ARP answers no probe, and a machine with this
 * node's own address no request from that.
 */
export function questionFor(
  target: Ip,
  link: AskableLink,
  router: VirtualRouter,
  interfaces: Interfaces,
  ordinary = false,
): Uint8Array | undefined {
  if (target.family === "ipv4") {
    const source = ordinary
      ? primaryAddress(interfaces, link, "ipv4", floatingOf(router), [target])
      : undefined;
    return keptFrame(target, link.mac, source);
  }
  const source = router.source?.family === "ipv6"
    ? router.source
    : primaryAddress(interfaces, link, "ipv6", floatingOf(router));
  return source === undefined ? undefined : keptFrame(target, link.mac, source);
}

function floatingOf({ plan }: VirtualRouter): readonly Ip[] {
  return plan.virtualAddresses.map(({ prefix }) => prefix.address);
}

/** A question, from where it was asked. */
interface Kept {
  readonly mac: Mac;
  readonly source: Ip | undefined;
  readonly frame: Uint8Array;
}

/** The latest probe and the latest request for each target: each is asked every few seconds. */
const PROBES = new WeakMap<Ip, Kept>(), REQUESTS = new WeakMap<Ip, Kept>();

function keptFrame(target: Ip, mac: Mac, source: Ip | undefined): Uint8Array {
  const all = source === undefined ? PROBES : REQUESTS;
  const kept = all.get(target);
  const isSame = kept !== undefined && sameBytes(kept.mac, mac) &&
    sameBytes(kept.source?.bytes, source?.bytes);
  if (isSame) return kept.frame;
  const frame = frameFor(target, mac, source);
  all.set(target, { mac, source, frame });
  return frame;
}

function frameFor(target: Ip, mac: Mac, source: Ip | undefined): Uint8Array {
  if (source === undefined) return arpProbe(mac, target);
  return target.family === "ipv4"
    ? arpRequest(mac, source, target)
    : neighborRequest(mac, source, target);
}
