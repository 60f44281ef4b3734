/** Which priority has a node before any health check speaks? */
import type { Priority } from "../vrrp/rules.ts";
import type { Config } from "./config.ts";
import type { InstanceConfig } from "./tables/instance.ts";
import { placesOf } from "./config_index.ts";

/**
 * The base priority of `node` in `instance`, 1-255: as written for it, or for all; else 200, 190, 180 and so on along `prefer`,
 * then the nodes not named there in the order of [nodes] (in smaller steps where there are more than 20 nodes); else 100.
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
