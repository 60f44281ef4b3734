/** Is the network ready for a virtual router? Faults with their reasons, and where its adverts go. Pure. */
import type { Endpoint } from "../host.ts";
import type { Plan } from "../config/plan.ts";
import { formatIp, type Ip, isLinkLocal } from "../net/ip.ts";
import {
  type Interfaces,
  type Link,
  linkNamed,
  linkWith,
  primaryAddress,
} from "../net/interfaces.ts";
import { formatMac } from "../net/mac.ts";
import { formatPrefix } from "../net/prefix.ts";
import type { Fault } from "../vrrp/effect.ts";
import { isOwner } from "../vrrp/rules.ts";

/** What {@link readiness} found. */
export interface Readiness {
  /** Empty: ready. */
  readonly faults: readonly Fault[];
  readonly endpoint: Endpoint | undefined;
  /** The index of the endpoint's link: another index is another interface, whatever its name. */
  readonly linkIndex: number | undefined;
  readonly source: Ip | undefined;
}

/** Holds `plan` against the present network. */
export function readiness(plan: Plan, interfaces: Interfaces): Readiness {
  if (plan.waiting.length > 0 || plan.interface === undefined) {
    return { faults: plan.waiting, endpoint: undefined, linkIndex: undefined, source: undefined };
  }
  const names = new Set([plan.interface, ...plan.held.map((held) => held.interface)]);
  const linkFaults = [...names].flatMap((name) => linkFault(name, interfaces));
  const link = linkNamed(interfaces, plan.interface);
  const source = sourceOf(plan, interfaces);
  const faults = link === undefined || source !== undefined
    ? linkFaults
    : [...linkFaults, sourceFault(plan, plan.interface)];
  if (link === undefined || source === undefined) {
    return { faults, endpoint: undefined, linkIndex: link?.index, source };
  }
  const place = placeOf(plan, link, source, interfaces);
  return { faults, endpoint: endpointOf(plan, place.name, source), linkIndex: place.index, source };
}

/**
 * The link of the endpoint. A UDP port of an address can be bound once: whoever shares it must name the same link, wherever its
 * floating addresses are. A link-local source is that of the plan's own link.
 */
function placeOf({ port }: Plan, link: Link, source: Ip, interfaces: Interfaces): Link {
  return port === undefined || isLinkLocal(source) ? link : linkWith(interfaces, source) ?? link;
}

/**
 * What neighbours and switches may have learnt of the links of `plan`, as text: where it is another one, a master announces its
 * addresses again.
 */
export function linkPrint(plan: Plan, interfaces: Interfaces): string {
  const names = new Set(plan.held.map((held) => held.interface));
  return [...names].map((name) => {
    const link = linkNamed(interfaces, name);
    if (link === undefined) return name;
    const { index, mac, master, activePort, carrierUps, forwards6 } = link;
    return [name, index, mac && formatMac(mac), master, activePort, carrierUps, forwards6].join(
      " ",
    );
  }).join(", ");
}

/** The floating addresses of `plan` that floatip has put on an interface: a router that is not master has none. */
export function leftoverAddresses(plan: Plan, interfaces: Interfaces): readonly string[] {
  const { ours } = presentIn(interfaces);
  const floating = plan.held.filter((held) => {
    const link = linkNamed(interfaces, held.interface);
    return ours.has(`${link?.index} ${formatIp(held.prefix.address)}`);
  });
  return floating.map((held) => formatIp(held.prefix.address));
}

/** The floating addresses of `plan` that the kernel does not have where they belong. */
export function missingAddresses(plan: Plan, interfaces: Interfaces): readonly string[] {
  const { all } = presentIn(interfaces);
  return plan.held.filter((held) => {
    const link = linkNamed(interfaces, held.interface);
    return !all.has(`${link?.index} ${formatPrefix(held.prefix)}`);
  }).map((held) => formatIp(held.prefix.address));
}

/** The addresses of a machine as texts, each after the index of its link: all with their lengths, those of ours without. */
interface Present {
  readonly all: ReadonlySet<string>;
  readonly ours: ReadonlySet<string>;
}

const PRESENT = new WeakMap<Interfaces, Present>();

/** Made once for each picture of the network: every router asks for each of its addresses. */
function presentIn(interfaces: Interfaces): Present {
  const known = PRESENT.get(interfaces);
  if (known !== undefined) return known;
  const { addresses } = interfaces;
  const made = {
    all: new Set(addresses.map(({ index, prefix }) => `${index} ${formatPrefix(prefix)}`)),
    ours: new Set(
      addresses.filter(({ ours }) => ours)
        .map(({ index, prefix }) => `${index} ${formatIp(prefix.address)}`),
    ),
  };
  PRESENT.set(interfaces, made);
  return made;
}

function linkFault(name: string, interfaces: Interfaces): readonly Fault[] {
  const link = linkNamed(interfaces, name);
  if (link === undefined) {
    return [{ kind: "interface-missing", words: `there is no interface ${name} (yet)` }];
  }
  if (!link.up) return [{ kind: "link-down", words: `${name} is switched off` }];
  if (!link.running) {
    return [{ kind: "no-carrier", words: `${name} has no carrier (cable unplugged?)` }];
  }
  return [];
}

function sourceOf(plan: Plan, interfaces: Interfaces): Ip | undefined {
  if (plan.source !== undefined) {
    return linkWith(interfaces, plan.source) === undefined ? undefined : plan.source;
  }
  const link = linkNamed(interfaces, plan.interface ?? "");
  if (link === undefined) return undefined;
  // An owner's floating address is its own address: the only one it may have.
  const floating = isOwner(plan.rules) ? [] : plan.held.map((held) => held.prefix.address);
  return primaryAddress(interfaces, link, plan.family, floating, plan.rules.peers) ??
    (isOwner(plan.rules) ? plan.rules.addresses[0] : undefined);
}

function sourceFault(plan: Plan, interfaceName: string): Fault {
  const words = plan.source !== undefined
    ? `no interface has the source address ${formatIp(plan.source)} (yet)`
    : `${interfaceName} has no ${
      plan.family === "ipv4" ? "IPv4" : "link-local IPv6"
    } address to send adverts from (yet)`;
  return { kind: "source-missing", words };
}

function endpointOf({ family, port, rules }: Plan, interfaceName: string, source: Ip): Endpoint {
  const place = { family, interface: interfaceName };
  if (rules.transport === "multicast") return { kind: "multicast", ...place };
  return port === undefined
    ? { kind: "unicast", ...place, source }
    : { kind: "udp", ...place, source, port };
}
