/** Reconciler: configuration and checks against the machine; sockets and addresses follow. */
import { type Host, HostError } from "../host.ts";
import type { Instant } from "../time.ts";
import type { Interfaces } from "../net/interfaces.ts";
import type { Config } from "../config/config.ts";
import type { Change } from "../config/plan/diff.ts";
import type { NodePlan } from "../config/plan/plan.ts";
import type { Cause, Fault } from "../vrrp/event.ts";
import { isHolder } from "../vrrp/state.ts";
import type { Checks } from "./checks.ts";
import type { Driver } from "./driver.ts";
import { endpointKey, Endpoints } from "./machine/endpoints.ts";
import type { Journal } from "./journal/journal.ts";
import { LookQueue } from "./look_queue.ts";
import { PendingReloads, type Reply } from "./pending_reloads.ts";
import { Planner } from "./planner.ts";
import { PlanChanges, type PlanChangesOptions } from "./plan_changes.ts";
import { faultsOf, pendingChecks, Priorities } from "./priority.ts";
import { hasLost, linkPrint, type Readiness, readiness } from "./machine/readiness.ts";
import { networkDifference } from "./machine/network_difference.ts";
import { forgetRefusal, isWorthAnotherTry, putOff } from "./machine/refusals.ts";
import type { ResumeState } from "./resume.ts";
import { resumeRouter, type Resuming, takeOverPlaced } from "./resume_routers.ts";
import type { Reservations } from "./machine/reservation.ts";
import type { Routers } from "./routers.ts";
import { Slice } from "./slice.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"noPreemptUntil" | "source" | "networkFaults" | "links">;

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

/**
 * So many are looked at together, with fewer addresses than this; with more to change, parts of a
 * reload have their own turns.
 */
