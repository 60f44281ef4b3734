/**
 * Floating addresses that a machine has, and that floatip did not put there: they are its own.
 * Pure.
 */
import { formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import {
  addressEntries,
  type Interfaces,
  type Link,
  type LinkAddress,
  linkNamed,
  type VirtualAddress,
} from "../../net/interfaces.ts";
import { containsIp } from "../../net/prefix.ts";
import type { Plan } from "./plan.ts";

const OWNER = 255;

/** One of them. */
export interface OwnAddress {
  readonly held: VirtualAddress;
  /** As the machine has it, whatever its prefix length. */
  readonly entry: LinkAddress;
  /** Where; not always the link that it is to float on. */
  readonly link: Link;
}

/** What floatip put there: addresses as text, each with the index of its link. */
export type Placed = ReadonlyMap<string, number>;

/** Did floatip put `address` on a link that is there still? A link that is gone took it along. */
export function isPlaced(address: Ip, placed: Placed, { links }: Interfaces): boolean {
  const index = placed.get(formatIp(address));
  return links.some((link) => link.index === index);
}

/**
 * Those of `plan`, but those in `placed` ({@link isPlaced}) and all of an owner's (priority 255).
 * One on the loopback interface is left alone: it is there for a service and is not announced.
 */
export function ownAddresses(
  plan: Plan,
  interfaces: Interfaces,
  placed: Placed,
): readonly OwnAddress[] {
  if (plan.rules.priority === OWNER) return [];
  return plan.virtualAddresses.flatMap((held) => {
    const { address } = held.prefix;
    const there = addressEntries(interfaces, address).filter((entry) => !isFloating(entry, plan));
    if (there.length === 0 || isPlaced(address, placed, interfaces)) return [];
    return there.flatMap((entry) => {
      const link = interfaces.links.find(({ index }) => index === entry.index);
      if (link === undefined) return [];
      const isHere = link.name === held.interface;
      return isHere || !link.loopback && !isLinkLocal(address) ? [{ held, entry, link }] : [];
    });
  });
}

/**
 * Did floatip put `entry`, an address of `plan`, there? By its mark or, with a kernel before Linux
 * 5.18, by a lifetime that is as short as a lease. Nor is one anybody's that failed duplicate
 * address detection: it is not used.
 */
export function isFloating({ ours, validFor, dadFailed }: LinkAddress, { rules }: Plan): boolean {
  const isLeased = validFor !== undefined && rules.lease !== undefined && validFor <= rules.lease;
  return ours || isLeased || dadFailed === true;
}

/**
 * May it be taken for a leftover of a program that was killed, where another node is master of it?
 * It has no end, it is not what others of its subnet rest on, and it is not the last of its family
 * on its link.
 */
export function mayBeLeftover({ held, entry }: OwnAddress, interfaces: Interfaces): boolean {
  const { address } = entry.prefix;
  const others = interfaces.addresses.filter((other) =>
    other.index === entry.index && other !== entry && !other.ours && !other.tentative &&
    other.prefix.address.family === address.family && !sameIp(other.prefix.address, address) &&
    (address.family === "ipv4" || !isLinkLocal(other.prefix.address))
  );
  const carries = !entry.secondary &&
    others.some((other) =>
      other.secondary && other.prefix.length === entry.prefix.length &&
      containsIp(entry.prefix, other.prefix.address)
    );
  const isHere = linkNamed(interfaces, held.interface)?.index === entry.index;
  return isHere && entry.validFor === undefined && !carries && others.length > 0;
}
