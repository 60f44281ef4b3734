/** Which virtual routers does this node run, and is the network ready for each? The configuration held against the machine. */
import type { Endpoint, Host, HostError } from "../host.ts";
import { after, type Nanoseconds, nanoseconds, type WallTime } from "../time.ts";
import { formatIp } from "../net/ip.ts";
import type { Interfaces } from "../net/interfaces.ts";
import { planNode } from "../config/plan/plan_node.ts";
import type { Config } from "../config/config.ts";
import { type Change, describeReload, diff } from "../config/plan/diff.ts";
import { keyOf, type NodePlan, type Plan } from "../config/plan/plan.ts";
import { betterNodes } from "../config/plan/node_priorities.ts";
import type { Cause, Event, Fault } from "../vrrp/event.ts";
import { isHolder, nameOf } from "../vrrp/state.ts";
import { Checks } from "./checks.ts";
import {
  checkFaults,
  effectiveRules,
  pendingChecks,
  pendingFaults,
  priorityReason,
} from "./priority.ts";
import { endpointKey, Endpoints } from "./endpoints.ts";
import type { Journal } from "./journal.ts";
import { causeText, labelOf } from "./log.ts";
import { removeAddresses } from "./effects.ts";
import { linkPrint, missingAddresses, readiness } from "./readiness.ts";
import { LOOK_AGAIN_AFTER, mayTryAgain, surroundingsOf } from "./refusals.ts";
import { judgementsOf, mayResume, type ResumeState, routerResumeOf, wasHolding } from "./resume.ts";
import { reservationFaults, reserveRouters } from "./reservation.ts";
import { createVirtualRouter, type VirtualRouter } from "./virtual_router.ts";
import type { Driver } from "./driver.ts";

/** What a roster works with. */
export interface RoutersOptions {
  readonly host: Host;
  readonly config: Config;
  /** --node NAME. */
  readonly nodeName: string | undefined;
  readonly journal: Journal;
  readonly driver: Driver;
  /** What the process before this one wrote down. */
  readonly resume: ResumeState | undefined;
}

/** So many new routers of a reload start in one turn: a millisecond or two. */
const MOST_STARTED = 16;

/** The virtual routers of one node, and the checks that they rest on. */
export class Routers {
  readonly checks: Checks;
  readonly #host: Host;
  readonly #journal: Journal;
  readonly #driver: Driver;
  readonly #nodeName: string | undefined;
  readonly #endpoints: Endpoints;
  #resumeState: ResumeState | undefined;
  /** Has the first {@link Routers.refresh} been done? */
  #isSetUp = false;
  /** Is nobody to be started, for maintenance or since the end is near? */
  out = false;
  /** Why those are started that are started next; undefined: for no particular reason. */
  startReason: Cause | undefined;
  readonly #routers = new Map<string, VirtualRouter>();
  #config: Config;
  #node: NodePlan | undefined;

  constructor({ host, config, nodeName, journal, driver: stepper, resume: note }: RoutersOptions) {
    this.#resumeState = note;
    this.checks = new Checks(judgementsOf(note, host.boot()));
    this.#host = host;
    this.#config = config;
    this.#nodeName = nodeName;
    this.#journal = journal;
    this.#driver = stepper;
    this.#endpoints = new Endpoints(host);
  }

