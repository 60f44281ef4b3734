/** What must a packet filter let through for this node's virtual routers? Kinds of packets, as values. */
import { advertLink, type NodePlan, type Plan } from "../../config/plan/plan.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import { compareIp, type Family, includesIp, type Ip } from "../../net/ip.ts";
import { ICMPV6_PROTOCOL } from "../../wire/ndp.ts";
import { UDP_PROTOCOL } from "../../wire/udp.ts";
import { groupOf, VRRP_PROTOCOL } from "../../wire/vrrp.ts";

/** What such a packet is for. */
export type Traffic =
  /** Adverts: IP protocol 112, which has no ports (RFC 9568 5.1), or UDP with one. */
  | "vrrp"
  /** Neighbour Discovery (RFC 4861): IPv6's ARP, which inet filters see; ARP itself they never do. */
  | "neighbours"
  /** Multicast Listener Discovery (RFC 2710, RFC 3810): lets a switch that snoops know who wants ff02::12. */
  | "listeners";

/** One kind of packet that must pass. */
export interface Passage {
  readonly direction: "in" | "out";
  readonly family: Family;
  readonly traffic: Traffic;
  /** Of UDP, where it comes from and goes to; undefined: another protocol. */
  readonly port: number | undefined;
  /** Where it comes in or goes out; undefined: not known yet. */
  readonly interface: string | undefined;
  /** Whom it comes from (in), or goes to (out) where there is no group, as far as they are known. */
  readonly others: readonly Ip[];
  /** The group that it is sent to, by anybody; undefined: it goes from one machine to another. */
  readonly group: Ip | undefined;
}

/** IP protocol number of each traffic, and the ICMPv6 types that it consists of, by direction. */
export const TRAFFIC: Readonly<
  Record<
    Traffic,
    { readonly protocol: number; readonly in: readonly number[]; readonly out: readonly number[] }
  >
> = {
  vrrp: { protocol: VRRP_PROTOCOL, in: [], out: [] },
  neighbours: { protocol: ICMPV6_PROTOCOL, in: [135, 136], out: [135, 136] },
  listeners: { protocol: ICMPV6_PROTOCOL, in: [130], out: [131, 132, 143] },
};

/** The IP protocol number of `passage`. */
export function protocolOf({ traffic, port }: Passage): number {
  return port === undefined ? TRAFFIC[traffic].protocol : UDP_PROTOCOL;
}

/**
 * Everything that must pass on `node`, in before out, IPv4 before IPv6, each kind once per interface. Empty only where the
 * node runs nothing. By `interfaces` it is told where adverts come in.
 */
export function passagesOf(node: NodePlan, interfaces: Interfaces): readonly Passage[] {
  const found: Passage[] = [];
  for (const passage of node.plans.flatMap((plan) => passagesOfPlan(plan, interfaces))) {
    const index = found.findIndex((other) => sameKind(other, passage));
    const before = found[index];
    if (before === undefined) found.push(passage);
    else found[index] = { ...before, others: union(before.others, passage.others) };
  }
  return found.toSorted((a, b) =>
    a.direction.localeCompare(b.direction) || a.family.localeCompare(b.family)
  );
}

function passagesOfPlan(plan: Plan, interfaces: Interfaces): readonly Passage[] {
  const { family, rules, port } = plan;
  const name = advertLink(plan, interfaces);
  const multicast = rules.transport === "multicast";
  const adverts = {
    family,
    traffic: "vrrp",
    port,
    interface: name,
    others: rules.peers,
    group: multicast ? groupOf(family) : undefined,
  } as const;
  const traffics: readonly Traffic[] = [
    ...(family === "ipv6" ? ["neighbours"] as const : []),
    ...(family === "ipv6" && multicast ? ["listeners"] as const : []),
  ];
  return (["in", "out"] as const).flatMap((direction) => [
    { direction, ...adverts },
    ...traffics.map((traffic) => ({
      ...{ direction, family, traffic, interface: name, others: [] },
      ...{ port: undefined, group: undefined },
    })),
  ]);
}

function sameKind(a: Passage, b: Passage): boolean {
  return a.direction === b.direction && a.family === b.family && a.traffic === b.traffic &&
    a.port === b.port &&
    a.interface === b.interface && (a.group === undefined) === (b.group === undefined);
}

function union(a: readonly Ip[], b: readonly Ip[]): readonly Ip[] {
  return [...a, ...b.filter((address) => !includesIp(a, address))].toSorted(compareIp);
}

/** "VRRP from 192.168.1.12" for comments and sentences; `format` writes an address. */
export function passageWords(passage: Passage, format: (address: Ip) => string): string {
  const { direction, traffic, port, group, others } = passage;
  const way = direction === "in" ? "from" : "to";
  if (traffic === "neighbours") return `Neighbour Discovery ${way} the LAN`;
  if (traffic === "listeners") {
    return direction === "in" ? "Multicast Listener queries" : "Multicast Listener reports";
  }
  if (group !== undefined) return `VRRP to ${format(group)}`;
  const what = port === undefined ? "VRRP" : `UDP port ${port}`;
  return `${what} ${way} ${others.map(format).join(", ")}`;
}
