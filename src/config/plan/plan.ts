/** The plan of a node: one for each virtual router that it runs. */
import { type Interfaces, linkWith, type VirtualAddress } from "../../net/interfaces.ts";
import { type Family, formatIp, type Ip } from "../../net/ip.ts";
import type { Nanoseconds } from "../../time.ts";
import type { Fault } from "../../vrrp/event.ts";
import type { Rules } from "../../vrrp/rules.ts";
import type { ChecksumForm } from "../../wire/vrrp.ts";
import type { Config } from "../config.ts";
import type { PlannedLease } from "./exclusive.ts";
import type { CheckSettings } from "../tables/check.ts";

/** One virtual router: one VRID, one family. An instance with both families has two. */
export interface Plan {
  /** The instance's name; with `family` the identity of the virtual router. */
  readonly name: string;
  readonly family: Family;
  /** Undefined while it cannot be told; `waiting` says why. */
  readonly interface: string | undefined;
  /** Why the plan cannot run yet, for instance "identity" or "interface-missing". Empty: it can. */
  readonly waiting: readonly Fault[];
  /**
   * `source` as written, or the node's own address in [nodes]; undefined: the interface's primary
   * address.
   */
  readonly source: Ip | undefined;
  /** The UDP port of adverts, 1-65535; undefined: they are IP protocol 112. */
  readonly port: number | undefined;
  readonly virtualAddresses: readonly VirtualAddress[];
  readonly rules: Rules;
  /**
   * How long after an advert a fence lets neighbours be answered; undefined: there is to be none.
   */
  readonly fence: Nanoseconds | undefined;
  /** With which lease the addresses are held; undefined: without one. */
  readonly exclusive?: PlannedLease;
  readonly checksum: ChecksumForm | "auto";
  /** The sync group's name. */
  readonly group: string | undefined;
  /** Names of the health checks that it depends on, all of them in {@link NodePlan} checks. */
  readonly checks: readonly string[];
  /** Names of all nodes by address text, for people: {@link nameIn}. */
  readonly names: ReadonlyMap<string, string>;
}

/** Everything a node is to run. */
export interface NodePlan {
  /** This node's name: --node, node.name, its entry in [nodes], or the host name. */
  readonly node: string;
  /**
   * Could it be told which node this is? If not, priorities and peers of the plans are nobody's;
   * they wait.
   */
  readonly known: boolean;
  /** It is one of the machines that vote, and hold nothing: it has no plans. */
  readonly isWitness?: boolean;
  /** Names of all nodes by address text, for people: {@link nameIn}. */
  readonly names: ReadonlyMap<string, string>;
  readonly plans: readonly Plan[];
  /** The health checks that some plan depends on, in the order of the file. */
  readonly checks: readonly CheckSettings[];
}

/** The identity of a virtual router: one instance name may have one of each family. */
export function keyOf(plan: Pick<Plan, "name" | "family">): string {
  return `${plan.name}/${plan.family}`;
}

/**
 * "pi-b (192.168.1.12)" where [nodes] has a name for `address`, else the address: so that sentences
 * name nodes.
 */
export function nameIn({ names }: Pick<Plan, "names">, address: Ip): string {
  const text = formatIp(address);
  const name = names.get(text);
  return name === undefined ? text : `${name} (${text})`;
}

/**
 * "multicast", "unicast", "udp port 336": nodes that say different things here do not hear each
 * other.
 */
export function transportText({ rules: { transport }, port }: Plan): string {
  return port === undefined ? transport : `${transport} port ${port}`;
}

/**
 * The link that adverts leave by and come in at, as far as that is known: the one with the source,
 * unless they go to a group.
 */
export function advertLink(plan: Plan, interfaces: Interfaces): string | undefined {
  if (plan.source === undefined || plan.rules.transport === "multicast") return plan.interface;
  return linkWith(interfaces, plan.source)?.name ?? plan.interface;
}

/**
 * Does `node` of `config` send from a port below `least`? That needs CAP_NET_BIND_SERVICE (ip(7):
 * ip_unprivileged_port_start).
 */
export function usesLowPort({ plans }: NodePlan, config: Config, least = 1024): boolean {
  const ports = [...plans.map(({ port }) => port), config.cluster?.port];
  return ports.some((port) => port !== undefined && port < least);
}
