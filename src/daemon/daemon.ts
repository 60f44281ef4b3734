/** What runs? The loop: wait for something to happen, ask the engine what to do, do it, look at the next. */
import type { Happening, Host } from "../host.ts";
import type { Config } from "../config/config.ts";
import type { MeterReading } from "../control/reading.ts";
import { unreachable } from "../assert.ts";
import { between, earliest, type Instant, milliseconds, seconds, type WallTime } from "../time.ts";
import { nextDeadline } from "../vrrp/step.ts";
import { nearMiss } from "../vrrp/near_miss.ts";
import type { Journal } from "./journal.ts";
import { Budgets } from "./budgets.ts";
import { AddressConflicts } from "./address_conflicts.ts";
import type { Announcer } from "./announcer.ts";
import { Conflicts } from "./conflicts.ts";
import { Departures } from "./departures.ts";
import { HealthWatch } from "./health_watch.ts";
import { Handovers } from "./handovers.ts";
import { Interests } from "./interests.ts";
import { Inquiry } from "./inquiry.ts";
import { Keeper } from "./keeper.ts";
import { MaintenanceMode } from "./maintenance.ts";
import { Meter } from "./meter.ts";
import { Once, tellVerdict } from "./narrate.ts";
import { NodeWatch } from "./node_watch.ts";
import { Neighbours } from "./neighbours.ts";
import type { Maintenance, Order } from "./order.ts";
import { type Accepted, Reception } from "./reception.ts";
import type { Observer } from "./record.ts";
import { nearMissRecordOf } from "./remember.ts";
import type { ResumeNote } from "./resume.ts";
import { Roster } from "./roster.ts";
import { type DaemonStatus, snapshot } from "./snapshot.ts";
import { Stepper } from "./stepper.ts";

/** So long deadlines are acted on before packets are looked at again. */
const LONGEST_TURN = milliseconds(3);

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
  /** Called once in each turn of the loop, first when all is set up; says when the loop shall turn again at the latest. */
  readonly onTurn?: (now: Instant) => Instant | undefined;
  /** What the process before this one wrote down for it. */
  readonly note?: ResumeNote | undefined;
  /** Writes down for the process after this one; on a file system in memory, several times a second. Never throws. */
  readonly keepNote?: (note: ResumeNote) => void;
  /** Maintenance that was in force when the process before this one ended. */
  readonly maintenance?: Maintenance | undefined;
  /** Writes maintenance down where it survives a reboot. Never throws. */
  readonly keepMaintenance?: (maintenance: Maintenance | undefined) => string | undefined;
}

/** How a daemon ends: with everything given up, or so that another process can go on. */
export type Ending = "stopped" | "restarting";

/** How many conflicts, and near misses, the history gets. */
const INCIDENTS = { most: 100, every: seconds(60) };

/** A running floatip: all virtual routers of one node. */
export class Daemon {
  readonly #host: Host<Order>;
  readonly #observers: readonly Observer[];
  readonly #configFile: string;
  readonly #roster: Roster;
  readonly #reception: Reception;
  readonly #journal: Journal;
  readonly #interests: Interests;
  readonly #addressConflicts: AddressConflicts;
  readonly #neighbours: Neighbours = new Neighbours();
  readonly #healthWatch: HealthWatch;
  readonly #announcer: Announcer;
  readonly #meter: Meter;
  readonly #once: Once;
  /** What the history gets that anybody on the LAN can bring about. */
  readonly #incidents = new Budgets(INCIDENTS);
  readonly #nodes: NodeWatch;
  readonly #onTurn: DaemonOptions["onTurn"];
  readonly #started: WallTime;
  readonly #keeper: Keeper;
  readonly #departures: Departures;
  readonly #handovers: Handovers;
  readonly #maintenance: MaintenanceMode;
  #restarting = false;

