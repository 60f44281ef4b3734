/** What runs? The loop: wait for something to happen, ask the engine what to do, do it, look at the next. */
import { type Happening, type Host, HostError } from "../host.ts";
import type { Config } from "../config/config.ts";
import { keyOf, type NodePlan, type Plan } from "../config/plan.ts";
import { plan } from "../config/cluster.ts";
import { type Change, describe, diff } from "../config/diff.ts";
import { betterNodes } from "../config/standing.ts";
import type { StatusDocument } from "../control/api.ts";
import { unreachable } from "../assert.ts";
import { after, earliest, type Instant, seconds, type WallTime } from "../time.ts";
import type { Effect, Fault } from "../vrrp/effect.ts";
import { settle } from "../vrrp/group.ts";
import { type Event, nextDeadline, step } from "../vrrp/instance.ts";
import { nearMiss } from "../vrrp/near_miss.ts";
import { Checks } from "./checks.ts";
import { checkFaults, effectiveRules } from "./eligibility.ts";
import { endpointKey, Endpoints } from "./endpoints.ts";
import type { Journal } from "./journal.ts";
import { labelOf, Once, tellNearMiss, tellTransition } from "./narrate.ts";
import type { Order } from "./order.ts";
import { perform, removeAddresses } from "./perform.ts";
import { leftoverAddresses, missingAddresses, readiness } from "./readiness.ts";
import { Reception } from "./reception.ts";
import type { Observer } from "./record.ts";
import { nearMissRecordOf, recordOf } from "./remember.ts";
import { createRouter, type Router } from "./router.ts";
import { snapshot } from "./snapshot.ts";

/** How long an instance stays in fault after the kernel refused something, before it is tried again. */
const RETRY_AFTER = seconds(5);

/** How long until an address is taken away again whose removal was refused: two nodes may hold it meanwhile. */
const REMOVE_AGAIN_AFTER = seconds(1);

/** A sync group agrees after at most three rounds; more would be a bug, and must not hang the loop. */
const MOST_GROUP_ROUNDS = 4;

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly host: Host<Order>;
  /** Decoded and sound. */
  readonly config: Config;
  /** --node NAME. */
  readonly nodeName: string | undefined;
  /** For status only. */
  readonly configFile: string;
  readonly journal: Journal;
  /** Told of every transition, beside the journal. */
  readonly observers?: readonly Observer[];
}

