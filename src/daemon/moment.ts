/**
 * What a status document is made of, at one moment, and copies of what changes while one is made in
 * parts.
 */
import type { Config } from "../config/config.ts";
import type { NodePlan } from "../config/plan/plan.ts";
import type { MaintenanceStatus } from "../control/api.ts";
import type { FenceState, Scheduling } from "../host.ts";
import type { Interfaces } from "../net/interfaces.ts";
import type { Instant, WallTime } from "../time.ts";
import type { RejectReason } from "../wire/reject.ts";
import type { Checks } from "./checks.ts";
import type { Leases } from "./exclusive/leases.ts";
import type { Neighbours } from "./holders/neighbours.ts";
import type { Channel } from "./nodes/channel.ts";
import type { NodeWatch } from "./nodes/node_watch.ts";
import type { Reports } from "./nodes/reports.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** What a snapshot is made of. */
export interface Moment {
  readonly node: NodePlan | undefined;
  readonly routers: readonly VirtualRouter[];
  readonly config: Config;
  readonly checks: Checks;
  readonly configFile: string;
  readonly started: WallTime;
  readonly nodes: NodeWatch;
  readonly reports: Pick<Reports, "wordsOn" | "views" | "ownRouters">;
  readonly unknown: ReadonlyMap<RejectReason, number>;
  readonly maintenance: MaintenanceStatus | null;
  readonly scheduling: Scheduling;
  readonly neighbours: Neighbours;
  /** Why other machines that hold an address are not noticed; undefined: they are. */
  readonly deaf: string | undefined;
  readonly fence: FenceState;
  readonly leases: Pick<Leases, "viewOf">;
  readonly channel: Pick<Channel, "attention" | "refused">;
  readonly interfaces: Interfaces;
  readonly arpIgnore: (interfaceName: string) => number;
  readonly now: Instant;
  readonly wallNow: WallTime;
}

/**
 * `moment`, whose routers, checks and neighbours stay as they are. States, plans and links are
 * values, which never change.
 */
export function stillOf(moment: Moment): Moment {
  const { reports, leases, now } = moment;
  const routers = moment.routers.map(copyOf);
  const words = new Map(routers.map((router) => [router, reports.wordsOn(router, now)]));
  const views = new Map(
    routers.filter(({ plan }) => plan.exclusive !== undefined)
      .map((router) => [router, leases.viewOf(router)]),
  );
  return {
    ...moment,
    routers,
    checks: moment.checks.copy(),
    neighbours: moment.neighbours.copy(),
    reports: {
      wordsOn: (router) => words.get(router) ?? [],
      views: (at) => reports.views(at),
      ownRouters: (all, at) => reports.ownRouters(all, at),
    },
    leases: { viewOf: (router) => views.get(router) },
  };
}

/** `read`, which is called once for each name. */
export function readOnce<T>(read: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>();
  return (name) => {
    const value = known.get(name) ?? read(name);
    known.set(name, value);
    return value;
  };
}

function copyOf(router: VirtualRouter): VirtualRouter {
  return {
    ...router,
    counters: { ...router.counters },
    rejects: new Map(router.rejects),
    heard: new Map(router.heard),
    conflicts: new Map(router.conflicts),
    look: { ...router.look },
  };
}
