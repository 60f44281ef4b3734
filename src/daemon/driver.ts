/**
 * Steps of a virtual router: the engine says what to do; it is done, told, and its sync group
 * follows.
 */
import { type Host, HostError } from "../host.ts";
import { ownAddresses } from "../config/plan/own_address.ts";
import { keyOf } from "../config/plan/plan.ts";
import type { VirtualAddress } from "../net/interfaces.ts";
import { after, earliest, type Instant, seconds } from "../time.ts";
import {
  type Effect,
  type Event,
  type Fault,
  isObservation,
  type Observation,
  type Opinion,
  type Transition,
} from "../vrrp/event.ts";
import { groupEvents } from "../vrrp/sync_group.ts";
import { isHolder } from "../vrrp/state.ts";
import { step } from "../vrrp/step.ts";
import type { Announcer } from "./announcer.ts";
import { isAlike } from "./alike.ts";
import type { Journal } from "./journal/journal.ts";
import type { Metrics } from "./journal/metrics.ts";
import { labelOf, logTransition } from "./journal/log.ts";
import { carriedAs, CarriedSteps } from "./carried_steps.ts";
import { type AddressWork, performEffect, removingAddresses, type Sealer } from "./effects.ts";
import { FastMasters } from "./fast_masters.ts";
import { informed } from "./informed.ts";
import type { LeaseGate } from "./exclusive/gate.ts";
import { removingLeftovers } from "./leftovers.ts";
import { leftoverAddresses } from "./machine/readiness.ts";
import { forgive, LOOK_AGAIN_AFTER, surroundingsOf } from "./machine/refusals.ts";
import { type Look, pictures } from "./pictures.ts";
import type { Observer } from "./journal/record.ts";
import { recordOf } from "./journal/remember.ts";
import type { Routers } from "./routers.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<
  "refusal" | "retryAt" | "refused" | "state" | "since" | "entered" | "cause"
>;

/**
 * How long an instance stays in fault after the kernel refused something, before it is tried again.
 */
const RETRY_AFTER = seconds(5);

/**
 * How long until an address is taken away again whose removal was refused: two nodes may hold it
 * meanwhile.
 */
const REMOVE_AGAIN_AFTER = seconds(1);

/**
 * A sync group agrees after at most three rounds; more would be a bug, and must not hang the loop.
 */
const MOST_GROUP_ROUNDS = 4;

/** What a driver works with. */
export interface DriverOptions {
  readonly host: Host;
  readonly journal: Journal;
  readonly routers: Routers;
  readonly announcer: Announcer;
  /** Told of every transition, beside the journal. */
  readonly observers: readonly Observer[];
  readonly metrics: Metrics;
  /** This node's name, for records. */
  readonly nodeName: () => string;
  /** Told of what the engine has seen. */
  readonly onObservation?: (router: VirtualRouter, seen: Observation) => void;
  /** What the nodes report of the holder of its addresses. */
  readonly opinionOf?: (router: VirtualRouter) => Opinion | undefined;
  /** `message` as it is sent to `to`. */
  readonly sealAdvert?: Sealer;
  /** Asks the nodes for their reports. */
  readonly askNodes?: (router: VirtualRouter) => void;
  /** Leases of exclusive instances. */
  readonly leases?: () => LeaseGate | undefined;
  /** Called when a master leaves, or begins to, before the others are told. */
  readonly beforeLeaving?: (router: VirtualRouter) => void;
}

/** Steps the virtual routers of one node. */
export class Driver {
  readonly #options: DriverOptions;
  readonly #host: Host;
  readonly #journal: Journal;
  /** Masters with fast adverts have their turn in the middle of other work. */
  readonly fast: FastMasters;
  #advertisedAt: Instant | undefined;
  /** By router, or by the sync group that its steps involve. */
  readonly #carried = new CarriedSteps<VirtualRouter | string>();
  /** How often the network was changed by others. */
  #networks = 0;

  constructor(options: DriverOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#journal = options.journal;
    this.fast = new FastMasters({
      ...options,
      isBusy: (router) => this.isBusy(router),
      advertise: (router) => this.dispatch(router, { kind: "deadline" }),
    });
  }

  /** When a master of this node advertised last. */
  get advertisedAt(): Instant | undefined {
    return this.#advertisedAt;
  }

  /**
   * One step of the engine for `router`, and the steps that follow from it in its sync group. At
   * once; but of many addresses the first ones, and the others in later turns. Where such a step is
   * under way, this one follows it.
   */
  dispatch(router: VirtualRouter, event: Event): void {
    const isRepeated = event.kind === "advert" || event.kind === "address-conflict";
    this.carry(router, () => this.steps(router, event), isRepeated);
  }

