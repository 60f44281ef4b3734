/** Changes of health, told to those who show it: it changes by time and by what is heard, without a transition. */
import type { Health } from "../control/api.ts";
import { keyOf } from "../config/plan/plan.ts";
import { after, formatWallTime, type Instant, seconds, type WallTime } from "../time.ts";
import { healthOf } from "./health.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Observer } from "./record.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** How often it is looked. */
const EVERY = seconds(1);

/** The health of each virtual router, as it was told last. */
export class HealthWatch {
  readonly #observers: readonly Observer[];
  readonly #neighbours: Neighbours;
  readonly #told = new Map<string, Health>();
  #nextAt: Instant | undefined;

  constructor(observers: readonly Observer[], neighbours: Neighbours) {
    this.#observers = observers.filter(({ observeHealth }) => observeHealth !== undefined);
    this.#neighbours = neighbours;
  }

  /** When it wants to look next; undefined while nobody shows it. */
  nextDeadline(): Instant | undefined {
    return this.#nextAt;
  }

  /** Looks at `routers`, where it is time, and tells what has changed. */
  settle(routers: readonly VirtualRouter[], now: Instant, wallNow: WallTime): void {
    const followers = this.#observers.filter((observer) => observer.followsHealth?.() ?? true);
    if (followers.length === 0) {
      this.#nextAt = undefined;
      return;
    }
    if (this.#nextAt !== undefined && now < this.#nextAt) return;
    this.#nextAt = after(now, EVERY);
    for (const router of routers) {
      const { plan } = router;
      const { health, evidence } = healthOf(router, now, this.#neighbours);
      if (this.#told.get(keyOf(plan)) === health) continue;
      this.#told.set(keyOf(plan), health);
      const time = formatWallTime(wallNow);
      const record = { time, instance: plan.name, family: plan.family, health, evidence };
      for (const observer of followers) observer.observeHealth?.(record);
    }
  }
}
