/**
 * Daemon: the loop. It waits for something to happen, asks the engine what to do, does it, and
 * looks at the next.
 */
import type { Host, HostEvent } from "../host.ts";
import type { MetricsSnapshot } from "../control/metrics.ts";
import type { ProbeResult } from "../health/check.ts";
import { unreachable } from "../assert.ts";
import type { InParts } from "../async.ts";
import { between, earliest, type Instant, milliseconds, type WallTime } from "../time.ts";
import { nameOf } from "../vrrp/state.ts";
import { nextDeadline } from "../vrrp/step.ts";
import type { Command, CommandTaker } from "./command.ts";
import { logVerdict } from "./journal/log.ts";
import { createParts, type DaemonOptions, type Parts } from "./parts.ts";
export type { DaemonOptions };
import type { Accepted } from "./receive.ts";
import { type Moment, readOnce, stillOf } from "./moment.ts";
import { type DaemonStatus, statusOf } from "./status.ts";
import { isFast } from "./routers.ts";
import type { Ticker } from "./ticker.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** So long deadlines are acted on before packets are looked at again. */
const LONGEST_TURN = milliseconds(3);

/** After so long a turn has had enough. */
const LONGEST_TICK = milliseconds(4);

/** How a daemon ends: with everything given up, or so that another process can go on. */
export type Ending = "stopped" | "restarting";

/** A running floatip: the loop around the table of virtual routers of one node. */
export class Daemon implements CommandTaker {
  readonly #options: DaemonOptions;
  readonly #host: Host;
  readonly #parts: Parts;
  /** What waits for time beside the virtual routers. */
  readonly #tickers: readonly Ticker[];
  readonly #started: WallTime;
  #isRestarting = false;
  readonly #commands: Command[] = [];
  /** The ticker that is next, and how many are left of those that follow the last batch. */
  #ticker = 0;
  #ticksLeft = 0;