  /** The same with other work for `router`. `isRepeated`: {@link CarriedSteps.follow}. */
  carry(router: VirtualRouter, begin: () => AddressWork, isRepeated = false): void {
    const key = carriedAs(router);
    if (this.#carried.has(key)) return this.#carried.follow(key, begin, isRepeated);
    const parts = begin();
    if (!this.#options.routers.isLarge(router)) return this.#exhaust(router, parts);
    const { done, value } = parts.next();
    if (done === true) return;
    this.#carried.add(key, parts);
    this.fast.between(key, value);
  }

  /** Is a step of `router`, or of any, under way? */
  isBusy(router?: VirtualRouter): boolean {
    return router === undefined ? !this.#carried.isEmpty : this.#carried.has(carriedAs(router));
  }

  /** Where a step of `router` is under way, it goes on before the others. */
  hurry(router: VirtualRouter): boolean {
    return this.#carried.hurry(carriedAs(router));
  }

  /** Finishes all steps that are under way. */
  finishAll(): void {
    this.#carried.finish((key, count) => this.fast.between(key, count));
  }

  /** When steps under way go on. */
  nextDeadline(): Instant | undefined {
    return this.#carried.isEmpty ? undefined : this.#host.now();
  }

  /** Goes on with steps that are under way. */
  tick(): void {
    this.#carried.goOn(() => this.#host.now(), (key, count) => this.fast.between(key, count));
  }

  /** Something else has changed the network. */
  networkChanged(): void {
    this.#networks++;
  }

  #exhaust(router: VirtualRouter, parts: Iterable<number>): void {
    for (const count of parts) this.fast.between(carriedAs(router), count);
  }

  #look(): Look {
    return pictures(() => this.#networks, () => this.#host.interfaces());
  }

  /** The steps of {@link Driver.dispatch}, as a part of {@link Driver.carry}. */
  steps(router: VirtualRouter, event: Event): AddressWork {
    const { group } = router.plan;
    const own = this.#advance(router, event);
    return group === undefined ? own : this.#grouped(own, group);
  }

  *#grouped(own: AddressWork, group: string): AddressWork {
    yield* own;
    const members = this.#options.routers.members(group);
    const byName = new Map(members.map((member) => [keyOf(member.plan), member]));
    for (let round = 0; round < MOST_GROUP_ROUNDS; round++) {
      const events = groupEvents([...byName].map(([name, { state }]) => ({ name, state })));
      if (events.length === 0) return;
      for (const { name, event } of events) {
        const member = byName.get(name);
        if (member !== undefined) yield* this.#advance(member, event);
      }
    }
  }

