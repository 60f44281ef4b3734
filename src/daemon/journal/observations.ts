/** Observations of the engine: counted, logged, and told to those that keep them. */
import type { AdvertsLost, NearMiss, Observation } from "../../vrrp/event.ts";
import type { Instant, WallTime } from "../../time.ts";
import type { Budgets } from "./budgets.ts";
import { type Conflicts, isTakingOver, rivalSight } from "../holders/conflicts.ts";
import type { Once } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { Observer } from "./record.ts";
import { nearMissRecordOf } from "./remember.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What they go to. */
export interface ObservationsOptions {
  readonly metrics: Metrics;
  readonly conflicts: Conflicts;
  readonly once: Once;
  readonly observers: readonly Observer[];
  /** How many near misses the history gets. */
  readonly incidents: Budgets;
  readonly now: () => Instant;
  readonly wallTime: () => WallTime;
}

/** Takes `seen` in, which the engine says of `router`. */
export function takeObservation(
  router: VirtualRouter,
  seen: Observation,
  options: ObservationsOptions,
): void {
  switch (seen.kind) {
    case "advert-gap":
      return options.metrics.heard(router, seen.gap);
    case "near-miss":
    case "adverts-lost":
      return takeNearMiss(router, seen, options);
    case "rival": {
      const now = options.now();
      if (isTakingOver(router, now)) return;
      return options.conflicts.note(router, rivalSight(router, seen, now));
    }
  }
}

function takeNearMiss(
  router: VirtualRouter,
  miss: NearMiss | AdvertsLost,
  { once, observers, incidents, now, wallTime }: ObservationsOptions,
): void {
  router.counters.nearMisses++;
  once.sayNearMiss(router.plan, miss, router.counters.nearMisses);
  if (!incidents.take("near-miss", now()).given) return;
  const record = nearMissRecordOf(miss, router.plan, wallTime());
  for (const observer of observers) observer.observeNearMiss?.(record);
}
