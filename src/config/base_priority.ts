/** Which priority has a node before any health check speaks? */
import type { Priority } from "../vrrp/rules.ts";
import type { Config, InstanceConfig } from "./config.ts";

/**
 * The base priority of `node` in `instance`, 1-255: as written for it, or for all; else 200, 190, 180 and so on along `prefer`,
 * then the nodes not named there in the order of [nodes] (in smaller steps where there are more than 20 nodes); else 100.
 */
export function basePriorityOf(instance: InstanceConfig, node: string, config: Config): Priority {
  return (instance.priorities.get(node) ?? instance.priority ??
    preferred(instance, node, config)) as Priority;
}

function preferred({ prefer }: InstanceConfig, node: string, config: Config): number {
  if (prefer === undefined) return 100;
  const rest = config.nodes.map(({ name }) => name).filter((name) => !prefer.includes(name));
  const order = [...prefer, ...rest];
  const place = order.indexOf(node);
  const step = Math.max(1, Math.min(10, Math.floor(199 / order.length)));
  return place < 0 ? 100 : Math.max(1, 200 - step * place);
}
