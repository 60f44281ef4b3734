/**
 * Changes of health, told to those that show it: it changes by time and by what is heard, without a
 * transition.
 */
import type { Health } from "../../control/api.ts";
import { keyOf } from "../../config/plan/plan.ts";
import { after, formatWallTime, type Instant, seconds, type WallTime } from "../../time.ts";
import { healthOf } from "./health.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Observer } from "../journal/record.ts";
import type { Routers } from "../routers.ts";
import type { Ticker } from "../ticker.ts";

/** How often it is looked. */
const EVERY = seconds(1);

/** The health of each virtual router, as it was told last. */
export class HealthWatch implements Ticker {
  readonly #observers: readonly Observer[];
  readonly #neighbours: Neighbours;
  readonly #routers: Pick<Routers, "all">;
  readonly #wallTime: () => WallTime;
  readonly #told = new Map<string, Health>();
  #nextAt: Instant | undefined;

  constructor(
    observers: readonly Observer[],
    neighbours: Neighbours,
    routers: Pick<Routers, "all">,
    wallTime: () => WallTime,
  ) {
    this.#routers = routers;
    this.#wallTime = wallTime;
    this.#observers = observers.filter(({ observeHealth }) => observeHealth !== undefined);
    this.#neighbours = neighbours;
  }

  /** When it wants to look next; undefined while it is not shown. */
  nextDeadline(): Instant | undefined {
    return this.#nextAt;
  }

  /** Looks, where it is time, and tells what has changed. */
  tick(now: Instant): void {
    if (this.#observers.length === 0) return;
    const followers = this.#observers.filter((observer) => observer.followsHealth?.() ?? true);
    if (followers.length === 0) {
      this.#nextAt = undefined;
      return;
    }
    if (this.#nextAt !== undefined && now < this.#nextAt) return;
    this.#nextAt = after(now, EVERY);
    for (const router of this.#routers.all) {
      const { plan } = router;
      const { health, evidence } = healthOf(router, now, this.#neighbours);
      if (this.#told.get(keyOf(plan)) === health) continue;
      this.#told.set(keyOf(plan), health);
      const time = formatWallTime(this.#wallTime());
      const record = { time, instance: plan.name, family: plan.family, health, evidence };
      for (const observer of followers) observer.observeHealth?.(record);
    }
  }
}
