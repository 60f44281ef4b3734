/**
 * Parking before a restart in place: every master sends a last advert, and renews its addresses, so
 * that all wait for the next process as long as can be.
 */
import type { Host } from "../host.ts";
import { between, type Instant, milliseconds } from "../time.ts";
import type { Driver } from "./driver.ts";
import type { Routers } from "./routers.ts";
import { Slice } from "./slice.ts";
import type { Ticker } from "./ticker.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** So long steps with many addresses that are under way may go on in their turns. */
const PATIENCE = milliseconds(500);

/** What it works with. */
export interface ParkingOptions {
  readonly host: Pick<Host, "now">;
  readonly routers: Routers;
  readonly driver: Driver;
}

/** Parks the masters of one node, in slices. */
export class Parking implements Ticker {
  readonly #options: ParkingOptions;
  #since: Instant | undefined;
  readonly #parked = new Set<VirtualRouter>();
  #isOver = false;

  constructor(options: ParkingOptions) {
    this.#options = options;
  }

  /** May the process end? */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** From now on it is parked. */
  begin(): void {
    this.#since ??= this.#options.host.now();
  }

  /** Goes on at once. */
  nextDeadline(): Instant | undefined {
    return this.#since === undefined ? undefined : this.#options.host.now();
  }

  /** Parks some masters. */
  tick(now: Instant): void {
    const { host, routers, driver } = this.#options;
    if (this.#since === undefined || this.#isOver) return;
    if (driver.isBusy()) {
      if (between(this.#since, now) < PATIENCE) return;
      driver.finishAll();
    }
    const slice = new Slice(() => host.now());
    for (const router of routers.all) {
      if (router.state.kind !== "master" || this.#parked.has(router)) continue;
      if (slice.isFull) return;
      driver.refreshMaster(router);
      this.#parked.add(router);
      slice.add(router.plan);
    }
    this.#isOver = true;
  }
}
