/** Reconciler: configuration and checks against the machine; sockets and addresses follow. */
import { type Host, HostError } from "../host.ts";
import { after, type Instant } from "../time.ts";
import type { Interfaces } from "../net/interfaces.ts";
import { planNode } from "../config/plan/plan_node.ts";
import type { Config } from "../config/config.ts";
import { type Change, diff } from "../config/plan/diff.ts";
import type { NodePlan } from "../config/plan/plan.ts";
import type { Cause, Fault } from "../vrrp/event.ts";
import { isHolder, isOut, nameOf } from "../vrrp/state.ts";
import type { Checks } from "./checks.ts";
import type { Driver } from "./driver.ts";
import { endpointKey, Endpoints } from "./machine/endpoints.ts";
import type { Journal } from "./journal/journal.ts";
import { PendingReloads, type Reply } from "./pending_reloads.ts";
import { PlanChanges, type PlanChangesOptions } from "./plan_changes.ts";
import { checkFaults, pendingChecks, pendingFaults, Priorities } from "./priority.ts";
import { linkPrint, missingAddresses, type Readiness, readiness } from "./machine/readiness.ts";
import { mastersWithout, networkDifference } from "./machine/network_difference.ts";
import {
  forgetRefusal,
  isWorthAnotherTry,
  LOOK_AGAIN_AFTER,
  mayTryAgain,
} from "./machine/refusals.ts";
import type { ResumeState } from "./resume.ts";
import { resumeRouter, type Resuming, takeOverPlaced } from "./resume_routers.ts";
import { reservationFaults, type Reservations } from "./machine/reservation.ts";
import type { Routers } from "./routers.ts";
import { Slice } from "./slice.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** What a reconciler works with. */
export interface ReconcilerOptions
  extends Pick<PlanChangesOptions, "willLeave">, Pick<Resuming, "mayGoOn"> {
  readonly host: Host;
  readonly config: Config;
  /** --node NAME. */
  readonly nodeName: string | undefined;
  readonly journal: Journal;
  readonly routers: Routers;
  readonly driver: Driver;
  readonly checks: Checks;
  readonly reservations: Reservations;
  /** What the process before this one wrote down. */
  readonly resume: ResumeState | undefined;
  /** Called where sockets were opened or closed, or what they are to hear has changed. */
  readonly heardChanged: () => void;
}

/** How much of a router is looked at: all of it, or what health checks make of it. */
type Scope = "all" | "health";

/** So many are looked at together; with more to change, parts of a reload have their own turns. */
const BATCH = 4, MANY = 32;

