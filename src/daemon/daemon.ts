/** What runs? The loop: wait for something to happen, ask the engine what to do, do it, look at the next. */
import type { Host, HostEvent } from "../host.ts";
import type { Config } from "../config/config.ts";
import type { MetricsSnapshot } from "../control/metrics.ts";
import { unreachable } from "../assert.ts";
import { between, earliest, type Instant, milliseconds, seconds, type WallTime } from "../time.ts";
import { nextDeadline } from "../vrrp/step.ts";
import type { NearMiss, Observation } from "../vrrp/event.ts";
import type { Journal } from "./journal.ts";
import { Budgets } from "./budgets.ts";
import { AddressConflicts } from "./address_conflicts.ts";
import type { Announcer } from "./announcer.ts";
import { Conflicts, rivalSight } from "./conflicts.ts";
import { Handoffs } from "./handoffs.ts";
import { HealthWatch } from "./health_watch.ts";
import { Handovers } from "./handovers.ts";
import { Interests } from "./interests.ts";
import { Inquiry } from "./inquiry.ts";
import { ResumeWriter } from "./resume_writer.ts";
import { MaintenanceMode } from "./maintenance.ts";
import { Metrics } from "./metrics.ts";
import { logVerdict, Once } from "./log.ts";
import { NodeWatch } from "./node_watch.ts";
import { Neighbours } from "./neighbours.ts";
import type { Command, CommandTaker, Maintenance } from "./command.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { type Accepted, Receiver } from "./receive.ts";
import type { Observer } from "./record.ts";
import { nearMissRecordOf } from "./remember.ts";
import type { ResumeState } from "./resume.ts";
import { Routers } from "./routers.ts";
import { type DaemonStatus, statusOf } from "./status.ts";
import { Driver } from "./driver.ts";

/** So long deadlines are acted on before packets are looked at again. */
const LONGEST_TURN = milliseconds(3);

/** What a daemon is made of. */
export interface DaemonOptions {
  readonly host: Host;
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
  readonly resume?: ResumeState | undefined;
  /** Writes down for the process after this one; on a file system in memory, several times a second. Never throws. */
  readonly saveResume?: (note: ResumeState) => void;
  /** Maintenance that was in force when the process before this one ended. */
  readonly maintenance?: Maintenance | undefined;
  /** Writes maintenance down where it survives a reboot. Never throws. */
  readonly saveMaintenance?: (maintenance: Maintenance | undefined) => string | undefined;
}

/** How a daemon ends: with everything given up, or so that another process can go on. */
export type Ending = "stopped" | "restarting";

/** How many conflicts, and near misses, the history gets. */
const INCIDENTS = { most: 100, every: seconds(60) };

/** A running floatip: all virtual routers of one node. */
export class Daemon implements CommandTaker {
  readonly #host: Host;
  readonly #observers: readonly Observer[];
  readonly #configFile: string;
  readonly #routers: Routers;
  readonly #receiver: Receiver;
  readonly #journal: Journal;
  readonly #interests: Interests;
  readonly #conflicts: Conflicts;
  readonly #addressConflicts: AddressConflicts;
  readonly #neighbours: Neighbours = new Neighbours();
  readonly #healthWatch: HealthWatch;
  readonly #announcer: Announcer;
  readonly #metrics: Metrics;
  readonly #once: Once;
  /** What the history gets that anybody on the LAN can bring about. */
  readonly #incidents = new Budgets(INCIDENTS);
  readonly #nodes: NodeWatch;
  readonly #onTurn: DaemonOptions["onTurn"];
  readonly #started: WallTime;
  readonly #resumeWriter: ResumeWriter;
  readonly #handoffs: Handoffs;
  readonly #handovers: Handovers;
  readonly #maintenance: MaintenanceMode;
  #restarting = false;
  readonly #commands: Command[] = [];

