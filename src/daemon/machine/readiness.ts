/**
 * Readiness of the network for a virtual router: faults with reasons, where its adverts go. Pure.
 */
import type { Endpoint } from "../../host.ts";
import { isFloating, ownAddresses, type Placed } from "../../config/plan/own_address.ts";
import type { Plan } from "../../config/plan/plan.ts";
import { formatIp, type Ip, isLinkLocal, sameIp } from "../../net/ip.ts";
import {
  addressEntries,
  type Interfaces,
  LEAST_MTU6,
  type Link,
  linkNamed,
  linkWith,
  primaryAddress,
} from "../../net/interfaces.ts";
import { formatMac } from "../../net/mac.ts";
import { samePrefix } from "../../net/prefix.ts";
import type { Fault } from "../../vrrp/event.ts";
import { isOwner } from "../../vrrp/rules.ts";
import { isHolder } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What {@link readiness} found. */
export interface Readiness {
  /** Empty: ready. */
  readonly faults: readonly Fault[];
  readonly endpoint: Endpoint | undefined;
  /** The index of the endpoint's link: another index is another interface, whatever its name. */
  readonly linkIndex: number | undefined;
  readonly source: Ip | undefined;
}

/** What else {@link readiness} knows of. */
export interface Known {
  /** What floatip has put there. */
  readonly placed?: Placed;
  /** The gateways of the default routes. */
  readonly gateways?: readonly Ip[];
}

/** Holds `plan` against the present network. */
export function readiness(plan: Plan, interfaces: Interfaces, known: Known = {}): Readiness {
  if (plan.waiting.length > 0 || plan.interface === undefined) {
    return { faults: plan.waiting, endpoint: undefined, linkIndex: undefined, source: undefined };
  }
  const names = new Set([plan.interface, ...plan.virtualAddresses.map((held) => held.interface)]);
  const linkFaults = [...names].flatMap((name) => linkFault(name, interfaces));
  const link = linkNamed(interfaces, plan.interface);
  const source = sourceOf(plan, interfaces);
  const own = ownFaults(plan, interfaces, known);
  const wanting = link !== undefined && source === undefined && own.length === 0
    ? [sourceFault(plan, plan.interface)]
    : [];
  const faults = [...linkFaults, ...ipv6Faults(plan, interfaces), ...own, ...wanting];
  if (link === undefined || source === undefined) {
    return { faults, endpoint: undefined, linkIndex: link?.index, source };
  }
  const place = placeOf(plan, link, source, interfaces);
  return { faults, endpoint: endpointOf(plan, place.name, source), linkIndex: place.index, source };
}

/**
 * The link of the endpoint. A UDP port of an address can be bound once: all that share it must name
 * the same link, wherever its floating addresses are. A link-local source is that of the plan's own
 * link.
 */
function placeOf({ port }: Plan, link: Link, source: Ip, interfaces: Interfaces): Link {
  return port === undefined || isLinkLocal(source) ? link : linkWith(interfaces, source) ?? link;
}

/**
 * What neighbours and switches may have learnt of the links of `plan`, as text: where it is another
 * one, a master announces its addresses again.
 */
export function linkPrint(plan: Plan, interfaces: Interfaces): string {
  const names = new Set(plan.virtualAddresses.map((held) => held.interface));
  return [...names].map((name) => {
    const link = linkNamed(interfaces, name);
    if (link === undefined) return name;
    const { index, mac, master, activePort, carrierUps, forwards6 } = link;
    return [name, index, mac && formatMac(mac), master, activePort, carrierUps, forwards6].join(
      " ",
    );
  }).join(", ");
}

/**
 * The floating addresses of `plan` that floatip has put on an interface: a router that is not
 * master has none.
 */
export function leftoverAddresses(plan: Plan, interfaces: Interfaces): readonly string[] {
  const floating = plan.virtualAddresses.filter((held) => {
    const link = linkNamed(interfaces, held.interface);
    return addressEntries(interfaces, held.prefix.address).some((entry) =>
      entry.index === link?.index && isFloating(entry, plan)
    );
  });
  return floating.map((held) => formatIp(held.prefix.address));
}

