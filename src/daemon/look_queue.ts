/** Virtual routers that are to be looked at, oldest first. */
import type { Interfaces } from "../net/interfaces.ts";
import { isOut } from "../vrrp/state.ts";
import { areFewer, type NetworkDifference } from "./machine/network_difference.ts";
import type { Routers } from "./routers.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/**
 * How much of a router is looked at: all of it, what health checks make of it, or whether its
 * addresses are there.
 */
export type Scope = "all" | "health" | "addresses";

/** So many addresses that changed are looked up. */
const MANY = 512;

/** Each of them once. */
export class LookQueue implements Iterable<readonly [VirtualRouter, Scope]> {
  readonly #all = new Map<VirtualRouter, Scope>();

  /** Is there none? */
  get isEmpty(): boolean {
    return this.#all.size === 0;
  }

  /** `router` is to be looked at; two scopes are all of it. */
  mark(router: VirtualRouter, scope: Scope): void {
    const before = this.#all.get(router);
    this.#all.set(router, before === undefined || before === scope ? scope : "all");
  }

  /** Those of `routers` that `difference` may matter to, which has led to `now`. */
  markChanged(
    routers: Routers,
    { links, addresses, isOwnDoing }: NetworkDifference,
    now: Interfaces,
  ): void {
    for (const name of links) {
      for (const router of routers.onInterface(name)) this.mark(router, "all");
    }
    // To find whose very many are takes longer than a turn has time.
    const about = addresses.length > MANY
      ? [routers.all]
      : addresses.map(({ prefix }) => routers.withAddress(prefix.address));
    for (const found of about) for (const router of found) this.mark(router, "all");
    const areLost = areFewer(routers.all, now);
    for (const router of routers.all) {
      const { endpoint, source, plan, state } = router;
      // Those that the network does not suit, or whose adverts leave by one of the links.
      const isReady = endpoint !== undefined && source !== undefined && !isOut(state) &&
        plan.waiting.length === 0;
      if (!isOwnDoing && (!isReady || links.has(endpoint.interface))) this.mark(router, "all");
      else if (areLost) this.mark(router, "addresses");
    }
  }

  /** It is looked at, or gone. */
  delete(router: VirtualRouter): void {
    this.#all.delete(router);
  }

  [Symbol.iterator](): Iterator<readonly [VirtualRouter, Scope]> {
    return this.#all[Symbol.iterator]();
  }
}