  constructor(options: DaemonOptions) {
    const { host, journal } = options;
    this.#metrics = new Metrics(host.now());
    this.#nodes = new NodeWatch(host, journal);
    const observers = [this.#metrics, this.#nodes, ...(options.observers ?? [])];
    this.#host = host;
    this.#observers = observers;
    this.#configFile = options.configFile;
    this.#onTurn = options.onTurn;
    this.#resumeWriter = new ResumeWriter(host, options.saveResume);
    const stepper = new Driver({
      host,
      journal,
      observers,
      metrics: this.#metrics,
      beforeLeaving: () => this.#saveResume("at once"),
      onObservation: (router, seen) => this.#onObservation(router, seen),
    });
    this.#announcer = stepper.announcer;
    this.#routers = new Routers({ ...options, driver: stepper, resume: options.resume });
    const once = new Once(journal, () => host.now());
    this.#journal = journal;
    this.#once = once;
    const neighbours = this.#neighbours;
    const node = () => this.#routers.node;
    const conflicts = new Conflicts({
      once,
      observers,
      budget: this.#incidents,
      wallTime: () => host.wallTime(),
      neighbours,
    });
    this.#conflicts = conflicts;
    this.#healthWatch = new HealthWatch(observers, neighbours);
    const inquiry = new Inquiry({ host, conflicts, neighbours, node });
    this.#receiver = new Receiver(once, conflicts, () => host.interfaces());
    const roster = this.#routers;
    this.#interests = new Interests(host);
    this.#addressConflicts = new AddressConflicts({
      host,
      roster,
      conflicts,
      inquiry,
      neighbours,
      journal,
    });
    const handoffs = new Handoffs(host, roster);
    this.#handoffs = handoffs;
    this.#handovers = new Handovers(host, roster, handoffs);
    this.#maintenance = new MaintenanceMode({
      host,
      roster,
      handoffs,
      journal,
      before: options.maintenance,
      save: options.saveMaintenance ?? (() => undefined),
    });
    this.#started = host.wallTime();
  }

  /** Runs until it is told to stop, resolves when every address has been given up in order; or until it is told to restart. */
  async run(): Promise<Ending> {
    this.#routers.replan();
    this.#routers.refresh();
    this.#settle();
    while (!this.#handoffs.gone && !this.#restarting) {
      // The only await in the loop: everything else happens between two looks at the clock.
      const deadline = earliest(this.#onTurn?.(this.#host.now()), this.#nextDeadline());
      const events = await this.#host.wait(deadline);
      if (deadline !== undefined && events.at(-1)?.kind === "deadline") {
        this.#metrics.awoke(deadline, this.#host.now());
      }
      this.#announcer.turn(this.#host.now());
      for (const event of events) this.#take(event);
      this.#settle();
    }
    if (this.#restarting) {
      this.#routers.park();
      this.#saveResume("at once");
      return "restarting";
    }
    this.#routers.close();
    this.#saveResume("at once");
    return "stopped";
  }

  /** To be handled in the next turn. */
  submit(command: Command): void {
    this.#commands.push(command);
    this.#host.wake();
  }

  /** What this node knows now. Cheap and synchronous, so it is one consistent moment. */
  status(): DaemonStatus {
    const { node, routers, config, checks } = this.#routers;
    return statusOf({
      node,
      routers,
      config,
      checks,
      configFile: this.#configFile,
      started: this.#started,
      nodes: this.#nodes,
      unknown: this.#receiver.unknown,
      maintenance: this.#maintenance.status(),
      scheduling: this.#host.scheduling(),
      neighbours: this.#neighbours,
      deaf: this.#addressConflicts.deaf,
      now: this.#host.now(),
      wallNow: this.#host.wallTime(),
    });
  }

  /** What the loop has measured so far. */
  metrics(): MetricsSnapshot {
    const { node, routers } = this.#routers;
    const checks = (node?.checks ?? []).map(({ name }) => name);
    return this.#metrics.read({ routers, checks, now: this.#host.now() });
  }

  #take(event: HostEvent): void {
    switch (event.kind) {
      case "datagram": {
        const { endpoint, datagram, at } = event;
        for (
          const heard of this.#receiver.receive(endpoint, datagram, at, this.#routers.routers)
        ) {
          this.#hear(heard, at);
        }
        return;
      }
      case "overrun":
        for (const router of this.#routers.at(event.endpoint)) {
          this.#routers.dispatch(router, { kind: "overrun" });
        }
        return;
      case "interfaces":
        this.#routers.replan();
        return this.#routers.refresh();
      case "claim":
        return this.#addressConflicts.take(event);
      case "probe": {
        const { check, result } = event;
        this.#metrics.probed(check, result);
        const { checks } = this.#routers;
        const before = checks.judgement(check).up;
        const changed = checks.take(check, result, this.#host.now());
        logVerdict(this.#journal, check, before, checks.judgement(check));
        if (changed) this.#routers.refresh();
        return;
      }
      case "presence":
        return this.#nodes.take(event.node, event.answer);
      case "probe-due":
        return this.#routers.checks.hurry(event.check, this.#host.now());
      case "woken":
        for (const command of this.#commands.splice(0)) this.#handle(command);
        return;
      case "deadline":
        return this.#actOnDeadlines(this.#host.now());
      default:
        return unreachable(event);
    }
  }

  #hear({ router, event }: Accepted, at: Instant): void {
    if (event.kind === "advert") this.#nodes.hear(router, event.source, event.advert, at);
    this.#routers.dispatch(router, event);
  }

  #onObservation(router: VirtualRouter, seen: Observation): void {
    switch (seen.kind) {
      case "advert-gap":
        return this.#metrics.heard(router, seen.gap);
      case "near-miss":
        return this.#onNearMiss(router, seen);
      case "rival":
        return this.#conflicts.note(router, rivalSight(router, seen, this.#host.now()));
    }
  }

  #onNearMiss(router: VirtualRouter, miss: NearMiss): void {
    router.counters.nearMisses++;
    this.#once.sayNearMiss(router.plan, miss, router.counters.nearMisses);
    if (!this.#incidents.take("near-miss", this.#host.now()).given) return;
    const record = nearMissRecordOf(miss, router.plan, this.#host.wallTime());
    for (const observer of this.#observers) observer.observeNearMiss?.(record);
  }

  #handle(command: Command): void {
    switch (command.kind) {
      case "stop":
        return this.#handoffs.stop();
      case "reload":
        return command.reply(this.#routers.reload(command.config));
      case "handover":
        return this.#handovers.handOver(command);
      case "take-back":
        return this.#handovers.takeBack(command);
      case "maintenance":
        return this.#maintenance.handle(command);
      case "restart":
        this.#restarting = true;
        return command.reply({
          restarting: true,
          words: "the addresses stay, the daemon starts anew",
        });
      default:
        return unreachable(command);
    }
  }

  #nextDeadline(): Instant | undefined {
    const deadlines = this.#routers.routers.flatMap((router) => [
      nextDeadline(router.state),
      router.retryAt,
    ]);
    return earliest(
      this.#routers.checks.nextDeadline(),
      this.#handovers.nextDeadline(),
      this.#maintenance.nextDeadline(),
      this.#resumeWriter.nextDeadline(),
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
    this.#handoffs.settle();
    this.#handovers.settle(now);
    this.#maintenance.settle(now);
    this.#interests.settle(this.#routers.routers);
    this.#nodes.settle(this.#routers.config, this.#routers.node);
    this.#addressConflicts.settle(now);
    this.#healthWatch.settle(this.#routers.routers, now, this.#host.wallTime());
    this.#saveResume("in a while");
  }

  #saveResume(when: "at once" | "in a while"): void {
    this.#resumeWriter.save(this.#routers, when);
  }

  #actOnDeadlines(now: Instant): void {
    for (const check of this.#routers.checks.start(now)) this.#host.startProbe(check);
    this.#nodes.tick(now, this.#routers.routers);
    for (const router of this.#routers.routers) {
      const due = nextDeadline(router.state);
      if (due !== undefined && due <= now) this.#routers.dispatch(router, { kind: "deadline" });
      if (router.retryAt !== undefined && router.retryAt <= now) this.#routers.lookAgain(router);
      // The rest is due still, and comes with the next turn, behind what has arrived until then.
      if (between(now, this.#host.now()) > LONGEST_TURN) return;
    }
  }
}
