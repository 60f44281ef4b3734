/**
 * Handing over to one node by its name, whatever nodes are better: what stands in the way, and
 * which nodes have not said yet that they know of it (decision 0082). Pure.
 */
import { isFresh, routerKey } from "../../cluster/knowledge.ts";
import { nodePriorities } from "../../config/plan/node_priorities.ts";
import type { Config } from "../../config/config.ts";
import type { Instant } from "../../time.ts";
import { labelOf } from "../journal/log.ts";
import type { ToldNode } from "./reports.ts";
import { type Others, unableWords } from "./successors.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** Why `members` cannot be handed over to `to` by its name, in words; undefined: they can. */
export function obstacleTo(
  to: string,
  members: readonly VirtualRouter[],
  others: Others,
): string | undefined {
  const { config, self, told, now } = others;
  if (config.nodes.find(({ name }) => name === to)?.onlyVrrp) {
    return `${to} speaks VRRP alone (only_vrrp) and cannot be told to take over`;
  }
  for (const { plan } of members) {
    const why = unableWords({ plan }, to, others);
    if (why !== undefined) return `${to} could not take ${labelOf(plan)} over: ${why}`;
    const word = told.get(to)?.told?.routers.get(routerKey(plan.name, plan.family));
    if (word?.report.unheard) {
      return `no advert of this node arrives at ${to}: it could not take ${labelOf(plan)} over`;
    }
    // A check that is down lowers it; of the others the best counts that they can be.
    const wanted = Math.min(priorityOf(config, plan.name, to), word?.report.priority ?? 255);
    for (const { name, onlyVrrp } of config.nodes) {
      const priority = priorityOf(config, plan.name, name);
      if (name === self || name === to || priority < wanted) continue;
      if (priority === 255) return `${name} owns the address (priority 255) and waits for no node`;
      if (onlyVrrp) return `${name} would take over before ${to}, and cannot be told to wait`;
      if (told.get(name)?.standing !== "left" && !isReporting(name, told, now)) {
        return `${name} would take over before ${to}, and cannot be told to wait: ` +
          `${others.nodes.statusOf(name, now)?.words ?? "not known"}`;
      }
    }
  }
  return undefined;
}

/** The nodes that have not said since `since` that they follow a handover of `members` to `to`. */
export function unconfirmed(
  to: string,
  members: readonly VirtualRouter[],
  since: Instant,
  { config, self, told, now }: Others,
): readonly string[] {
  return config.nodes.flatMap(({ name, onlyVrrp }) => {
    if (name === self || onlyVrrp) return [];
    if (name !== to && !isReporting(name, told, now)) return [];
    const routers = told.get(name)?.told?.routers;
    const words = members.map(({ plan }) => routers?.get(routerKey(plan.name, plan.family)));
    // A node whose file does not have it takes no part; the chosen one must.
    const isKnown = words.every((word) =>
      word === undefined ? name !== to : word.at >= since && word.report.follows === to
    );
    return isKnown ? [] : [name];
  });
}

/** Do its reports come? */
function isReporting(name: string, told: ReadonlyMap<string, ToldNode>, now: Instant): boolean {
  const view = told.get(name);
  return view?.told !== undefined && isFresh(view.told.at, now) && !view.told.node.leaving &&
    view.standing !== "twice";
}

function priorityOf(config: Config, instance: string, node: string): number {
  const settings = config.instances.find(({ name }) => name === instance);
  if (settings === undefined) return 0;
  return nodePriorities(config, settings).find((one) => one.node === node)?.priority ?? 0;
}