/** The floating addresses of `plan` that the kernel does not have where they belong. */
export function missingAddresses(plan: Plan, interfaces: Interfaces): readonly string[] {
  return plan.virtualAddresses.filter((held) => {
    const link = linkNamed(interfaces, held.interface);
    return !addressEntries(interfaces, held.prefix.address).some((entry) =>
      entry.index === link?.index && samePrefix(entry.prefix, held.prefix) &&
      entry.dadFailed !== true
    );
  }).map((held) => formatIp(held.prefix.address));
}

/** Is it a holder, and not all of its addresses are there? */
export function hasLost(
  { plan, state }: Pick<VirtualRouter, "plan" | "state">,
  interfaces: Interfaces,
): boolean {
  return isHolder(state) && missingAddresses(plan, interfaces).length > 0;
}

/**
 * The addresses of a machine as texts, each after the index of its link: all with their lengths,
 * those of ours without.
 */
function linkFault(name: string, interfaces: Interfaces): readonly Fault[] {
  const link = linkNamed(interfaces, name);
  if (link === undefined) {
    return [{ kind: "interface-missing", message: `there is no interface ${name} (yet)` }];
  }
  if (!link.up) return [{ kind: "link-down", message: `${name} is switched off` }];
  if (!link.running) {
    return [{ kind: "no-carrier", message: `${name} has no carrier (cable unplugged?)` }];
  }
  return [];
}

/** Addresses that would be taken from this very machine, or from its way out. */
function ownFaults(
  plan: Plan,
  interfaces: Interfaces,
  { placed = new Map(), gateways = [] }: Known,
): readonly Fault[] {
  const own = ownAddresses(plan, interfaces, placed).map(({ held, link }) =>
    `${formatIp(held.prefix.address)} is this machine's own address on ${link.name}: ` +
    "it was not put there by floatip"
  );
  const ways = gateways.filter((gateway) =>
    plan.virtualAddresses.some(({ prefix }) => sameIp(prefix.address, gateway))
  ).map((gateway) => `${formatIp(gateway)} is the gateway of this machine's default route`);
  return [...own, ...ways].map((words): Fault => ({ kind: "own-address", message: words }));
}

/** The kernel would refuse them each time. */
function ipv6Faults(plan: Plan, interfaces: Interfaces): readonly Fault[] {
  return plan.virtualAddresses.flatMap(({ prefix, interface: name }): readonly Fault[] => {
    const link = linkNamed(interfaces, name);
    if (prefix.address.family !== "ipv6" || link?.ipv6Off !== true) return [];
    const why = link.mtu < LEAST_MTU6 ? ` (its MTU is ${link.mtu}, IPv6 needs ${LEAST_MTU6})` : "";
    const message = `IPv6 is switched off on ${name}${why}, which is to have ${
      formatIp(prefix.address)
    }`;
    return [{ kind: "ipv6-off", message }];
  });
}

function sourceOf(plan: Plan, interfaces: Interfaces): Ip | undefined {
  if (plan.source !== undefined) {
    return linkWith(interfaces, plan.source) === undefined ? undefined : plan.source;
  }
  const link = linkNamed(interfaces, plan.interface ?? "");
  if (link === undefined) return undefined;
  // An owner's floating address is its own address: the only one it may have.
  const floating = isOwner(plan.rules)
    ? []
    : plan.virtualAddresses.map((held) => held.prefix.address);
  return primaryAddress(interfaces, link, plan.family, floating, plan.rules.peers) ??
    (isOwner(plan.rules) ? plan.rules.addresses[0] : undefined);
}

function sourceFault(plan: Plan, interfaceName: string): Fault {
  const words = plan.source !== undefined
    ? `no interface has the source address ${formatIp(plan.source)} (yet)`
    : `${interfaceName} has no ${
      plan.family === "ipv4" ? "IPv4" : "link-local IPv6"
    } address to send adverts from (yet)`;
  return { kind: "source-missing", message: words };
}

function endpointOf({ family, port, rules }: Plan, interfaceName: string, source: Ip): Endpoint {
  const place = { family, interface: interfaceName };
  if (rules.transport === "multicast") return { kind: "multicast", ...place };
  return port === undefined
    ? { kind: "unicast", ...place, source }
    : { kind: "udp", ...place, source, port };
}
