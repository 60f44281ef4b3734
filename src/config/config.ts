/** The decoded file: sound in itself, not yet held against a machine. */
import type { Family } from "../net/ip.ts";
import type { InstanceConfig } from "./tables/instance.ts";
import type { CheckSettings } from "./tables/check.ts";
import type { NodeEntry } from "./tables/node.ts";
import type { PlainSettings } from "./tables/root.ts";

/** A whole configuration file: what each table says is derived from its keys. */
export interface Config extends PlainSettings {
  /** [nodes] in the order of the file: who takes part, the same on every node. */
  readonly nodes: readonly NodeEntry[];
  /** [check.NAME] in the order of the file, those that no instance uses among them. */
  readonly checks: readonly CheckSettings[];
}

/** A machine of the file: a node, or a witness. */
export interface Machine extends NodeEntry {
  /** It votes, and holds nothing. */
  readonly isWitness: boolean;
}

/** All machines that the file names, the nodes first. */
export function machinesOf({ nodes, cluster }: Pick<Config, "nodes" | "cluster">) {
  return [
    ...nodes.map((node): Machine => ({ ...node, isWitness: false })),
    ...(cluster?.witnesses ?? []).map((one): Machine => {
      return { ...one, links: [], onlyVrrp: false, isWitness: true };
    }),
  ];
}

/** What is looked up. */
interface ConfigIndex {
  /** [check.NAME] by name. */
  readonly checks: ReadonlyMap<string, CheckSettings>;
  /** The sync group's name by that of its member. */
  readonly groupOf: ReadonlyMap<string, string>;
  /** Have all nodes, at least two, an address of the family? */
  readonly allHave: Readonly<Record<Family, boolean>>;
  /** [instance.NAME] by name. */
  readonly instances: ReadonlyMap<string, InstanceConfig>;
}

const INDICES = new WeakMap<Config, ConfigIndex>();

/** The index of `config`, which must not change. */
export function indexOf(config: Config): ConfigIndex {
  const known = INDICES.get(config);
  if (known !== undefined) return known;
  const made = makeIndex(config);
  INDICES.set(config, made);
  return made;
}

function makeIndex({ checks, groups, instances, nodes }: Config): ConfigIndex {
  const allHave = (family: Family): boolean =>
    nodes.length > 1 &&
    nodes.every(({ addresses }) => addresses.some((own) => own.family === family));
  // Of two groups with one member the first counts.
  const members = groups.toReversed().flatMap((group) =>
    group.instances.map((member) => [member, group.name] as const)
  );
  return {
    checks: new Map(checks.map((check) => [check.name, check])),
    groupOf: new Map(members),
    allHave: { ipv4: allHave("ipv4"), ipv6: allHave("ipv6") },
    instances: new Map(instances.map((instance) => [instance.name, instance])),
  };
}

/**
 * The instances that move together with `instance`, which is one of `config`: all of its sync group
 * in the group's order; or it alone.
 */
export function membersWith(instance: InstanceConfig, config: Config): readonly InstanceConfig[] {
  const { groupOf, instances } = indexOf(config);
  const name = groupOf.get(instance.name);
  const group = config.groups.find((one) => one.name === name);
  return group?.instances.flatMap((member) => instances.get(member) ?? []) ?? [instance];
}

const PLACES = new WeakMap<InstanceConfig, ReadonlyMap<string, number>>();

/**
 * The places of nodes in the order of `instance`, from 0: those of `prefer`, then the others of
 * [nodes] as they stand there. Empty without `prefer`. `instance` must be one of `config`.
 */
export function placesOf(instance: InstanceConfig, config: Config): ReadonlyMap<string, number> {
  const known = PLACES.get(instance);
  if (known !== undefined) return known;
  const places = new Map<string, number>();
  if (instance.prefer !== undefined) {
    for (const name of [...instance.prefer, ...config.nodes.map((node) => node.name)]) {
      if (!places.has(name)) places.set(name, places.size);
    }
  }
  PLACES.set(instance, places);
  return places;
}