  constructor(options: DaemonOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#started = options.host.wallTime();
    this.#parts = createParts(options);
    const { checks, nodes, announcer, ...parts } = this.#parts;
    this.#tickers = [
      parts.driver,
      parts.handoffs,
      parts.handovers,
      parts.maintenance,
      parts.parking,
      parts.reconciler,
      parts.leases,
      parts.fence,
      { nextDeadline: () => checks.nextDeadline(), tick: (now) => this.#startProbes(now) },
      parts.interests,
      parts.addressConflicts,
      { nextDeadline: () => nodes.nextDeadline(), tick: (now) => this.#watchNodes(now) },
      parts.healthWatch,
      parts.channel,
      parts.secondOpinion,
      parts.wishes,
      parts.reports,
      { nextDeadline: () => announcer.nextDeadline(), tick: () => {} },
      parts.resumeWriter,
    ];
  }

  /**
   * Runs until it is told to stop, resolves when every address has been given up in order; or until
   * it is told to restart.
   */
  async run(): Promise<Ending> {
    const host = this.#host;
    const since = host.now();
    this.#parts.reconciler.start();
    this.#tick(since);
    while (!this.#isOver()) {
      // The only await in the loop: everything else happens between two looks at the clock.
      const told = this.#parts.reconciler.isStarting
        ? undefined
        : this.#options.onTurn?.(host.now());
      const deadline = earliest(told, this.#nextDeadline());
      const events = await host.wait(deadline);
      if (deadline !== undefined && events.at(-1)?.kind === "deadline") {
        this.#parts.metrics.awoke(deadline, host.now());
      }
      const since = host.now();
      this.#parts.announcer.turn(since);
      this.#parts.driver.fast.beginTurn();
      if (this.#takeAll(events)) this.#tick(since);
    }
    this.#parts.driver.finishAll();
    if (this.#isRestarting) this.#parts.reconciler.closeSockets();
    else this.#parts.reconciler.close();
    this.#parts.channel.close();
    this.#parts.resumeWriter.save(this.#isRestarting);
    return this.#isRestarting ? "restarting" : "stopped";
  }

  /** Has everything been given up, and have the others been told; or is it to restart? */
  #isOver(): boolean {
    const { handoffs, parking, reports } = this.#parts;
    if (this.#isRestarting) return parking.isOver;
    if (!handoffs.gone) return false;
    const now = this.#host.now();
    reports.sayGoodbye(now);
    return reports.hasSaidGoodbye(now);
  }

  /** To be handled in the next turn. */
  submit(command: Command): void {
    this.#commands.push(command);
    this.#host.wake();
  }

  /** Is this node in maintenance? */
  get isInMaintenance(): boolean {
    return this.#parts.maintenance.present !== undefined;
  }

  /** What this node knows now, in parts between which the loop may turn. */
  status(): InParts<DaemonStatus> {
    return statusOf(stillOf(this.#moment()));
  }

  /** What its virtual routers are now. */
  states(): readonly Pick<DaemonStatus["instances"][number], "name" | "family" | "state">[] {
    return this.#parts.routers.all.map(({ plan: { name, family }, state }) => ({
      name,
      family,
      state: nameOf(state),
    }));
  }

  #moment(): Moment {
    return {
      node: this.#parts.reconciler.node,
      routers: this.#parts.routers.all,
      config: this.#parts.reconciler.config,
      checks: this.#parts.checks,
      configFile: this.#options.configFile,
      started: this.#started,
      nodes: this.#parts.nodes,
      reports: this.#parts.reports,
      unknown: this.#parts.receiver.unknown,
      maintenance: this.#parts.maintenance.status(),
      scheduling: this.#host.scheduling(),
      neighbours: this.#parts.neighbours,
      deaf: this.#parts.addressConflicts.deaf,
      fence: this.#host.fence.state,
      leases: this.#parts.leases,
      channel: this.#parts.channel,
      interfaces: this.#host.interfaces(),
      arpIgnore: readOnce((name) => this.#host.arpIgnore(name)),
      now: this.#host.now(),
      wallNow: this.#host.wallTime(),
    };
  }

  /** What the loop has measured so far. */
  metrics(): MetricsSnapshot {
    const checks = this.#parts.reconciler.node?.checks.map(({ name }) => name) ?? [];
    return this.#parts.metrics.read({
      routers: this.#parts.routers.all,
      checks,
      now: this.#host.now(),
    });
  }

  /** False: nothing but the channel's own has changed, which comes a few times a second. */
  #takeAll(events: readonly HostEvent[]): boolean {
    let isChanged = events.length === 0;
    for (const event of events) {
      if (event.kind !== "channel") {
        this.#take(event);
        isChanged = true;
      } else if (this.#parts.channel.take(event)) isChanged = true;
    }
    return isChanged;
  }

  #take(event: Exclude<HostEvent, { kind: "channel" }>): void {
    switch (event.kind) {
      case "datagram": {
        const { endpoint, datagram, at } = event;
        for (const heard of this.#parts.receiver.receive(endpoint, datagram, at)) {
          this.#hear(heard, at);
        }
        return;
      }
      case "overrun":
        for (const router of this.#parts.routers.at(event.endpoint)) {
          this.#parts.driver.dispatch(router, { kind: "overrun" });
        }
        return;
      case "interfaces":
        this.#parts.driver.networkChanged();
        if (this.#parts.reconciler.networkChanged()) this.#parts.addressConflicts.listChanged();
        else this.#parts.addressConflicts.listGrewOld();
        return;
      case "claim":
        return this.#parts.addressConflicts.take(event);
      case "probe":
        return this.#judge(event.check, event.result);
      case "presence":
        return this.#parts.nodes.take(event.node, event.answer);
      case "opened":
        this.#parts.channel.take(event);
        return;
      case "etcd":
        return this.#parts.leases.answered(event.id, event.result);
      case "probe-due":
        return this.#parts.checks.hurry(event.check, this.#host.now());
      case "woken":
        for (const command of this.#commands.splice(0)) this.#handle(command);
        return;
      case "deadline":
        return this.#meetDeadlines(this.#host.now());
      default:
        return unreachable(event);
    }
  }

  /** A check's result changes priorities and faults of the routers that rest on it. */
  #judge(check: string, result: ProbeResult): void {
    this.#parts.metrics.probed(check, result);
    const before = this.#parts.checks.judgement(check).up;
    const changed = this.#parts.checks.take(check, result, this.#host.now());
    logVerdict(this.#options.journal, check, before, this.#parts.checks.judgement(check));
    if (!changed) return;
    this.#parts.reconciler.checkChanged(check);
    this.#parts.resumeWriter.checkChanged();
    this.#parts.reports.checkChanged(this.#parts.routers.checkedBy(check));
  }

  #hear({ router, event }: Accepted, at: Instant): void {
    const { nodes, driver } = this.#parts;
    if (event.kind === "advert") nodes.hear(router, event.source, event.advert, at);
    driver.dispatch(router, event);
  }

  #handle(command: Command): void {
    switch (command.kind) {
      case "stop":
        return this.#parts.handoffs.stop();
      case "reload":
        return this.#parts.reconciler.reload(command.config, command.reply);
      case "handover":
        return this.#parts.handovers.handOver(command);
      case "take-back":
        return this.#parts.handovers.takeBack(command);
      case "maintenance":
        return this.#parts.maintenance.handle(command);
      case "restart":
        this.#isRestarting = true;
        this.#parts.parking.begin();
        return command.reply({
          restarting: true,
          words: "the addresses stay, the daemon restarts",
        });
      default:
        return unreachable(command);
    }
  }

