/** Which other nodes could hold a virtual router, as they tell; and why one could not. Pure. */
import { couldHold, isFresh, routerKey } from "../../cluster/knowledge.ts";
import type { Config } from "../../config/config.ts";
import type { Instant } from "../../time.ts";
import { labelOf } from "../journal/log.ts";
import type { NodeWatch } from "./node_watch.ts";
import type { ToldNode } from "./reports.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What is known of the others. */
export interface Others {
  readonly config: Config;
  /** This node's name. */
  readonly self: string | undefined;
  readonly told: ReadonlyMap<string, ToldNode>;
  readonly nodes: Pick<NodeWatch, "statusOf">;
  readonly now: Instant;
}

/** Could the node called `name`, as it tells, hold the virtual router `key` ({@link routerKey})? */
export function isAble(
  key: string,
  name: string,
  told: ReadonlyMap<string, ToldNode>,
  now: Instant,
): boolean {
  const view = told.get(name);
  const router = view?.told?.routers.get(key);
  return view?.standing === "up" && router !== undefined && isFresh(router.at, now) &&
    couldHold(router.report);
}

/** May `name` hold `router`? Undefined: it may; else why not, in words. */
export function unableWords(
  { plan }: Pick<VirtualRouter, "plan">,
  name: string,
  { told, nodes, now }: Omit<Others, "config" | "self">,
): string | undefined {
  const view = told.get(name);
  if (view?.standing !== "up") return nodes.statusOf(name, now)?.words ?? "not known";
  const router = view.told?.routers.get(routerKey(plan.name, plan.family));
  if (router === undefined) return `its file has no ${labelOf(plan)}`;
  if (!isFresh(router.at, now)) return "what it told is old";
  const { report } = router;
  if (couldHold(report)) return undefined;
  return [report.state, ...report.faults.slice(0, 1)].join(": ");
}

/**
 * Why no other node is known to be able to hold `router`: "pi-b: lost 12 s ago"; undefined: one
 * is, or one that speaks VRRP alone may be, or nodes do not tell (no [cluster]).
 */
export function loneliness(
  router: Pick<VirtualRouter, "plan">,
  { config, self, ...others }: Others,
): string | undefined {
  if (config.cluster === undefined) return undefined;
  const rest = config.nodes.filter(({ name }) => name !== self);
  const whys = rest.map(({ name, onlyVrrp }) =>
    onlyVrrp ? undefined : unableWords(router, name, others)
  );
  if (whys.includes(undefined)) return undefined;
  return rest.map(({ name }, i) => `${name} (${whys[i]})`).join(", ");
}
