/** Can a floating address be one? Not a network's, not a broadcast's, not another's. */
import {
  type Family,
  formatIp,
  type Ip,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  sameIp,
  sizeOf,
} from "../../net/ip.ts";
import { broadcastOf, formatPrefix, networkOf, type Prefix } from "../../net/prefix.ts";
import type { AddressDraft, FileDraft, InstanceDraft } from "../drafts.ts";
import type { Path, Problem } from "../problem.ts";
import type { Report } from "../problem_list.ts";

/** Reports what is unsound about the floating addresses of one instance. */
export function checkAddresses(instance: InstanceDraft, file: FileDraft, report: Report): void {
  for (const entry of instance.addresses) {
    if (entry.prefix === undefined) continue;
    const nature = natureOf(entry.prefix);
    if (nature !== undefined) report(notFloating(entry, entry.prefix, nature));
    else checkAgainstNodes(entry, entry.prefix, instance, file, report);
    checkLabel(entry, entry.prefix, instance, report);
  }
  checkAdvertised(instance, report);
  checkCount(instance, report);
  checkLinkLocalFirst(instance, report);
}

/** Reports floating addresses that stand in the file twice. */
export function checkTwice(file: FileDraft, report: Report): void {
  const seen = new Map<
    string,
    { readonly entry: AddressDraft; readonly instance: InstanceDraft }[]
  >();
  for (const instance of file.instances) {
    for (const entry of instance.addresses) {
      const { prefix } = entry;
      if (prefix === undefined) continue;
      const equal = seen.get(formatIp(prefix.address)) ?? [];
      const first = equal.find((other) =>
        !apart(other.entry, other.instance, entry, instance, prefix)
      );
      if (first !== undefined) report(twice(entry, prefix, first.instance, instance));
      seen.set(formatIp(prefix.address), [...equal, { entry, instance }]);
    }
  }
}

/** Reports an address that no node can send from or receive at: `role` is "a peer", "the source", "a node". */
export function checkOwnable(address: Ip, role: string, path: Path, fix: string, report: Report) {
  const nature = isMulticast(address)
    ? "a multicast address"
    : isLoopback(address)
    ? "a loopback address"
    : isUnspecified(address)
    ? "the unspecified address"
    : formatIp(address) === "255.255.255.255"
    ? "the broadcast address"
    : undefined;
  if (nature === undefined) return;
  report({
    severity: "error",
    path,
    at: "value",
    what: `${formatIp(address)} is ${nature}; ${role} needs an address of a machine on the LAN`,
    why: "Adverts between nodes travel from one machine's own address to another's.",
    fix,
  });
}

/** The families of the addresses that adverts name, IPv4 first. */
export function familiesOf(instance: InstanceDraft): readonly Family[] {
  const families: readonly Family[] = ["ipv4", "ipv6"];
  return families.filter((family) => advertisedOf(instance, family).length > 0);
}

/** The addresses of `family` that adverts name. */
export function advertisedOf(instance: InstanceDraft, family: Family): readonly AddressDraft[] {
  return instance.addresses.filter(({ prefix, advertised }) =>
    advertised && prefix?.address.family === family
  );
}

/** What an address is that can not float, in words; undefined: it can. */
export function natureOf(prefix: Prefix): string | undefined {
  const { address, length } = prefix;
  if (isUnspecified(address)) return "the unspecified address";
  if (isMulticast(address)) return "a multicast address";
  if (isLoopback(address)) return "a loopback address";
  // Subnets of two addresses or one have neither network nor broadcast address (RFC 3021, RFC 6164).
  if (length >= sizeOf(address.family) * 8 - 1) return undefined;
  if (sameIp(address, networkOf(prefix))) {
    return address.family === "ipv4"
      ? `the network address of ${formatPrefix(prefix)}`
      : `the subnet-router anycast address of ${formatPrefix(prefix)}`;
  }
  if (address.family === "ipv4" && sameIp(address, broadcastOf(prefix))) {
    return `the broadcast address of ${formatIp(networkOf(prefix))}/${length}`;
  }
  return undefined;
}

function notFloating(entry: AddressDraft, prefix: Prefix, nature: string): Problem {
  return {
    severity: "error",
    path: entry.addressPath,
    at: "value",
    what: `${formatIp(prefix.address)} is ${nature}`,
    why: "No machine can have it as its own, so no client could ever reach it.",
    fix: `write a free address of your LAN, such as "${hostExample(prefix)}"`,
  };
}

/** A plausible host of the same subnet: the one with 50 at its end, or the first. */
function hostExample(prefix: Prefix): string {
  const { address, length } = prefix;
  const unreal = isUnspecified(address) || isMulticast(address) || isLoopback(address);
  if (unreal) return address.family === "ipv4" ? "192.168.1.50/24" : "fd00::50/64";
  const bytes = networkOf(prefix).bytes.slice();
  const last = bytes.length - 1;
  const room = sizeOf(address.family) * 8 - length;
  bytes[last] = (bytes[last] ?? 0) + (room >= 8 ? (address.family === "ipv4" ? 50 : 0x50) : 1);
  return formatPrefix({ address: { family: address.family, bytes }, length });
}

