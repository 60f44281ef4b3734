/**
 * Masters with fast adverts: those that are due advertise between two parts of other work, however
 * long that goes on.
 */
import type { Host } from "../host.ts";
import { between, type Instant, milliseconds, type Nanoseconds, nanoseconds } from "../time.ts";
import { nextDeadline } from "../vrrp/step.ts";
import { carriedAs } from "./carried_steps.ts";
import type { Routers } from "./routers.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** After so many addresses of one router it is looked whether others are due. */
const ADDRESSES_BETWEEN = 4;

/** So many others have their turn at each look, and for no longer than this in a turn. */
const MOST = 16, LONGEST = milliseconds(2);

/**
 * So many intervals after the one at whose end it was due, a master still advertises in the middle
 * of a step: no backup has waited for three of them.
 */
const LATE_INTERVALS = 2;

/** What they work with. */
export interface FastMastersOptions {
  readonly host: Pick<Host, "now">;
  readonly routers: Routers;
  /** Is a step of `router` under way? */
  readonly isBusy: (router: VirtualRouter) => boolean;
  /** The deadline of `router` has come. */
  readonly advertise: (router: VirtualRouter) => void;
}

/** Those of one node. */
export class FastMasters {
  readonly #options: FastMastersOptions;
  /** Addresses that were added, renewed or removed since it was looked whether others are due. */
  #addresses = 0;
  /** Do they have their turn? */
  #isLetting = false;
  /** For how long they had it in this turn of the loop. */
  #spent: Nanoseconds = nanoseconds(0);

  constructor(options: FastMastersOptions) {
    this.#options = options;
  }

  /** A turn of the loop begins. */
  beginTurn(): void {
    this.#spent = nanoseconds(0);
  }

  /** In the middle of a step of `busy`, after `count` addresses. */
  between(busy: VirtualRouter | string, count: number): void {
    this.#addresses += count;
    if (this.#isLetting || this.#addresses < ADDRESSES_BETWEEN) return;
    this.#addresses = 0;
    this.let(busy);
  }

  /**
   * Those that are due advertise, as far as there is time for others in this turn. Not those of the
   * sync group of `busy`, in the middle of whose step that is: their steps follow from it.
   */
  let(busy?: VirtualRouter | string): void {
    const { host, routers } = this.#options;
    if (this.#isLetting || this.#spent >= LONGEST || routers.nextFast() === undefined) return;
    const now = host.now();
    const before = this.#spent;
    this.#isLetting = true;
    let left = MOST;
    for (const router of routers.takeFast(now)) {
      if (left > 0 && this.#spent < LONGEST && this.#isToAdvertise(router, busy, now)) {
        left--;
        this.#options.advertise(router);
        this.#spent = nanoseconds(before + between(now, host.now()));
      }
      routers.schedule(router);
    }
    this.#isLetting = false;
  }

  #isToAdvertise(
    router: VirtualRouter,
    busy: VirtualRouter | string | undefined,
    now: Instant,
  ): boolean {
    if (carriedAs(router) === busy || this.#options.isBusy(router)) return false;
    const due = nextDeadline(router.state);
    // After a longer silence, another node may be master: what has arrived is looked at first.
    return due !== undefined && due <= now &&
      between(due, now) < LATE_INTERVALS * router.rules.advertInterval;
  }
}
