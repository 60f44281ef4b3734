/** What is this node to run? The configuration held against a machine: one plan per virtual router. */
import type { HeldAddress } from "../net/interfaces.ts";
import type { Family, Ip } from "../net/ip.ts";
import type { Fault } from "../vrrp/effect.ts";
import type { Rules } from "../vrrp/rules.ts";
import type { ChecksumForm } from "../wire/vrrp.ts";
import type { CheckSettings } from "../health/check.ts";
import type { NotifySettings } from "./config.ts";

/** One virtual router: one VRID, one family. An instance with both families has two. */
export interface Plan {
  /** The instance's name; with `family` the identity of the virtual router. */
  readonly name: string;
  readonly family: Family;
  /** Undefined while it cannot be told; `waiting` says why. */
  readonly interface: string | undefined;
  /** Why the plan cannot run yet, for instance "identity" or "interface-missing". Empty: it can. */
  readonly waiting: readonly Fault[];
  /** `source` as written, or the node's own address in [nodes]; undefined: the interface's primary address. */
  readonly source: Ip | undefined;
  readonly held: readonly HeldAddress[];
  readonly rules: Rules;
  readonly checksum: ChecksumForm | "auto";
  /** The sync group's name. */
  readonly group: string | undefined;
  /** Names of the health checks that it depends on, all of them in {@link NodePlan} checks. */
  readonly checks: readonly string[];
  /** Told about this instance, besides {@link NodePlan} notify. */
  readonly notify: NotifySettings | undefined;
}

/** Everything a node is to run. */
export interface NodePlan {
  /** This node's name: --node, node.name, its entry in [nodes], or the host name. */
  readonly node: string;
  /** Could it be told which node this is? If not, priorities and peers of the plans are nobody's; they wait. */
  readonly known: boolean;
  /** Names of all nodes by address text, for people. */
  readonly names: ReadonlyMap<string, string>;
  readonly plans: readonly Plan[];
  /** The health checks that some plan depends on, in the order of the file. */
  readonly checks: readonly CheckSettings[];
  /** Told about every instance. */
  readonly notify: NotifySettings | undefined;
}

/** The identity of a virtual router: one instance name may have one of each family. */
export function keyOf(plan: Plan): string {
  return `${plan.name}/${plan.family}`;
}