/** Makes the virtual routers of one node what configuration, checks and machine say. */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #endpoints: Endpoints<VirtualRouter>;
  readonly #priorities: Priorities;
  readonly #planChanges: PlanChanges;
  #resumeState: ResumeState | undefined;
  /** Do virtual routers take no part, for maintenance or since the end is near? */
  #isStandingDown = false;
  /** Why those are started that are started next, if for a particular reason. */
  #startCause: Cause | undefined;
  #config: Config;
  #node: NodePlan | undefined;
  /** The network as it was looked at last. */
  #network: Interfaces | undefined;
  /** What is still to be applied, and which routers are still to be looked at. */
  #changes: Change[] = [];
  readonly #queue = new Map<VirtualRouter, Scope>();
  readonly #reloads = new PendingReloads();
  /** Are sockets, VRIDs or peers others than was told? */
  #isHeardAnother = false;
  #slice: Slice | undefined;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#resumeState = options.resume;
    this.#config = options.config;
    this.#endpoints = new Endpoints(options.host);
    this.#priorities = new Priorities(options);
    this.#planChanges = new PlanChanges({
      ...options,
      touched: (router) => {
        this.#queue.set(router, "all");
        this.#isHeardAnother = true;
      },
      dropped: (router) => {
        this.#endpoints.release(router);
        options.reservations.release(router);
        this.#queue.delete(router);
        this.#isHeardAnother = true;
      },
    });
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** What this node is; undefined before {@link Reconciler.start}. */
  get node(): NodePlan | undefined {
    return this.#node;
  }

  /** Everything for the first time, and in one go: there is nothing yet that could be late. */
  start(): void {
    this.#network = this.#options.host.interfaces();
    this.#plan();
    for (const change of this.#changes.splice(0)) this.#planChanges.apply(change);
    this.#look([...this.#queue.keys()]);
    this.#queue.clear();
    this.#tellHeard();
    // What was written down counts for the first time only.
    this.#resumeState = undefined;
  }

  /** Puts `config` in force; `reply` gets what changed, one sentence each, when all is applied. */
  reload(config: Config, reply: Reply): void {
    const before = this.#config;
    this.#config = config;
    for (const router of this.#options.routers.all) forgetRefusal(router);
    this.#plan();
    this.#reloads.add(before, config, reply);
    this.#lookAtAll();
    // To plan is a turn's work where there are many.
    this.#slice ??= new Slice(() => this.#options.host.now());
    if (this.#isLarge()) this.#slice.fill();
    this.#work();
  }

  /** Links or addresses have changed. False: none but those that this program adds and removes. */
  networkChanged(): boolean {
    const { host, routers } = this.#options;
    const [before, now] = [this.#network, host.interfaces()];
    this.#network = now;
    const { links, addresses, isOwnDoing } = networkDifference(before, now);
    if (!isOwnDoing) this.#plan();
    for (const name of links) {
      for (const router of routers.onInterface(name)) this.#queue.set(router, "all");
    }
    for (const { prefix } of addresses) {
      for (const router of routers.withAddress(prefix.address)) this.#queue.set(router, "all");
    }
    if (!isOwnDoing) this.#lookAtUnready(links);
    for (const router of mastersWithout(routers.all, now)) this.#queue.set(router, "all");
    this.#work();
    return !isOwnDoing;
  }

  /** What a check says has changed: the routers that rest on it follow. */
  checkChanged(check: string): void {
    for (const router of this.#options.routers.checkedBy(check)) {
      if (!this.#queue.has(router)) this.#queue.set(router, "health");
    }
    this.#work();
  }

  /** Looks again at what `router` was refused, or has left behind. */
  lookAgain(router: VirtualRouter): void {
    const now = this.#options.host.now();
    const { refused, refusal } = router;
    const mustWait = refused !== undefined && refusal !== undefined &&
      !mayTryAgain(router, refused, now);
    if (!mustWait) router.refusal = undefined;
    router.retryAt = mustWait ? after(now, LOOK_AGAIN_AFTER) : undefined;
    this.#queue.set(router, "all");
    this.#work();
  }

  /** No virtual router is started from now on. */
  standDown(): void {
    this.#isStandingDown = true;
  }

  /** Virtual routers take part again, for `cause` where it is not a plain start. */
  takePart(cause?: Cause): void {
    this.#isStandingDown = false;
    this.#startCause = cause;
    this.#lookAtAll();
    this.#work();
  }

  /** `router` was handed over by hand, or (undefined) goes by the priorities again. */
  setNoPreempt(router: VirtualRouter, until: VirtualRouter["noPreemptUntil"]): void {
    router.noPreemptUntil = until;
    this.#priorities.update(router, this.#config, this.#node?.node ?? "");
    this.#options.routers.changed(router);
  }

  /** Goes on at once where there is more to do than fits into a turn. */
  nextDeadline(): Instant | undefined {
    return this.#isIdle() ? undefined : this.#options.host.now();
  }

  /** Goes on with what is left, unless this turn has had its slice. */
  tick(): void {
    if (!this.#isIdle()) this.#work();
    this.#slice = undefined;
  }

  /** Before a restart in place: a last advert, a whole lease, and no more sockets. */
  park(): void {
    const { routers, driver, host } = this.#options;
    const masters = routers.all.filter(({ state }) => state.kind === "master");
    for (const router of masters) driver.refreshMaster(router);
    this.#endpoints.closeAll();
    host.reserve([]);
  }

  /** Stops every router and closes every socket. */
  close(): void {
    const { routers, driver, host } = this.#options;
    for (const router of routers.all) driver.dispatch(router, { kind: "stop" });
    host.fence.settle(undefined);
    this.#endpoints.closeAll();
    host.reserve([]);
  }

  /** Once for a whole reload: it is work that grows with all routers. */
  #tellHeard(): void {
    if (this.#isHeardAnother) this.#options.heardChanged();
    this.#isHeardAnother = false;
  }

  #isIdle(): boolean {
    return this.#changes.length === 0 && this.#queue.size === 0 && this.#reloads.isEmpty;
  }

  #lookAtAll(): void {
    for (const router of this.#options.routers.all) this.#queue.set(router, "all");
  }

  /** Routers that the network does not suit, or whose adverts leave by one of `links`. */
  #lookAtUnready(links: ReadonlySet<string>): void {
    for (const router of this.#options.routers.all) {
      const { endpoint, source, plan, state } = router;
      const isReady = endpoint !== undefined && source !== undefined && !isOut(state) &&
        plan.waiting.length === 0;
      if (!isReady || links.has(endpoint.interface)) this.#queue.set(router, "all");
    }
  }

  /** Holds the configuration against the present network; the difference is to be applied. */
  #plan(): void {
    const { host, nodeName, routers, checks } = this.#options;
    const machine = { hostName: host.hostName(), interfaces: host.interfaces() };
    const next = planNode(this.#config, machine, nodeName, this.#node).node;
    const changes = diff(routers.all.map(({ plan }) => plan), next.plans);
    this.#node = next;
    checks.settle(next.checks, next.node, host.now());
    this.#changes = this.#planChanges.prepare(changes);
  }

  /** What there is to do, as far as it fits into this turn. */
  #work(): void {
    const slice = this.#slice ??= new Slice(() => this.#options.host.now());
    for (const [index, change] of this.#changes.entries()) {
      const applied = slice.isFull ? undefined : this.#planChanges.apply(change);
      if (applied === undefined) return void this.#changes.splice(0, index);
      this.#reloads.applied(applied);
      slice.add("after" in change ? change.after : change.before);
    }
    this.#changes.length = 0;
    while (this.#queue.size > 0) {
      if (slice.isFull) return;
      this.#lookAtNext(slice);
    }
    this.#startCause = undefined;
    // What is left is long where many have changed: each part has a turn of its own.
    const isLong = !this.#reloads.isEmpty && this.#isLarge();
    if (isLong && !slice.isFresh) return;
    const isTold = isLong && this.#isHeardAnother;
    this.#tellHeard();
    if (!isTold) this.#reloads.finish(this.#options.nodeName);
  }

  #isLarge(): boolean {
    return this.#options.routers.all.length + this.#changes.length > MANY;
  }

  /** Looks at the first routers of the queue. */
  #lookAtNext(slice: Slice): void {
    const batch: VirtualRouter[] = [];
    for (const [router, scope] of this.#queue) {
      this.#queue.delete(router);
      if (this.#options.routers.of(router.plan) !== router) continue;
      slice.add(router.plan);
      if (scope === "all") batch.push(router);
      else this.#settle(router, router.networkFaults);
      if (batch.length >= BATCH || slice.isFull) break;
    }
    this.#look(batch);
  }

  /** Sockets, faults and floating addresses of `routers` follow the network. */
  #look(routers: readonly VirtualRouter[]): void {
    if (routers.length === 0) return;
    const { host, driver, reservations } = this.#options;
    // First of all: what another daemon has is not touched.
    reservations.take(routers);
    for (const router of routers) {
      driver.finish(router);
      if (this.#resumeState !== undefined) takeOverPlaced(router, this.#resumeState, host);
      if (!isHolder(router.state)) driver.clearForeign(router);
    }
    const interfaces = host.interfaces();
    const gateways = host.gateways();
    const ready = routers.map((router) => ({
      router,
      ready: readiness(router.plan, interfaces, { placed: router.placed, gateways }),
    }));
    // What is needed no more is closed first: a port may be needed on another link.
    for (const { router, ready: { endpoint, linkIndex } } of ready) {
      this.#endpoints.release(router, endpoint, linkIndex);
    }
    const refusals = new Map<string, HostError>();
    for (const { router, ready: found } of ready) {
      const refusal = this.#open(router, found, refusals);
      this.#lookAt(router, found, refusal, interfaces);
      this.#options.routers.schedule(router);
    }
  }

  #open(
    router: VirtualRouter,
    { endpoint, linkIndex, source }: Readiness,
    refusals: Map<string, HostError>,
  ): HostError | undefined {
    const { routers } = this.#options;
    const before = router.endpoint;
    const isSame = before !== undefined && endpoint !== undefined &&
      endpointKey(before) === endpointKey(endpoint);
    router.source = source;
    if (!isSame) {
      routers.place(router, endpoint);
      this.#isHeardAnother = true;
    }
    if (endpoint === undefined) return undefined;
    const refused = refusals.get(endpointKey(endpoint));
    if (refused !== undefined) return refused;
    const outcome = this.#endpoints.need(router, endpoint, linkIndex);
    if (outcome === "opened") this.#isHeardAnother = true;
    if (!(outcome instanceof HostError)) return undefined;
    refusals.set(endpointKey(endpoint), outcome);
    return outcome;
  }

  #lookAt(
    router: VirtualRouter,
    { faults }: Readiness,
    refusal: HostError | undefined,
    interfaces: Interfaces,
  ): void {
    const { driver } = this.#options;
    if (isWorthAnotherTry(router, interfaces)) forgetRefusal(router);
    router.networkFaults = faults;
    if (refusal !== undefined) driver.refuse(router, refusal);
    this.#settle(router, faults);
    const links = linkPrint(router.plan, interfaces);
    const isAnother = router.links !== undefined && router.links !== links;
    router.links = links;
    if (!isHolder(router.state)) driver.clearLeftovers(router);
    else if (missingAddresses(router.plan, interfaces).length > 0) {
      driver.dispatch(router, { kind: "addresses-lost" });
    } else if (isAnother) driver.dispatch(router, { kind: "link-changed" });
  }

  /** Its priority, its faults, and whether it is to start. */
  #settle(router: VirtualRouter, faults: readonly Fault[]): void {
    const { driver, checks } = this.#options;
    this.#priorities.update(router, this.#config, this.#node?.node ?? "");
    const { plan } = router;
    const inFault = nameOf(router.state) === "fault";
    const pending = inFault ? pendingFaults(plan, checks) : [];
    const reserved = reservationFaults(router);
    const known = [...reserved, ...faults, ...checkFaults(plan, checks), ...pending];
    const all = router.refusal === undefined ? known : [...known, router.refusal];
    driver.dispatch(router, { kind: "faults", faults: all });
    // Faults first: an instance that cannot run starts as fault, without a moment as backup.
    if (this.#isStandingDown) return;
    if (this.#resumeState !== undefined) {
      resumeRouter(
        router,
        this.#resumeState,
        this.#options,
        (until) => this.setNoPreempt(router, until),
      );
    }
    // A fault that is known needs no first result.
    if (all.length === 0 && pendingChecks(plan, checks).length > 0) return;
    const cause = this.#startCause;
    driver.dispatch(router, cause === undefined ? { kind: "start" } : { kind: "start", cause });
  }
}