const BATCH = 4, ADDRESSES = 16, MANY = 32;

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
  /** The network as it was looked at last. */
  #network: Interfaces | undefined;
  /** What is still to be applied, and which routers are still to be looked at. */
  #changes: Change[] = [];
  readonly #queue = new LookQueue();
  readonly #planner: Planner;
  /** Is another plan to follow the one under way? */
  #isPlanDue = false;
  readonly #reloads = new PendingReloads();
  /** Are sockets, VRIDs or peers others than was told? */
  #isHeardAnother = false;
  #slice: Slice | undefined;
  #isStarting = true;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#resumeState = options.resume;
    this.#config = options.config;
    this.#endpoints = new Endpoints(options.host);
    this.#planner = new Planner(options);
    this.#priorities = new Priorities(options);
    this.#planChanges = new PlanChanges({
      ...options,
      touched: (router) => {
        this.#queue.mark(router, "all");
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
    return this.#planner.node;
  }

  /** Everything for the first time, in slices too: masters that resume are due soon. */
  start(): void {
    this.#network = this.#options.host.interfaces();
    this.#plan();
    this.#work();
  }

  /** Is there a virtual router still that was not looked at? */
  get isStarting(): boolean {
    return this.#isStarting;
  }

  /** Puts `config` in force; `reply` gets what changed, one sentence each, when all is applied. */
  reload(config: Config, reply: Reply): void {
    const before = this.#config;
    this.#config = config;
    for (const router of this.#options.routers.all) forgetRefusal(router);
    this.#plan();
    this.#reloads.add(before, config, reply);
    this.#lookAtAll();
    this.#work();
  }

  /** Links or addresses have changed. False: none but those that this program adds and removes. */
  networkChanged(): boolean {
    const { host, routers } = this.#options;
    const [before, now] = [this.#network, host.interfaces()];
    this.#network = now;
    const difference = networkDifference(before, now);
    if (!difference.isOwnDoing) this.#plan();
    this.#queue.markChanged(routers, difference, now);
    this.#work();
    return !difference.isOwnDoing;
  }

  /** What a check says has changed: the routers that rest on it follow. */
  checkChanged(check: string): void {
    for (const router of this.#options.routers.checkedBy(check)) {
      this.#queue.mark(router, "health");
    }
    this.#work();
  }

  /** Looks again at what `router` was refused, or has left behind. */
  lookAgain(router: VirtualRouter): void {
    putOff(router, this.#options.host.now());
    this.#queue.mark(router, "all");
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
    this.#priorities.update(router, this.#config, this.#planner.node?.node ?? "");
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

  /** Stops every router and closes every socket. */
  close(): void {
    const { routers, driver, host } = this.#options;
    for (const router of routers.all) driver.dispatch(router, { kind: "stop" });
    driver.finishAll();
    host.fence.settle(undefined);
    this.closeSockets();
  }

  /** Before a restart in place: the next process opens its own. */
  closeSockets(): void {
    this.#endpoints.closeAll();
    this.#options.host.reserve([]);
  }

  #isIdle(): boolean {
    return this.#changes.length === 0 && this.#queue.isEmpty && this.#reloads.isEmpty &&
      !this.#planner.isBusy;
  }

  #lookAtAll(): void {
    for (const router of this.#options.routers.all) this.#queue.mark(router, "all");
  }

  /** After that of the plan before, whose changes it starts from. */
  #plan(): void {
    this.#isPlanDue = this.#planner.isBusy || this.#changes.length > 0;
    if (!this.#isPlanDue) this.#planner.begin(this.#config);
  }

  /** What there is to do, as far as it fits into this turn. */
  #work(): void {
    const slice = this.#slice ??= new Slice(() => this.#options.host.now());
    if (this.#planner.isBusy) {
      const changes = this.#planner.goOn(slice);
      if (changes === undefined) return;
      this.#changes = this.#planChanges.prepare(changes);
    }
    for (const [index, change] of this.#changes.entries()) {
      const applied = slice.isFull ? undefined : this.#planChanges.apply(change);
      if (applied === undefined) return void this.#changes.splice(0, index);
      this.#reloads.applied(applied);
      slice.add("after" in change ? change.after : change.before);
    }
    this.#changes.length = 0;
    if (this.#isPlanDue) {
      this.#plan();
      return this.#work();
    }
    while (!this.#queue.isEmpty) {
      if (slice.isFull) return;
      this.#lookAtNext(slice);
    }
    this.#startCause = undefined;
    this.#isStarting = false;
    // What was written down counts for the first time only.
    this.#resumeState = undefined;
    if (this.#isHeardAnother) {
      // Once for a whole reload: it grows with all routers, and has a turn of its own with many.
      const isLong = !this.#reloads.isEmpty && this.#options.routers.all.length > MANY;
      if (isLong && !slice.isFresh) return;
      this.#options.heardChanged();
      this.#isHeardAnother = false;
      if (isLong) return;
    }
    this.#reloads.answer(this.#options.nodeName, slice);
  }

  /** Looks at the first routers of the queue. */
  #lookAtNext(slice: Slice): void {
    const { routers } = this.#options;
    const interfaces = this.#options.host.interfaces();
    const batch: VirtualRouter[] = [];
    let addresses = 0;
    for (const [router, scope] of this.#queue) {
      this.#queue.delete(router);
      if (routers.of(router.plan) !== router) continue;
      slice.add(router.plan);
      if (scope === "health") this.#settle(router, router.networkFaults);
      else if (scope === "all" || hasLost(router, interfaces)) batch.push(router);
      addresses += router.plan.virtualAddresses.length;
      if (batch.length >= BATCH || addresses >= ADDRESSES || slice.isFull) break;
    }
    this.#look(batch);
  }

  /**
   * Sockets, faults and floating addresses of `all` follow the network; of one with a step under
   * way, when that is done.
   */
  #look(all: readonly VirtualRouter[]): void {
    const { host, driver, reservations } = this.#options;
    for (const router of all) if (driver.isBusy(router)) this.#queue.mark(router, "all");
    const routers = all.filter((router) => !driver.isBusy(router));
    if (routers.length === 0) return;
    // First of all: what another daemon has is not touched.
    reservations.take(routers);
    for (const router of routers) {
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
    if (driver.isBusy(router)) return void this.#queue.mark(router, "all");
    const links = linkPrint(router.plan, interfaces);
    const isAnother = router.links !== undefined && router.links !== links;
    router.links = links;
    if (!isHolder(router.state)) driver.clearLeftovers(router);
    else if (hasLost(router, interfaces)) {
      driver.dispatch(router, { kind: "addresses-lost" });
    } else if (isAnother) driver.dispatch(router, { kind: "link-changed" });
  }

  /** Its priority, its faults, and whether it is to start. */
  #settle(router: VirtualRouter, faults: readonly Fault[]): void {
    const { driver, checks } = this.#options;
    this.#priorities.update(router, this.#config, this.#planner.node?.node ?? "");
    const { plan } = router;
    const all = faultsOf(router, faults, checks);
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