  constructor(options: DaemonOptions) {
    const { host, journal } = options;
    this.#meter = new Meter(host.now());
    this.#nodes = new NodeWatch(host, journal);
    const observers = [this.#meter, this.#nodes, ...(options.observers ?? [])];
    this.#host = host;
    this.#observers = observers;
    this.#configFile = options.configFile;
    this.#onTurn = options.onTurn;
    this.#keeper = new Keeper(host, options.keepNote);
    const beforeLeaving = () => this.#keep("at once");
    const stepper = new Stepper({ host, journal, observers, meter: this.#meter, beforeLeaving });
    this.#announcer = stepper.announcer;
    this.#roster = new Roster({ ...options, stepper, note: options.note });
    const once = new Once(journal, () => host.now());
    this.#journal = journal;
    this.#once = once;
    const budget = this.#incidents;
    const neighbours = this.#neighbours;
    const node = () => this.#roster.node;
    const conflicts = new Conflicts({
      once,
      observers,
      budget,
      wallTime: () => host.wallTime(),
      neighbours,
    });
    this.#healthWatch = new HealthWatch(observers, neighbours);
    const inquiry = new Inquiry({ host, conflicts, neighbours, node });
    this.#reception = new Reception(once, conflicts, () => host.interfaces());
    const roster = this.#roster;
    this.#interests = new Interests(host);
    this.#addressConflicts = new AddressConflicts({
      host,
      roster,
      conflicts,
      inquiry,
      neighbours,
      journal,
    });
    this.#departures = new Departures(host, roster);
    const departures = this.#departures;
    this.#handovers = new Handovers(host, roster, departures);
    this.#maintenance = new MaintenanceMode({
      host,
      roster,
      departures,
      journal,
      before: options.maintenance,
      keep: options.keepMaintenance ?? (() => undefined),
    });
    this.#started = host.wallTime();
  }

  /** Runs until a stop order, resolves when every address has been given up in order; or until a restart order. */
  async run(): Promise<Ending> {
    this.#roster.replan();
    this.#roster.refresh();
    this.#settle();
    while (!this.#departures.gone && !this.#restarting) {
      // The only await in the loop: everything else happens between two looks at the clock.
      const deadline = earliest(this.#onTurn?.(this.#host.now()), this.#nextDeadline());
      const happenings = await this.#host.wait(deadline);
      if (deadline !== undefined && happenings.at(-1)?.kind === "deadline") {
        this.#meter.awoke(deadline, this.#host.now());
      }
      this.#announcer.turn(this.#host.now());
      for (const happening of happenings) this.#take(happening);
      this.#settle();
    }
    if (this.#restarting) {
      this.#roster.park();
      this.#keep("at once");
      return "restarting";
    }
    this.#roster.close();
    this.#keep("at once");
    return "stopped";
  }

  /** What this node knows now. Cheap and synchronous, so it is one consistent moment. */
  snapshot(): DaemonStatus {
    const { node, routers, config, checks } = this.#roster;
    return snapshot({
      node,
      routers,
      config,
      checks,
      configFile: this.#configFile,
      started: this.#started,
      nodes: this.#nodes,
      unknown: this.#reception.unknown,
      maintenance: this.#maintenance.status(),
      scheduling: this.#host.scheduling(),
      neighbours: this.#neighbours,
      deaf: this.#addressConflicts.deaf,
      now: this.#host.now(),
      wallNow: this.#host.wallTime(),
    });
  }

  /** What the loop has measured so far. */
  measure(): MeterReading {
    const { node, routers } = this.#roster;
    const checks = (node?.checks ?? []).map(({ name }) => name);
    return this.#meter.read({ routers, checks, now: this.#host.now() });
  }

  #take(happening: Happening<Order>): void {
    switch (happening.kind) {
      case "datagram": {
        const { endpoint, datagram, at } = happening;
        for (
          const heard of this.#reception.take(endpoint, datagram, at, this.#roster.routers)
        ) {
          this.#hear(heard, at);
        }
        return;
      }
      case "overrun":
        for (const router of this.#roster.at(happening.endpoint)) {
          this.#roster.advance(router, { kind: "overrun" });
        }
        return;
      case "interfaces":
        this.#roster.replan();
        return this.#roster.refresh();
      case "claim":
        return this.#addressConflicts.take(happening);
      case "probe": {
        const { check, result } = happening;
        this.#meter.probed(check, result);
        const { checks } = this.#roster;
        const before = checks.judgement(check).up;
        const changed = checks.take(check, result, this.#host.now());
        tellVerdict(this.#journal, check, before, checks.judgement(check));
        if (changed) this.#roster.refresh();
        return;
      }
      case "presence":
        return this.#nodes.take(happening.node, happening.answer);
      case "probe-due":
        return this.#roster.checks.hurry(happening.check, this.#host.now());
      case "order":
        return this.#obey(happening.order);
      case "deadline":
        return this.#actOnDeadlines(this.#host.now());
      default:
        return unreachable(happening);
    }
  }

  #hear({ router, event }: Accepted, at: Instant): void {
    const before = router.state;
    if (event.kind === "advert") this.#nodes.hear(router, event.source, event.advert, at);
    this.#roster.advance(router, event);
    this.#meter.heard(router, before);
    const miss = nearMiss(before, router.state, router.rules);
    if (miss === undefined) return;
    router.counters.nearMisses++;
    this.#once.sayNearMiss(router.plan, miss, router.counters.nearMisses);
    if (!this.#incidents.take("near-miss", at).given) return;
    const record = nearMissRecordOf(miss, router.plan, this.#host.wallTime());
    for (const observer of this.#observers) observer.observeNearMiss?.(record);
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case "stop":
        return this.#departures.stop();
      case "reload":
        return order.reply(this.#roster.reload(order.config));
      case "handover":
        return this.#handovers.handOver(order);
      case "take-back":
        return this.#handovers.takeBack(order);
      case "maintenance":
        return this.#maintenance.obey(order);
      case "restart":
        this.#restarting = true;
        return order.reply({
          restarting: true,
          words: "the addresses stay, the daemon starts anew",
        });
      default:
        return unreachable(order);
    }
  }

  #nextDeadline(): Instant | undefined {
    const deadlines = this.#roster.routers.flatMap((router) => [
      nextDeadline(router.state),
      router.retryAt,
    ]);
    return earliest(
      this.#roster.checks.nextDeadline(),
      this.#handovers.nextDeadline(),
      this.#maintenance.nextDeadline(),
      this.#keeper.nextDeadline(),
      this.#announcer.nextDeadline(),
      this.#nodes.nextDeadline(),
      this.#addressConflicts.nextDeadline(),
      this.#healthWatch.nextDeadline(),
      ...deadlines,
    );
  }

  /** After each batch: what waits for others may be done, and what was done is written down. */
  #settle(): void {
    const now = this.#host.now();
    this.#departures.settle();
    this.#handovers.settle(now);
    this.#maintenance.settle(now);
    this.#interests.settle(this.#roster.routers);
    this.#nodes.settle(this.#roster.config, this.#roster.node);
    this.#addressConflicts.settle(now);
    this.#healthWatch.settle(this.#roster.routers, now, this.#host.wallTime());
    this.#keep("in a while");
  }

  #keep(when: "at once" | "in a while"): void {
    this.#keeper.keep(this.#roster, when);
  }

  #actOnDeadlines(now: Instant): void {
    for (const check of this.#roster.checks.start(now)) this.#host.startProbe(check);
    this.#nodes.tick(now, this.#roster.routers);
    for (const router of this.#roster.routers) {
      const due = nextDeadline(router.state);
      if (due !== undefined && due <= now) this.#roster.advance(router, { kind: "deadline" });
      if (router.retryAt !== undefined && router.retryAt <= now) this.#roster.lookAgain(router);
      // The rest is due still, and comes with the next turn, behind what has arrived until then.
      if (between(now, this.#host.now()) > LONGEST_TURN) return;
    }
  }
}