  #nextDeadline(): Instant | undefined {
    if (this.#ticksLeft > 0) return this.#host.now();
    let next = this.#parts.routers.nextDeadline();
    for (const ticker of this.#tickers) {
      const due = ticker.nextDeadline();
      if (due !== undefined && (next === undefined || due < next)) next = due;
    }
    return next;
  }

  /**
   * After each batch: what waits for others may be done, and what was done is written down. After
   * a long turn, which began at `since`, some of it is left to the next one.
   */
  #tick(since: Instant): void {
    const now = this.#host.now();
    this.#ticksLeft = this.#tickers.length;
    do {
      this.#tickers[this.#ticker]?.tick(now);
      this.#ticker = (this.#ticker + 1) % this.#tickers.length;
      this.#parts.driver.fast.let();
    } while (--this.#ticksLeft > 0 && between(since, this.#host.now()) < LONGEST_TICK);
    if (this.#ticksLeft === 0) this.#ticker = 0;
  }

  #startProbes(now: Instant): void {
    const due = this.#parts.checks.nextDeadline();
    if (due === undefined || due > now) return;
    for (const check of this.#parts.checks.start(now)) this.#host.startProbe(check);
  }

  #watchNodes(now: Instant): void {
    this.#parts.nodes.settle(this.#parts.reconciler.config, this.#parts.reconciler.node);
    this.#parts.nodes.tick(now, this.#parts.routers.all);
  }

  /** Packets that came before are looked at already: what is due is overdue. */
  #meetDeadlines(now: Instant): void {
    const { routers, driver, reconciler } = this.#parts;
    const due = routers.takeDue(now);
    for (const [index, router] of due.entries()) {
      // The rest is due still, and comes with the next turn, behind what has arrived until then.
      if (index > 0 && this.#isTurnOver(now, router)) {
        for (const rest of due.slice(index)) routers.schedule(rest);
        return;
      }
      const deadline = nextDeadline(router.state);
      const isDue = deadline !== undefined && deadline <= now;
      if (isDue && !this.#mayWait(router, deadline, now)) {
        driver.dispatch(router, { kind: "deadline" });
      }
      if (router.retryAt !== undefined && router.retryAt <= now) reconciler.lookAgain(router);
      routers.schedule(router);
    }
  }

  /**
   * Is a step of `router` under way, which comes first? Or may it become master of many addresses,
   * and wait until the kernel has those of another one? What it announces it is to have soon: half
   * an interval late it waits no longer.
   */
  #mayWait(router: VirtualRouter, due: Instant, now: Instant): boolean {
    const { driver } = this.#parts;
    if (driver.hurry(router)) return true;
    return driver.isBusy() && router.state.kind === "backup" &&
      this.#parts.routers.isLarge(router) &&
      between(due, now) < router.rules.advertInterval / 2;
  }

  /** Has a turn that began at `since` no time for `next`, or a master with fast adverts none? */
  #isTurnOver(since: Instant, next: VirtualRouter): boolean {
    const now = this.#host.now();
    const fast = this.#parts.routers.nextFast();
    const isFastDue = fast !== undefined && fast <= now && !isFast(next);
    return isFastDue || between(since, now) > LONGEST_TURN;
  }
}
