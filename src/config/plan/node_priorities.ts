/** The priorities of the nodes of an instance, as far as the file knows them, checks counted. */
import type { Priority, Rules } from "../../vrrp/rules.ts";
import { type Config, indexOf, placesOf } from "../config.ts";
import type { CheckSettings } from "../tables/check.ts";
import type { Family } from "../../net/ip.ts";
import {
  contributionsOf,
  countsValue,
  effectivePriority,
  type Verdict,
} from "../../vrrp/priority.ts";
import type { InstanceConfig } from "../tables/instance.ts";

/** One node and its priority, 1-255. */
export interface NodePriority {
  readonly node: string;
  readonly priority: number;
}

/** The checks of `instance`, in its order. */
export function checksOf(config: Config, instance: InstanceConfig): readonly CheckSettings[] {
  const { checks } = indexOf(config);
  return instance.checks.flatMap((name) => checks.get(name) ?? []);
}

/**
 * The priority of `node` in `instance` while all checks are up but the one called `down`, if any;
 * the number in a file counts as 0. The same arithmetic as the daemon's.
 */
export function priorityWithout(
  config: Config,
  instance: InstanceConfig,
  node: string,
  down?: string,
): number {
  return priorityWith(config, instance, node, (name) => ({ up: name !== down, value: 0 }));
}

/**
 * The priority of `node` in `instance` while all checks are up, and `value` stands in the file of
 * the check named `reading`.
 */
export function priorityReading(
  config: Config,
  instance: InstanceConfig,
  node: string,
  reading: string,
  value: number,
): number {
  const verdictOf = (name: string) => ({ up: true, value: name === reading ? value : 0 });
  return priorityWith(config, instance, node, verdictOf);
}

function priorityWith(
  config: Config,
  instance: InstanceConfig,
  node: string,
  verdictOf: (name: string) => Verdict,
): number {
  const base = basePriorityOf(instance, node, config);
  return effectivePriority(base, contributionsOf(checksOf(config, instance), verdictOf));
}

/**
 * The priority of each node in `instance` while all checks are up; what they add is the same for
 * all.
 */
function priorities(config: Config, instance: InstanceConfig): (node: string) => number {
  const added = contributionsOf(checksOf(config, instance), () => ({ up: true, value: 0 }));
  return (node) => effectivePriority(basePriorityOf(instance, node, config), added);
}

/**
 * The least and the most that `node` can advertise in `instance` as a master, whatever its checks
 * say; undefined where the file does not tell: priorities by hand, or a number in a file that
 * counts.
 */
export function priorityBounds(
  config: Config,
  instance: InstanceConfig,
  node: string,
): { readonly least: number; readonly most: number } | undefined {
  const { priority, prefer } = instance;
  const isKnown = typeof priority === "object"
    ? priority.has(node)
    : priority === undefined && prefer !== undefined;
  if (!isKnown) return undefined;
  const checks = checksOf(config, instance);
  if (checks.some(countsValue)) return undefined;
  const base = basePriorityOf(instance, node, config);
  const bound = (up: boolean): number =>
    effectivePriority(base, contributionsOf(checks, () => ({ up })));
  // A negative weight counts while down, a positive one while up.
  return { least: bound(false), most: bound(true) };
}

/** Every node of [nodes] while all checks are up, best first; equals in the order of [nodes]. */
export function nodePriorities(config: Config, instance: InstanceConfig): readonly NodePriority[] {
  const priorityOf = priorities(config, instance);
  return config.nodes
    .map(({ name }) => ({ node: name, priority: priorityOf(name) }))
    .toSorted((a, b) => b.priority - a.priority);
}

/**
 * The other nodes, best first, that are better than `self` with priority `ownEffective` when all
 * their checks are up: whether they are up, or there at all, nobody knows, since backups are
 * silent. A master for which there are any gives the addresses up by itself. Equals are not
 * better. Empty where the file has no [nodes].
 */
export function betterNodes(
  config: Config,
  instance: InstanceConfig,
  self: string,
  ownEffective: number,
): readonly string[] {
  return nodePriorities(config, instance)
    .filter(({ node, priority }) => node !== self && priority > ownEffective)
    .map(({ node }) => node);
}

/**
 * The others of [nodes] by their addresses of `family`, each as good as it can be; undefined where
 * the file does not say it of all: no [nodes], a node without an address of the family, peers by
 * hand, or a number in a file that counts.
 */
export function rivalsOf(
  config: Config,
  instance: InstanceConfig,
  self: string,
  family: Family,
): Rules["rivals"] {
  if (config.nodes.length === 0 || instance.peers !== undefined) return undefined;
  if (checksOf(config, instance).some(countsValue)) return undefined;
  const priorityOf = priorities(config, instance);
  const rivals = config.nodes.filter(({ name }) => name !== self).map(({ name, addresses }) => ({
    source: addresses.find((address) => address.family === family),
    priority: priorityOf(name),
  }));
  const known = rivals.flatMap(({ source, priority }) =>
    source === undefined ? [] : [{ source, priority }]
  );
  return known.length === rivals.length ? known : undefined;
}

/**
 * The base priority of `node` in `instance`, 1-255: as written for it, or for all; else 200, 190,
 * 180 and so on along `prefer`, then the nodes not named there in the order of [nodes] (in smaller
 * steps where there are more than 20 nodes); else 100.
 */
export function basePriorityOf(instance: InstanceConfig, node: string, config: Config): Priority {
  const { priority } = instance;
  const written = typeof priority === "object" ? priority.get(node) : priority;
  return (written ?? preferred(instance, node, config)) as Priority;
}

function preferred(instance: InstanceConfig, node: string, config: Config): number {
  const places = placesOf(instance, config);
  const place = places.get(node);
  const step = Math.max(1, Math.min(10, Math.floor(199 / places.size)));
  return place === undefined ? 100 : Math.max(1, 200 - step * place);
}