/** A running floatip: all virtual routers of one node. */
export class Daemon {
  readonly #host: Host<Order>;
  readonly #journal: Journal;
  readonly #options: DaemonOptions;
  readonly #endpoints: Endpoints;
  readonly #reception: Reception;
  readonly #checks = new Checks();
  readonly #started: WallTime;
  #routers: ReadonlyMap<string, Router> = new Map();
  #config: Config;
  #node: NodePlan | undefined;
  #stopping = false;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#journal = options.journal;
    this.#config = options.config;
    this.#endpoints = new Endpoints(options.host);
    this.#reception = new Reception(new Once(options.journal));
    this.#started = options.host.wallTime();
  }

  /** Runs until a stop order: resolves when every address has been given up in order. */
  async run(): Promise<void> {
    this.#replan();
    this.#refresh();
    while (!this.#stopping) {
      // The only await in the loop: everything else happens between two looks at the clock.
      const happenings = await this.#host.wait(this.#nextDeadline());
      for (const happening of happenings) this.#take(happening);
    }
    for (const router of this.#routers.values()) this.#advance(router, { kind: "stop" });
    this.#endpoints.settle([]);
  }

  /** What this node knows now. Cheap and synchronous, so it is one consistent moment. */
  snapshot(): Omit<StatusDocument, "sinks"> {
    return snapshot({
      node: this.#node,
      routers: [...this.#routers.values()],
      config: this.#config,
      checks: this.#checks,
      configFile: this.#options.configFile,
      started: this.#started,
      unknown: this.#reception.unknown,
      now: this.#host.now(),
      wallNow: this.#host.wallTime(),
    });
  }

  #take(happening: Happening<Order>): void {
    switch (happening.kind) {
      case "datagram": {
        const { endpoint, datagram, at } = happening;
        const routers = [...this.#routers.values()];
        for (const heard of this.#reception.take(endpoint, datagram, at, routers)) {
          this.#hear(heard.router, heard.event);
        }
        return;
      }
      case "interfaces":
        this.#replan();
        return this.#refresh();
      case "probe": {
        const { check, result } = happening;
        if (this.#checks.take(check, result, this.#host.now())) this.#refresh();
        return;
      }
      case "order":
        return this.#obey(happening.order);
      case "deadline":
        return this.#actOnDeadlines(this.#host.now());
      default:
        return unreachable(happening);
    }
  }

  #hear(router: Router, event: Event): void {
    const before = router.state;
    this.#advance(router, event);
    const miss = nearMiss(before, router.state, router.rules);
    if (miss === undefined) return;
    router.counters.nearMisses++;
    tellNearMiss(this.#journal, router.plan, miss);
    const record = nearMissRecordOf(miss, router.plan, this.#host.wallTime());
    for (const observer of this.#options.observers ?? []) observer.observeNearMiss?.(record);
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case "stop":
        this.#stopping = true;
        return;
      case "reload": {
        this.#config = order.config;
        const changes = this.#replan();
        this.#refresh();
        return order.reply(changes);
      }
      default:
        return unreachable(order);
    }
  }

  #nextDeadline(): Instant | undefined {
    const deadlines = [...this.#routers.values()].flatMap((router) => [
      nextDeadline(router.state),
      router.retryAt,
    ]);
    return earliest(this.#checks.nextDeadline(), ...deadlines);
  }

  #actOnDeadlines(now: Instant): void {
    for (const check of this.#checks.start(now)) this.#host.startProbe(check);
    for (const router of this.#routers.values()) {
      const due = nextDeadline(router.state);
      if (due !== undefined && due <= now) this.#advance(router, { kind: "deadline" });
      if (router.retryAt !== undefined && router.retryAt <= now) {
        router.retryAt = undefined;
        router.refusal = undefined;
        this.#refresh();
      }
    }
  }

  /** Holds the configuration against the present network and applies the difference; says what changed. */
  #replan(): readonly string[] {
    const machine = { hostName: this.#host.hostName(), interfaces: this.#host.interfaces() };
    const next = plan(this.#config, machine, this.#options.nodeName, this.#node).node;
    const changes = diff(this.#node?.plans ?? [], next.plans);
    this.#node = next;
    this.#checks.settle(next.checks, next.node, this.#host.now());
    for (const change of changes) this.#apply(change);
    return changes.filter((change) => change.kind !== "unchanged").map(describe);
  }

  #apply(change: Change): void {
    switch (change.kind) {
      case "unchanged":
        return this.#keep(change.after);
      case "removed":
        return this.#drop(change.before, "removed from the configuration");
      case "added":
        return this.#create(change.after);
      case "replaced":
        this.#drop(change.before, change.what.join(", "));
        return this.#create(change.after);
      case "changed": {
        const router = this.#routers.get(keyOf(change.after));
        if (router === undefined) return;
        return this.#change(router, change.after);
      }
      default:
        return unreachable(change);
    }
  }

  /** Nothing that matters changed, though the words of a reason to wait may have. */
  #keep(plan: Plan): void {
    const router = this.#routers.get(keyOf(plan));
    if (router !== undefined) router.plan = plan;
  }

  #create(added: Plan): void {
    const router = createRouter(added, this.#host.wallTime());
    this.#routers = new Map(this.#routers).set(keyOf(added), router);
  }

  #drop(dropped: Plan, what: string): void {
    const key = keyOf(dropped);
    const router = this.#routers.get(key);
    if (router === undefined) return;
    this.#advance(router, { kind: "stop", cause: { kind: "reconfigured", what } });
    this.#routers = new Map([...this.#routers].filter(([other]) => other !== key));
  }

  #change(router: Router, next: Plan): void {
    const before = router.plan;
    const kept = new Set(next.held.map((held) => JSON.stringify(held)));
    const gone = before.held.filter((held) => !kept.has(JSON.stringify(held)));
    removeAddresses(gone, router, this.#host, this.#journal);
    const rules = router.rules;
    router.plan = next;
    router.rules = effectiveRules(next, this.#checks);
    this.#advance(router, { kind: "rules", before: rules });
  }

  /** Brings sockets, faults and floating addresses in line with the present network. */
  #refresh(): void {
    const interfaces = this.#host.interfaces();
    const ready = [...this.#routers.values()].map((router) => ({
      router,
      ready: readiness(router.plan, interfaces),
    }));
    const refusals = this.#endpoints.settle(
      ready.flatMap(({ ready: { endpoint, linkIndex } }) =>
        endpoint === undefined ? [] : [{ endpoint, linkIndex }]
      ),
    );
    for (const { router, ready: { endpoint, source, faults } } of ready) {
      router.endpoint = endpoint;
      router.source = source;
      const refusal = endpoint === undefined ? undefined : refusals.get(endpointKey(endpoint));
      if (refusal !== undefined) this.#refuse(router, refusal);
      this.#weigh(router);
      this.#setFaults(router, [...faults, ...checkFaults(router.plan, this.#checks)]);
      if (router.state.kind !== "master") this.#clearLeftovers(router);
      else if (missingAddresses(router.plan, interfaces).length > 0) {
        this.#advance(router, { kind: "addresses-lost" });
      }
    }
  }

  /** Brings the effective priority up to date; a master that fell behind others gives way. */
  #weigh(router: Router): void {
    const before = router.rules;
    const rules = effectiveRules(router.plan, this.#checks);
    if (rules.priority === before.priority) return;
    router.rules = rules;
    this.#journal.write(
      "info",
      `${labelOf(router.plan)}: priority ${before.priority} -> ${rules.priority}`,
    );
    this.#advance(router, { kind: "rules", before });
    if (rules.priority > before.priority || router.state.kind !== "master") return;
    const by = this.#betterNodes(router);
    // A file without [nodes] does not know; and backups that do not preempt would obey the lowest priority for ever.
    const mayBeStuck = this.#config.nodes.length === 0 && !rules.preempt;
    if (by.length === 0 && !mayBeStuck) return;
    const cause = { kind: "outranked", priority: rules.priority, by } as const;
    this.#advance(router, { kind: "release", cause });
  }

  /** The other nodes that the file gives a higher priority than this one has now. */
  #betterNodes({ plan, rules }: Router): readonly string[] {
    const instance = this.#config.instances.find((one) => one.name === plan.name);
    if (instance === undefined) return [];
    return betterNodes(this.#config, instance, this.#node?.node ?? "", rules.priority);
  }

  /** Takes away what a refused removal has left; tries again while it is refused. */
  #clearLeftovers(router: Router): void {
    if (leftoverAddresses(router.plan, this.#host.interfaces()).length === 0) return;
    removeAddresses(router.plan.held, router, this.#host, this.#journal);
    this.#watchLeftovers(router);
  }

  /** Looks again later where a removal was refused. */
  #watchLeftovers(router: Router): void {
    if (leftoverAddresses(router.plan, this.#host.interfaces()).length === 0) return;
    router.retryAt = after(this.#host.now(), REMOVE_AGAIN_AFTER);
  }

  /** Tells `router` the complete list of its faults, and starts it where that has not happened. */
  #setFaults(router: Router, faults: readonly Fault[]): void {
    const all = router.refusal === undefined ? faults : [...faults, router.refusal];
    this.#advance(router, { kind: "faults", faults: all });
    // Faults first: an instance that cannot run starts as fault, without a moment as backup.
    this.#advance(router, { kind: "start" });
  }

  #refuse(router: Router, error: HostError): void {
    router.refusal = refusalOf(error);
    router.retryAt = after(this.#host.now(), RETRY_AFTER);
  }

  /** One step of the engine for `router`, and the steps that follow from it in its sync group. */
  #advance(router: Router, event: Event): void {
    this.#step(router, event);
    const { group } = router.plan;
    if (group === undefined) return;
    for (let round = 0; round < MOST_GROUP_ROUNDS; round++) {
      const members = [...this.#routers.values()].filter((other) => other.plan.group === group);
      const events = settle(members.map(({ plan, state }) => ({ name: keyOf(plan), state })));
      if (events.length === 0) return;
      for (const { name, event } of events) {
        const member = this.#routers.get(name);
        if (member !== undefined) this.#step(member, event);
      }
    }
  }

  #step(router: Router, event: Event): void {
    const { state, effects } = step(router.state, event, this.#host.now(), router.rules);
    router.state = state;
    let refused: HostError | undefined;
    for (const effect of effects) {
      // What follows rests on what was refused; but the state was entered, and that has to be told.
      if (refused !== undefined && effect.kind !== "transition") continue;
      try {
        this.#perform(router, effect);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        refused = error;
      }
    }
    if (refused === undefined) return;
    this.#journal.write("error", `${labelOf(router.plan)}: ${refused.message}`);
    this.#refuse(router, refused);
    this.#step(router, { kind: "faults", faults: [refusalOf(refused)] });
  }

  #perform(router: Router, effect: Effect): void {
    if (effect.kind !== "transition") {
      perform(effect, router, this.#host, this.#journal);
      if (effect.kind === "remove-addresses") this.#watchLeftovers(router);
      return;
    }
    router.since = this.#host.wallTime();
    router.cause = effect.cause;
    if (effect.to === "master") router.counters.masterTransitions++;
    tellTransition(this.#journal, router.plan, effect);
    const record = recordOf(effect, router, this.#node, router.since);
    for (const observer of this.#options.observers ?? []) observer.observe(record);
  }
}

function refusalOf(error: HostError): Fault {
  return { kind: "kernel", words: error.message };
}
