/**
 * Table of the virtual routers of one node: found in one look-up, and due by a heap of deadlines.
 */
import type { Endpoint } from "../host.ts";
import { keyOf, type Plan } from "../config/plan/plan.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import { earliest, type Instant, milliseconds } from "../time.ts";
import { nextDeadline } from "../vrrp/step.ts";
import { Deadlines } from "./deadlines.ts";
import { endpointKey } from "./machine/endpoints.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"plan" | "endpoint">;

/**
 * A master with so short an interval, and so few addresses, need not wait for a long step of
 * another one.
 */
const FAST_INTERVAL = milliseconds(100), FEW_ADDRESSES = 16;

/** A step with more addresses takes several turns. */
const MOST_AT_ONCE = 32;

/**
 * Is told of virtual routers, at once, in the middle of what happens to them: it only notes what it
 * has to do.
 */
export interface RouterWatcher {
  /** It is new; or its state, its plan, or the master that it hears is another one. */
  changed(router: VirtualRouter): void;
  /** It is gone from the configuration. */
  dropped(router: VirtualRouter): void;
}

/** Virtual routers by one of their properties. */
class Index {
  readonly #found = new Map<string, Set<VirtualRouter>>();

  add(key: string, router: VirtualRouter): void {
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, new Set([router]));
    else known.add(router);
  }

  delete(key: string, router: VirtualRouter): void {
    const known = this.#found.get(key);
    known?.delete(router);
    if (known?.size === 0) this.#found.delete(key);
  }

  get(key: string): Iterable<VirtualRouter> {
    return this.#found.get(key) ?? [];
  }
}

/** The virtual routers of one node. */
export class Routers {
  readonly #byKey = new Map<string, VirtualRouter>();
  readonly #byInstance = new Index();
  readonly #byAddress = new Index();
  readonly #byGroup = new Index();
  readonly #byCheck = new Index();
  readonly #byInterface = new Index();
  /** By endpoint, then by VRID. */
  readonly #byEndpoint = new Map<string, Map<number, readonly VirtualRouter[]>>();
  readonly #deadlines = new Deadlines<VirtualRouter>();
  /** Of those, the {@link isFast} ones once more. */
  readonly #fast = new Deadlines<VirtualRouter>();
  readonly #watchers: RouterWatcher[] = [];
  readonly #ranks = new WeakMap<VirtualRouter, number>();
  #added = 0;
  #all: readonly VirtualRouter[] | undefined;

  /** All of them, oldest first: the same list until one comes or goes. */
  get all(): readonly VirtualRouter[] {
    this.#all ??= [...this.#byKey.values()];
    return this.#all;
  }

  /** Has `watcher` be told from now on. */
  watch(watcher: RouterWatcher): void {
    this.#watchers.push(watcher);
  }

  /** The one of `plan`'s name and family. */
  of(plan: Pick<Plan, "name" | "family">): VirtualRouter | undefined {
    return this.#byKey.get(keyOf(plan));
  }

