/** The packets that a packet filter must allow for the virtual routers of a node. */
import { advertLink, type NodePlan, type Plan } from "../../config/plan/plan.ts";
import type { Config } from "../../config/config.ts";
import { type Interfaces, linkAround } from "../../net/interfaces.ts";
import { compareIp, type Family, includesIp, type Ip } from "../../net/ip.ts";
import { ICMPV6_PROTOCOL } from "../../wire/ndp.ts";
import { UDP_PROTOCOL } from "../../wire/udp.ts";
import { groupOf, VRRP_PROTOCOL } from "../../wire/vrrp.ts";

/** The protocol of such packets. */
export type TrafficKind =
  /** Adverts: IP protocol 112, which has no ports (RFC 9568 5.1), or UDP with one. */
  | "vrrp"
  /** What nodes tell each other by UDP, where the file has [cluster]. */
  | "channel"
  /** Neighbour Discovery (RFC 4861). Unlike ARP, it passes through the filters of IP. */
  | "neighbours"
  /** Multicast Listener Discovery (RFC 2710, RFC 3810): for switches that snoop. */
  | "listeners";

/** Packets that must pass. */
export interface RequiredTraffic {
  readonly direction: "in" | "out";
  readonly family: Family;
  readonly kind: TrafficKind;
  /** The UDP port at both ends; undefined: another protocol. */
  readonly port: number | undefined;
  /** Undefined: not known yet. */
  readonly interface: string | undefined;
  /** The known sources (in), or destinations (out) where there is no group. */
  readonly others: readonly Ip[];
  /** The multicast group that is the destination; undefined: unicast. */
  readonly group: Ip | undefined;
}

/** IP protocol number and ICMPv6 types of each kind. */
export const TRAFFIC: Readonly<
  Record<
    TrafficKind,
    { readonly protocol: number; readonly in: readonly number[]; readonly out: readonly number[] }
  >
> = {
  vrrp: { protocol: VRRP_PROTOCOL, in: [], out: [] },
  channel: { protocol: UDP_PROTOCOL, in: [], out: [] },
  neighbours: { protocol: ICMPV6_PROTOCOL, in: [135, 136], out: [135, 136] },
  listeners: { protocol: ICMPV6_PROTOCOL, in: [130], out: [131, 132, 143] },
};

/** The IP protocol number. */
export function protocolOf({ kind, port }: RequiredTraffic): number {
  return port === undefined ? TRAFFIC[kind].protocol : UDP_PROTOCOL;
}

/**
 * All that must pass on `node` of `config`: in before out, IPv4 before IPv6, each kind once per
 * interface. Empty: the node runs no instance, and there is no [cluster]. `interfaces` tells where
 * adverts come in.
 */
export function requiredTrafficOf(
  node: NodePlan,
  config: Config,
  interfaces: Interfaces,
): readonly RequiredTraffic[] {
  const found: RequiredTraffic[] = [];
  const all = [
    ...node.plans.flatMap((plan) => trafficOfPlan(plan, interfaces)),
    ...trafficOfChannel(node, config, interfaces),
  ];
  for (const traffic of all) {
    const index = found.findIndex((other) => sameKind(other, traffic));
    const before = found[index];
    if (before === undefined) found.push(traffic);
    else found[index] = { ...before, others: union(before.others, traffic.others) };
  }
  return found.toSorted((a, b) =>
    a.direction.localeCompare(b.direction) || a.family.localeCompare(b.family)
  );
}

function trafficOfPlan(plan: Plan, interfaces: Interfaces): readonly RequiredTraffic[] {
  const { family, rules, port } = plan;
  const name = advertLink(plan, interfaces);
  const multicast = rules.transport === "multicast";
  const adverts = {
    family,
    kind: "vrrp",
    port,
    interface: name,
    others: rules.peers,
    group: multicast ? groupOf(family) : undefined,
  } as const;
  const traffics: readonly TrafficKind[] = [
    ...(family === "ipv6" ? ["neighbours"] as const : []),
    ...(family === "ipv6" && multicast ? ["listeners"] as const : []),
  ];
  return (["in", "out"] as const).flatMap((direction) => [
    { direction, ...adverts },
    ...traffics.map((kind) => ({
      ...{ direction, family, kind, interface: name, others: [] },
      ...{ port: undefined, group: undefined },
    })),
  ]);
}

/** With every other node, at each of its addresses. */
function trafficOfChannel(
  { node }: NodePlan,
  { cluster, nodes }: Config,
  interfaces: Interfaces,
): readonly RequiredTraffic[] {
  if (cluster === undefined) return [];
  const others = nodes.filter(({ name, onlyVrrp }) => name !== node && !onlyVrrp);
  return others.flatMap(({ addresses, links }) => [...addresses, ...links]).flatMap((address) => {
    const { family } = address;
    // Undefined: behind a router, by whichever way.
    const at = { family, interface: linkAround(interfaces, address)?.name, group: undefined };
    return (["in", "out"] as const).flatMap((direction): readonly RequiredTraffic[] => [
      { direction, ...at, kind: "channel", port: cluster.port, others: [address] },
      ...family === "ipv4"
        ? []
        : [{ direction, ...at, kind: "neighbours" as const, port: undefined, others: [] }],
    ]);
  });
}

function sameKind(a: RequiredTraffic, b: RequiredTraffic): boolean {
  return a.direction === b.direction && a.family === b.family && a.kind === b.kind &&
    a.port === b.port &&
    a.interface === b.interface && (a.group === undefined) === (b.group === undefined);
}

function union(a: readonly Ip[], b: readonly Ip[]): readonly Ip[] {
  return [...a, ...b.filter((address) => !includesIp(a, address))].toSorted(compareIp);
}

/** "VRRP from 192.168.1.12"; `format` writes an address. */
export function trafficText(traffic: RequiredTraffic, format: (address: Ip) => string): string {
  const { direction, kind, port, group, others } = traffic;
  const way = direction === "in" ? "from" : "to";
  if (kind === "neighbours") return `Neighbour Discovery ${way} the LAN`;
  if (kind === "listeners") {
    return direction === "in" ? "Multicast Listener queries" : "Multicast Listener reports";
  }
  if (group !== undefined) return `VRRP to ${format(group)}`;
  const udp = kind === "channel" ? `the state of nodes, UDP port ${port},` : `UDP port ${port}`;
  const what = port === undefined ? "VRRP" : udp;
  return `${what} ${way} ${others.map(format).join(", ")}`;
}