  /** All virtual routers, in the order of the file. */
  get routers(): readonly VirtualRouter[] {
    return [...this.#routers.values()];
  }

  /** Those that hear and send at `endpoint`. */
  at(endpoint: Endpoint): readonly VirtualRouter[] {
    const key = endpointKey(endpoint);
    return this.routers.filter((router) =>
      router.endpoint !== undefined && endpointKey(router.endpoint) === key
    );
  }

  /** The configuration in force. */
  get config(): Config {
    return this.#config;
  }

  /** What this node is; undefined before the first {@link Routers.replan}. */
  get node(): NodePlan | undefined {
    return this.#node;
  }

  /** One step for `router` and its sync group. */
  dispatch(router: VirtualRouter, event: Event): void {
    this.#driver.dispatch(router, event, this.#routers.values());
  }

  /** Puts `config` in force; says what changed, one sentence each. */
  reload(config: Config): readonly string[] {
    const before = this.#config;
    this.#config = config;
    for (const router of this.routers) forget(router);
    const changes = this.replan();
    this.refresh();
    return describeReload(before, config, changes, this.#nodeName);
  }

  /** Holds the configuration against the present network and applies the difference. */
  replan(): readonly Change[] {
    const machine = { hostName: this.#host.hostName(), interfaces: this.#host.interfaces() };
    const next = planNode(this.#config, machine, this.#nodeName, this.#node).node;
    const changes = diff(this.#node?.plans ?? [], next.plans);
    this.#node = next;
    this.#driver.nodeName = next.node;
    this.checks.settle(next.checks, next.node, this.#host.now());
    return changes.map((change) => this.#apply(change));
  }

  /** Brings sockets, faults and floating addresses in line with the present network. */
  refresh(): void {
    this.#refresh(this.#putOff());
    this.#isSetUp = true;
    // What was written down counts for the first time only.
    this.#resumeState = undefined;
  }

  /**
   * Those of the new routers of a reload that start in later turns: hundreds at once would keep the
   * others' adverts waiting. All start at once when the daemon does, which has none yet.
   */
  #putOff(): ReadonlySet<VirtualRouter> {
    if (!this.#isSetUp) return new Set();
    const fresh = this.routers.filter(({ links }) => links === undefined);
    const [next] = fresh.slice(MOST_STARTED);
    if (next !== undefined) next.retryAt = this.#host.now();
    return new Set(fresh.slice(MOST_STARTED));
  }

  #refresh(putOff: ReadonlySet<VirtualRouter>): void {
    const routers = this.routers.filter((router) => !putOff.has(router));
    // First of all: what another daemon has is not touched.
    reserveRouters(routers, this.#host);
    const boot = this.#resumeState && this.#host.boot();
    for (const router of routers) {
      if (boot !== undefined && wasHolding(router.plan, this.#resumeState, boot)) placeAll(router);
      if (!isHolder(router.state)) this.#driver.clearForeign(router);
    }
    const interfaces = this.#host.interfaces();
    const gateways = this.#host.gateways();
    const ready = routers.map((router) => ({
      router,
      ready: readiness(router.plan, interfaces, { placed: router.placed, gateways }),
    }));
    const refusals = this.#endpoints.settle(
      ready.flatMap(({ ready: { endpoint, linkIndex } }) =>
        endpoint === undefined ? [] : [{ endpoint, linkIndex }]
      ),
    );
    for (const { router, ready: { endpoint, source, faults } } of ready) {
      if (isChanged(router, interfaces)) forget(router);
      router.endpoint = endpoint;
      router.source = source;
      const refusal = endpoint === undefined ? undefined : refusals.get(endpointKey(endpoint));
      this.#settle(router, faults, refusal);
      const links = linkPrint(router.plan, interfaces);
      const isAnother = router.links !== undefined && router.links !== links;
      router.links = links;
      if (!isHolder(router.state)) this.#driver.clearLeftovers(router);
      else if (missingAddresses(router.plan, interfaces).length > 0) {
        this.dispatch(router, { kind: "addresses-lost" });
      } else if (isAnother) this.dispatch(router, { kind: "link-changed" });
    }
  }

  /** Looks again at what `router` was refused, or has left behind. */
  lookAgain(router: VirtualRouter): void {
    const now = this.#host.now();
    const { refused, refusal } = router;
    const mustWait = refused !== undefined && refusal !== undefined &&
      !mayTryAgain(router, refused, now);
    if (!mustWait) router.refusal = undefined;
    router.retryAt = mustWait ? after(now, LOOK_AGAIN_AFTER) : undefined;
    this.refresh();
  }

  /** `router` was handed over by hand, or (undefined) goes by the priorities again. */
  setNoPreempt(router: VirtualRouter, until: VirtualRouter["noPreemptUntil"]): void {
    router.noPreemptUntil = until;
    this.#weigh(router);
  }

  /** Before a restart in place: a last advert, a whole lease, and no more sockets. */
  park(): void {
    for (const router of this.routers) {
      if (router.state.kind !== "master") continue;
      this.#driver.refreshMaster(router);
    }
    this.#endpoints.settle([]);
    this.#host.reserve([]);
  }

  /** Stops every router and closes every socket. */
  close(): void {
    for (const router of this.routers) this.dispatch(router, { kind: "stop" });
    this.#endpoints.settle([]);
    this.#host.reserve([]);
  }

  #settle(router: VirtualRouter, faults: readonly Fault[], refusal: HostError | undefined): void {
    if (refusal !== undefined) this.#driver.refuse(router, refusal);
    this.#weigh(router);
    const { plan } = router;
    const inFault = nameOf(router.state) === "fault";
    const pending = inFault ? pendingFaults(plan, this.checks) : [];
    const known = [
      ...reservationFaults(router),
      ...faults,
      ...checkFaults(plan, this.checks),
      ...pending,
    ];
    const all = router.refusal === undefined ? known : [...known, router.refusal];
    this.dispatch(router, { kind: "faults", faults: all });
    // Faults first: an instance that cannot run starts as fault, without a moment as backup.
    if (this.out) return;
    this.#resume(router);
    // A fault that is known needs no first result.
    if (all.length === 0 && pendingChecks(plan, this.checks).length > 0) return;
    const cause = this.startReason;
    this.dispatch(router, cause === undefined ? { kind: "start" } : { kind: "start", cause });
  }

  /** Goes on where the process before this one ended. */
  #resume(router: VirtualRouter): void {
    const boot = this.#host.boot();
    const note = routerResumeOf(router.plan, this.#resumeState, boot);
    if (note === undefined) return;
    const now = this.#host.now();
    if (note.aside !== null && note.master === null) {
      const { until } = note.aside;
      const rest = until === null ? "asked" : after(now, nanoseconds(until - boot.now));
      this.setNoPreempt(router, rest);
    }
    const elapsed = this.#silenceOf(router);
    if (note.master === null || elapsed === undefined) return;
    // A sync group goes on together, or not at all: whoever could not would make the others leave at once.
    const { group } = router.plan;
    const members = this.routers.filter(({ plan }) => group !== undefined && plan.group === group);
    if (members.some((member) => this.#silenceOf(member) === undefined)) return;
    this.dispatch(router, { kind: "resume" });
    if (router.state.kind !== "master") return;
    router.since = note.master.since as WallTime;
    router.counters.masterTransitions = note.master.transitions;
    router.cause = { kind: "resumed", elapsed };
    this.#journal.write(
      "info",
      `${labelOf(router.plan)}: master still: ${causeText(router.plan, router.cause)}`,
    );
  }

  /** How long ago the process before this one advertised for `router`, where this one may go on: {@link mayResume}. */
  #silenceOf({ plan }: VirtualRouter): Nanoseconds | undefined {
    const boot = this.#host.boot();
    const master = routerResumeOf(plan, this.#resumeState, boot)?.master ?? undefined;
    return master && mayResume(plan, master, this.#host.interfaces(), boot);
  }

  /** Puts `change` in force; says what became of it. */
  #apply(change: Change): Change {
    if (change.kind === "replaced" && this.#moveMaster(change)) {
      return { ...change, kind: "changed" };
    }
    if (change.kind === "unchanged") this.#keep(change.after);
    if (change.kind === "removed") this.#drop(change.before, "removed from the configuration");
    if (change.kind === "replaced") this.#drop(change.before, change.what.join(", "));
    if (change.kind === "replaced" || change.kind === "added") this.#create(change.after);
    if (change.kind !== "changed") return change;
    const router = this.#rename(change);
    if (router !== undefined) this.#change(router, change.after);
    return change;
  }

  /**
   * A master whose VRID, version or transport changed goes on as one: a node that is reloaded soon after finds it there,
   * one that is not takes over once it has heard nothing for long enough, as it would if this one had started again.
   */
  #moveMaster(change: Extract<Change, { kind: "replaced" }>): boolean {
    const router = this.#routers.get(keyOf(change.before));
    if (router?.state.kind !== "master") return false;
    if (change.before.interface !== change.after.interface) return false;
    this.#rename(change);
    // Those were of another virtual router.
    router.heard.clear();
    router.conflicts.clear();
    this.#change(router, change.after);
    return true;
  }

  /** The router of a change, which from now on goes by its new name. */
  #rename({ before, after }: { before: Plan; after: Plan }): VirtualRouter | undefined {
    const router = this.#routers.get(keyOf(before));
    if (router === undefined || keyOf(before) === keyOf(after)) return router;
    this.#routers.delete(keyOf(before));
    this.#routers.set(keyOf(after), router);
    return router;
  }

  /** Nothing that matters changed, though the words of a reason to wait may have. */
  #keep(plan: Plan): void {
    const router = this.#routers.get(keyOf(plan));
    if (router !== undefined) router.plan = plan;
  }

  #create(added: Plan): void {
    const router = createVirtualRouter(added, this.#host.wallTime(), this.#host.now());
    this.#routers.set(keyOf(added), router);
  }

  #drop(dropped: Plan, what: string): void {
    const key = keyOf(dropped);
    const router = this.#routers.get(key);
    if (router === undefined) return;
    this.dispatch(router, { kind: "stop", cause: { kind: "reconfigured", what } });
    this.#routers.delete(key);
  }

  #change(router: VirtualRouter, next: Plan): void {
    const before = router.plan;
    const kept = new Set(next.virtualAddresses.map((held) => JSON.stringify(held)));
    const gone = before.virtualAddresses.filter((held) => !kept.has(JSON.stringify(held)));
    removeAddresses(gone, router, this.#host, this.#journal);
    const rules = router.rules;
    router.plan = next;
    router.rules = effectiveRules(next, this.checks, standsAside(router));
    this.dispatch(router, { kind: "rules", before: rules });
  }

  /** Brings the effective priority up to date; a master that fell behind others gives way. */
  #weigh(router: VirtualRouter): void {
    const before = router.rules;
    const rules = effectiveRules(router.plan, this.checks, standsAside(router));
    if (rules.priority === before.priority && rules.preempt === before.preempt) return;
    router.rules = rules;
    if (rules.priority === before.priority) return this.dispatch(router, { kind: "rules", before });
    this.#journal.write(
      "info",
      `${labelOf(router.plan)}: priority ${before.priority} -> ${rules.priority}`,
    );
    this.dispatch(router, { kind: "rules", before });
    if (rules.priority > before.priority || !isHolder(router.state)) return;
    const by = this.#betterNodes(router);
    // A file without [nodes] does not know; and backups that do not preempt would obey the lowest priority for ever.
    const mayBeStuck = this.#config.nodes.length === 0 && !router.plan.rules.preempt;
    if (by.length === 0 && !mayBeStuck) return;
    const reason = priorityReason(router.plan, this.checks);
    const cause = { kind: "outranked", priority: rules.priority, by, reason } as const;
    this.dispatch(router, { kind: "release", cause });
  }

  /** The other nodes that the file gives a higher priority than this one has now. */
  #betterNodes({ plan, rules }: VirtualRouter): readonly string[] {
    const instance = this.#config.instances.find((one) => one.name === plan.name);
    if (instance === undefined) return [];
    return betterNodes(this.#config, instance, this.#node?.node ?? "", rules.priority);
  }
}

/** Does it leave a living master alone, whatever its priority? */
function standsAside({ noPreemptUntil, refused }: VirtualRouter): boolean {
  return noPreemptUntil !== undefined || refused !== undefined;
}

function isChanged({ refused, plan }: VirtualRouter, interfaces: Interfaces): boolean {
  return refused !== undefined && refused.surroundings !== surroundingsOf(plan, interfaces);
}

function placeAll({ plan, placed }: VirtualRouter): void {
  for (const { prefix } of plan.virtualAddresses) placed.set(formatIp(prefix.address), undefined);
}

/** What was refused may be granted now. */
function forget(router: VirtualRouter): void {
  if (router.refused === undefined) return;
  router.refused = undefined;
  router.refusal = undefined;
  router.retryAt = undefined;
}