  /** Those of the instance called `name`: one of each family at most. */
  named(name: string): readonly VirtualRouter[] {
    return [...this.#byInstance.get(name)];
  }

  /** The members of the sync group called `group`. */
  members(group: string): readonly VirtualRouter[] {
    return [...this.#byGroup.get(group)];
  }

  /** Has `router`, or its sync group, so many addresses that a turn is not enough for a step? */
  isLarge({ plan }: VirtualRouter): boolean {
    const { group, virtualAddresses: { length } } = plan;
    if (group === undefined) return length > MOST_AT_ONCE;
    const all = this.members(group);
    return all.reduce((sum, one) => sum + one.plan.virtualAddresses.length, 0) > MOST_AT_ONCE;
  }

  /** Those that rest on the check called `check`. */
  checkedBy(check: string): Iterable<VirtualRouter> {
    return this.#byCheck.get(check);
  }

  /** Those whose floating addresses `address` is one of, on whatever interface. */
  withAddress(address: Ip): Iterable<VirtualRouter> {
    return this.#byAddress.get(formatIp(address));
  }

  /** Those that the interface called `name` matters to. */
  onInterface(name: string): Iterable<VirtualRouter> {
    return this.#byInterface.get(name);
  }

  /** Those that hear adverts with `vrid` at `endpoint`. */
  find(endpoint: Endpoint, vrid: number): readonly VirtualRouter[] {
    return this.#byEndpoint.get(endpointKey(endpoint))?.get(vrid) ?? [];
  }

  /** Those that hear and send at `endpoint`. */
  at(endpoint: Endpoint): readonly VirtualRouter[] {
    return [...this.#byEndpoint.get(endpointKey(endpoint))?.values() ?? []].flat();
  }

  /** Takes `router` in. */
  add(router: VirtualRouter): void {
    this.#byKey.set(keyOf(router.plan), router);
    this.#ranks.set(router, this.#added++);
    this.#all = undefined;
    this.#enter(router);
    this.changed(router);
  }

  /** Takes `router` out. */
  drop(router: VirtualRouter): void {
    this.place(router, undefined);
    this.#leave(router);
    this.#byKey.delete(keyOf(router.plan));
    this.#all = undefined;
    this.#deadlines.set(router, undefined);
    this.#fast.set(router, undefined);
    for (const watcher of this.#watchers) watcher.dropped(router);
  }

  /** `plan` is what `router` runs from now on, by its name. */
  replan(router: VirtualRouter, plan: Plan): void {
    this.#leave(router);
    this.#unhear(router);
    if (keyOf(router.plan) !== keyOf(plan)) {
      this.#byKey.delete(keyOf(router.plan));
      this.#byKey.set(keyOf(plan), router);
      this.#all = undefined;
    }
    router.plan = plan;
    this.#enter(router);
    this.#hear(router);
    this.changed(router);
  }

  /** `router` hears and sends at `endpoint` from now on. */
  place(router: VirtualRouter, endpoint: Endpoint | undefined): void {
    this.#unhear(router);
    router.endpoint = endpoint;
    this.#hear(router);
  }

  /** What `router` waits for may be another time than before. */
  schedule(router: VirtualRouter): void {
    const due = dueOf(router);
    this.#deadlines.set(router, due);
    this.#fast.set(router, isFast(router) ? due : undefined);
  }

  /** When the first of them has something to do. */
  nextDeadline(): Instant | undefined {
    return this.#deadlines.next;
  }

  /** Those that are due at `now`, fast ones first, then oldest first; to be scheduled again. */
  takeDue(now: Instant): readonly VirtualRouter[] {
    const due = this.#deadlines.takeAll(now);
    const rank = (router: VirtualRouter) => this.#ranks.get(router) ?? 0;
    const order = (a: VirtualRouter, b: VirtualRouter) =>
      Number(isFast(b)) - Number(isFast(a)) || rank(a) - rank(b);
    return due.length < 2 ? due : due.toSorted(order);
  }

  /**
   * When the first master has something to do that need not wait for a long step of another router.
   */
  nextFast(): Instant | undefined {
    return this.#fast.next;
  }

  /** Those masters that are due at `now`; they are to be scheduled again. */
  takeFast(now: Instant): readonly VirtualRouter[] {
    return this.#fast.takeAll(now);
  }

  /** Tells the watchers that `router` is another one than before. */
  changed(router: VirtualRouter): void {
    for (const watcher of this.#watchers) watcher.changed(router);
  }

  #enter(router: VirtualRouter): void {
    for (const [index, key] of this.#keysOf(router)) index.add(key, router);
  }

  #leave(router: VirtualRouter): void {
    for (const [index, key] of this.#keysOf(router)) index.delete(key, router);
  }

  #keysOf({ plan }: VirtualRouter): readonly (readonly [index: Index, key: string])[] {
    const { name, group, checks, virtualAddresses } = plan;
    const interfaces = [plan.interface ?? "", ...virtualAddresses.map((one) => one.interface)];
    return [
      [this.#byInstance, name],
      ...(group === undefined ? [] : [[this.#byGroup, group] as const]),
      ...checks.map((check) => [this.#byCheck, check] as const),
      ...virtualAddresses.map(({ prefix }) => [this.#byAddress, formatIp(prefix.address)] as const),
      ...new Set(interfaces).values().map((one) => [this.#byInterface, one] as const),
    ];
  }

  #hear(router: VirtualRouter): void {
    const { endpoint, plan: { rules: { vrid } } } = router;
    if (endpoint === undefined) return;
    const key = endpointKey(endpoint);
    const heard = this.#byEndpoint.get(key) ?? new Map<number, readonly VirtualRouter[]>();
    this.#byEndpoint.set(key, heard.set(vrid, [...heard.get(vrid) ?? [], router]));
  }

  #unhear(router: VirtualRouter): void {
    const { endpoint, plan: { rules: { vrid } } } = router;
    if (endpoint === undefined) return;
    const key = endpointKey(endpoint);
    const heard = this.#byEndpoint.get(key);
    const rest = heard?.get(vrid)?.filter((one) => one !== router) ?? [];
    if (rest.length > 0) heard?.set(vrid, rest);
    else heard?.delete(vrid);
    if (heard?.size === 0) this.#byEndpoint.delete(key);
  }
}

/**
 * When `router` has something to do: by the engine, or since something was refused or left behind.
 */
function dueOf({ state, retryAt }: VirtualRouter): Instant | undefined {
  const due = nextDeadline(state);
  return retryAt === undefined ? due : earliest(due, retryAt);
}

/** Is it a master whose adverts are late soon, and whose step is a short one? */
export function isFast({ state, plan, rules }: VirtualRouter): boolean {
  return state.kind === "master" && rules.advertInterval <= FAST_INTERVAL &&
    plan.virtualAddresses.length <= FEW_ADDRESSES;
}
