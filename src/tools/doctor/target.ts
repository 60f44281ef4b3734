/** What the doctor examines: a configuration, and the plan of this node. */
import type { Config } from "../../config/config.ts";
import type { NodePlan, Plan } from "../../config/plan/plan.ts";
import type { LocatedProblem } from "../../config/problem.ts";
import { addressesOf, type Interfaces, linkAround, linkNamed } from "../../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../../net/ip.ts";
import type { LanQuery } from "./environment.ts";

/** A configuration file and the plan of this node. */
export interface DoctorTarget {
  readonly file: string;
  readonly stateDir: string;
  /** Problems and warnings of the file, and of the file on this machine. */
  readonly problems: readonly LocatedProblem[];
  /** Undefined: the file is invalid or missing. */
  readonly plan: { readonly config: Config; readonly node: NodePlan } | undefined;
}

/** The plan of a virtual router whose interface is known. */
export interface PlacedPlan extends Plan {
  readonly interface: string;
}

/** The virtual routers that have an interface. */
export function placedPlans({ plan }: DoctorTarget): readonly PlacedPlan[] {
  return (plan?.node.plans ?? []).flatMap((one) =>
    one.interface === undefined ? [] : [{ ...one, interface: one.interface }]
  );
}

/** The interfaces that virtual routers are on, each once. */
export function interfacesOf(target: DoctorTarget): readonly string[] {
  return [...new Set(placedPlans(target).map((plan) => plan.interface))];
}

/** Whether `address` belongs to this machine and is no floating address. */
export function isOwnAddress(interfaces: Interfaces, address: Ip): boolean {
  return interfaces.addresses.some((entry) => !entry.ours && sameIp(entry.prefix.address, address));
}

/** Whether this machine has `address` on the interface `name`. */
export function holdsNow(interfaces: Interfaces, name: string, address: Ip): boolean {
  const link = linkNamed(interfaces, name);
  return link !== undefined &&
    addressesOf(interfaces, link).some(({ prefix }) => sameIp(prefix.address, address));
}

/** The addresses to ask for on the LAN: floating ones, peers on it, and those of this node. */
export function lanQueriesOf(target: DoctorTarget, interfaces: Interfaces): readonly LanQuery[] {
  const queries = placedPlans(target).flatMap((plan): readonly LanQuery[] => [
    ...plan.virtualAddresses.map((held) => ({
      interface: held.interface,
      address: held.prefix.address,
    })),
    ...plan.rules.peers.filter((peer) => linkAround(interfaces, peer)?.name === plan.interface)
      .map((address) => ({ interface: plan.interface, address })),
    ...ownAddressesOn(interfaces, plan).map((address) => ({ interface: plan.interface, address })),
  ]);
  const seen = new Set<string>();
  return queries.filter(({ interface: name, address }) => {
    const key = `${name} ${formatIp(address)}`;
    return !seen.has(key) && seen.add(key);
  });
}

/** Addresses of this node on the interface of `plan`, of its family, without floating ones. */
export function ownAddressesOn(interfaces: Interfaces, plan: PlacedPlan): readonly Ip[] {
  const link = linkNamed(interfaces, plan.interface);
  if (link === undefined) return [];
  return addressesOf(interfaces, link).filter(({ ours, tentative, prefix: { address } }) =>
    !ours && !tentative && address.family === plan.family &&
    !plan.rules.addresses.some((floating) => sameIp(floating, address))
  ).map(({ prefix }) => prefix.address);
}