/** Equal link-local addresses on different wires are different addresses (RFC 4007 4). */
function apart(
  a: AddressDraft,
  aInstance: InstanceDraft,
  b: AddressDraft,
  bInstance: InstanceDraft,
  prefix: Prefix,
): boolean {
  if (prefix.address.family !== "ipv6" || !isLinkLocal(prefix.address)) return false;
  const wireA = a.interface ?? aInstance.keys.interface;
  const wireB = b.interface ?? bInstance.keys.interface;
  return wireA !== undefined && wireB !== undefined && wireA !== wireB;
}

function twice(
  entry: AddressDraft,
  prefix: Prefix,
  first: InstanceDraft,
  second: InstanceDraft,
): Problem {
  const where = first === second ? "twice in this instance" : `in instance ${first.name} already`;
  return {
    severity: "error",
    path: entry.addressPath,
    at: "value",
    what: `floating address ${formatIp(prefix.address)} is ${where}`,
    why: "Two virtual routers could put one address on two nodes at once.",
    fix: "let one of the two be another address",
  };
}

function checkAgainstNodes(
  entry: AddressDraft,
  prefix: Prefix,
  instance: InstanceDraft,
  file: FileDraft,
  report: Report,
): void {
  const owner = file.nodes.find((node) =>
    node.addresses.some((own) => sameIp(own.address, prefix.address))
  );
  if (owner === undefined) return;
  const { priority } = instance.keys;
  const owned = typeof priority === "object" ? priority.get(owner.name) : priority;
  if (owned === 255) return;
  report({
    severity: "error",
    path: entry.addressPath,
    at: "value",
    what: `floating address ${formatIp(prefix.address)} is node ${owner.name}'s own address`,
    why:
      `It would leave ${owner.name} with the first failover, and ${owner.name} would be cut off.`,
    fix: `use a free address of the same subnet; only an owner with priority 255 may float its own`,
  });
}

function checkLabel(
  entry: AddressDraft,
  prefix: Prefix,
  instance: InstanceDraft,
  report: Report,
): void {
  const { label } = entry;
  if (label === undefined) return;
  const wire = entry.interface ?? instance.keys.interface;
  const whole = label.startsWith(":") && wire !== undefined ? `${wire}${label}` : label;
  const problem = { severity: "error", path: [...entry.path, "label"], at: "value" } as const;
  if (prefix.address.family === "ipv6") {
    report({
      ...problem,
      what: `${formatIp(prefix.address)} is IPv6, and only IPv4 addresses have labels`,
      why: "The kernel keeps none for IPv6; the label would be lost without a word.",
      fix: "remove it",
    });
  } else if (new TextEncoder().encode(whole).length > 15) {
    report({
      ...problem,
      what: `label "${whole}" is longer than 15 bytes`,
      why: "The kernel refuses it, and the address would never be added.",
      fix: 'label = ":1"',
    });
  } else if (wire !== undefined && !whole.startsWith(wire)) {
    report({
      ...problem,
      what: `label "${label}" does not begin with the interface's name, ${wire}`,
      why: "ip and ifconfig find an address by a label that begins with its interface's name.",
      fix: `label = "${`${wire}:1`.slice(0, 15)}"`,
    });
  }
}

/** A router whose adverts name nothing could not be told from another's by its peers. */
function checkAdvertised(instance: InstanceDraft, report: Report): void {
  const [first] = instance.addresses;
  if (first === undefined || instance.addresses.some(({ advertised }) => advertised)) return;
  report({
    severity: "error",
    path: [...first.path, "advertise"],
    at: "value",
    what: "none of the addresses is advertised",
    why: "An advert names at least one address; peers know by it what it is about.",
    fix: "advertise = true",
  });
}

/**
 * Most addresses that one advert names: its count is a byte, and keepalived names 89 of IPv6 on a
 * link with an MTU of 1500. It refuses adverts that name more than it has.
 */
export const MOST = { ipv4: 255, ipv6: 89 } as const;

function checkCount(instance: InstanceDraft, report: Report): void {
  for (const family of familiesOf(instance)) {
    const all = advertisedOf(instance, family);
    const first = all[MOST[family]];
    if (first === undefined) continue;
    report({
      severity: "error",
      path: first.path,
      at: "value",
      what: `${all.length} ${words(family)} addresses are more than one advert can carry`,
      why: `An advert names all addresses: at most ${MOST[family]} of ${words(family)}.`,
      fix: "write the rest with advertise = false, or as a second instance with a VRID of its own",
    });
  }
}

function checkLinkLocalFirst(instance: InstanceDraft, report: Report): void {
  const [first] = advertisedOf(instance, "ipv6");
  if (first?.prefix === undefined || isLinkLocal(first.prefix.address)) return;
  if (natureOf(first.prefix) !== undefined) return;
  report({
    severity: "warning",
    path: first.addressPath,
    at: "value",
    what: `the first IPv6 address, ${formatIp(first.prefix.address)}, is not link-local`,
    why:
      "RFC 9568 demands a link-local address first: routers of other makes may reject the adverts.",
    fix: `put a link-local address before it: "fe80::${(instance.keys.vrid ?? 1).toString(16)}/64"`,
  });
}

/** "IPv4" or "IPv6". */
export function words(family: Family): string {
  return family === "ipv4" ? "IPv4" : "IPv6";
}