  *#advance(router: VirtualRouter, event: Event): AddressWork {
    const { routers } = this.#options;
    const { state, entered } = router;
    const ended = this.#leases(router)?.ended(router);
    if (ended !== undefined) yield* this.#step(router, { kind: "lease-ended", words: ended });
    yield* this.#step(router, event);
    this.#leases(router)?.stepped(router);
    routers.schedule(router);
    if (router.entered !== entered || !isAlike(state, router.state)) routers.changed(router);
  }

  /**
   * The host said no to a socket: the instance is in fault until it is tried again, which does no
   * harm.
   */
  refuse(router: VirtualRouter, error: HostError): void {
    router.refusal = refusalOf(error);
    router.retryAt = after(this.#host.now(), RETRY_AFTER);
  }

  /**
   * The host said no to an address: the instance is in fault until it may try again (refusals.ts).
   */
  #refuseAddress(router: VirtualRouter, error: HostError): void {
    const now = this.#host.now();
    const attempts = (router.refused?.attempts ?? 0) + 1;
    const surroundings = surroundingsOf(router.plan, this.#host.interfaces());
    router.refused = { attempts, at: now, surroundings };
    router.refusal = refusalOf(error);
    router.retryAt = after(now, LOOK_AGAIN_AFTER);
    const label = labelOf(router.plan);
    this.#journal.write("error", `${label}: ${error.message}`);
    if (attempts > 1) return;
    const when = "once no other node is master, or when its links or the file change";
    this.#journal.write("info", `${label}: tries again ${when}`);
  }

  /** Has all wait for `router`, a master, as long as can be from now. Never throws. */
  refreshMaster(router: VirtualRouter): void {
    if (this.#leases(router)?.ended(router) !== undefined) return;
    const look = () => this.#host.interfaces();
    try {
      for (const kind of ["send-advert", "renew-addresses"] as const) {
        const effect = { kind, priority: router.rules.priority };
        this.#exhaust(router, this.#perform(router, effect, look) ?? []);
      }
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
  }

  /**
   * Takes away what a refused removal, or a dead process, has left; tries again while it is
   * refused.
   */
  clearLeftovers(router: VirtualRouter): void {
    if (leftoverAddresses(router.plan, this.#host.interfaces()).length === 0) return;
    this.carry(router, () => this.#clearing(router));
  }

  *#clearing(router: VirtualRouter): AddressWork {
    if (isHolder(router.state)) return;
    yield* this.removing(router.plan.virtualAddresses, router);
    this.#watchLeftovers(router);
    this.#options.routers.schedule(router);
  }

  /** Takes `addresses` of `router` away, for {@link Driver.carry}. Never throws. */
  removing(addresses: readonly VirtualAddress[], router: VirtualRouter): AddressWork {
    return removingAddresses(addresses, router, this.#host, this.#journal, this.#look());
  }

  /**
   * Takes away what a killed program has left of the addresses of `router`, which is not master,
   * once another node is heard to be it; looks again until then.
   */
  clearForeign(router: VirtualRouter): void {
    const own = ownAddresses(router.plan, this.#host.interfaces(), router.placed);
    if (own.length === 0 || router.elsewhere !== undefined) return;
    router.retryAt = earliest(router.retryAt, after(this.#host.now(), LOOK_AGAIN_AFTER));
    this.carry(router, () => removingLeftovers(own, router, this.#host, this.#journal));
  }

  /** Looks again later where a removal was refused. */
  #watchLeftovers(router: VirtualRouter): void {
    if (leftoverAddresses(router.plan, this.#host.interfaces()).length === 0) return;
    router.retryAt = after(this.#host.now(), REMOVE_AGAIN_AFTER);
  }

  *#step(router: VirtualRouter, event: Event): AddressWork {
    const before = router.state.kind;
    const { state, effects, transition } = step(
      router.state,
      informed(router, event, this.#host.now(), this.#options),
      this.#host.now(),
      router.rules,
    );
    router.state = state;
    if (before === "master" && state.kind !== "master") this.#options.beforeLeaving?.(router);
    let refused: HostError | undefined;
    const look = this.#look();
    for (const effect of effects) {
      // What follows rests on what was refused.
      if (refused !== undefined) break;
      try {
        const parts = this.#perform(router, effect, look);
        if (parts !== undefined) yield* parts;
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refused = error;
      }
    }
    // What waits for a lease is not to wait for what is told and written down.
    if (refused === undefined) this.#leases(router)?.stepped(router);
    // The state was entered all the same, and that has to be told.
    if (transition !== undefined) this.#tell(router, transition);
    if (refused === undefined) {
      if (effects.some(({ kind }) => kind === "add-addresses")) forgive(router, this.#host.now());
      return;
    }
    this.#refuseAddress(router, refused);
    yield* this.#step(router, { kind: "faults", faults: [refusalOf(refused)] });
  }

  #leases(router: VirtualRouter) {
    return router.plan.exclusive === undefined ? undefined : this.#options.leases?.();
  }

  /** Undefined: it is done. */
  #perform(router: VirtualRouter, effect: Effect, look: Look): AddressWork | undefined {
    const { announcer, sealAdvert, onObservation, askNodes } = this.#options;
    if (isObservation(effect)) {
      onObservation?.(router, effect);
      return undefined;
    }
    if (effect.kind === "ask-nodes") {
      askNodes?.(router);
      return undefined;
    }
    const [host, journal] = [this.#host, this.#journal];
    const parts = performEffect(effect, router, host, journal, announcer, look, sealAdvert);
    if (effect.kind === "send-advert") this.#sent(router, effect.priority);
    if (parts === undefined) return undefined;
    if (effect.kind === "remove-addresses") return this.#leavingNothing(router, parts);
    if (effect.kind !== "renew-addresses") return parts;
    // Renewals go out together (decision 0071).
    this.#exhaust(router, parts);
    return undefined;
  }

  *#leavingNothing(router: VirtualRouter, parts: AddressWork): AddressWork {
    yield* parts;
    this.#watchLeftovers(router);
  }

  #sent(router: VirtualRouter, priority: number): void {
    this.#options.metrics.sent(router, priority, this.#host.now());
    if (priority > 0) this.#leases(router)?.advertised(router);
    const at = router.advertisedAt;
    if (at !== undefined && at > (this.#advertisedAt ?? 0)) this.#advertisedAt = at;
  }

  #tell(router: VirtualRouter, transition: Transition): void {
    router.since = this.#host.wallTime();
    router.entered = this.#host.now();
    router.cause = transition.cause;
    if (transition.to === "master") router.counters.masterTransitions++;
    logTransition(this.#journal, router.plan, transition);
    const record = recordOf(transition, router, this.#options.nodeName(), router.since);
    for (const observer of this.#options.observers) observer.observe(record);
  }
}

function refusalOf(error: HostError): Fault {
  return { kind: "kernel", message: error.message };
}
