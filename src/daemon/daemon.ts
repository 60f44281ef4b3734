/** What runs? The loop: wait for something to happen, ask the engine what to do, do it, look at the next. */
import type { Happening, Host } from "../host.ts";
import type { Config } from "../config/config.ts";
import type { StatusDocument } from "../control/api.ts";
import type { MeterReading } from "../control/reading.ts";
import { unreachable } from "../assert.ts";
import { earliest, type Instant, type WallTime } from "../time.ts";
import { type Event, nextDeadline } from "../vrrp/instance.ts";
import { nearMiss } from "../vrrp/near_miss.ts";
import type { Journal } from "./journal.ts";
import { Meter } from "./meter.ts";
import { Once, tellNearMiss } from "./narrate.ts";
import type { Order } from "./order.ts";
import { Reception } from "./reception.ts";
import type { Observer } from "./record.ts";
import { nearMissRecordOf } from "./remember.ts";
import { Roster } from "./roster.ts";
import type { Router } from "./router.ts";
import { snapshot } from "./snapshot.ts";
import { Stepper } from "./stepper.ts";

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
}

/** A running floatip: all virtual routers of one node. */
export class Daemon {
  readonly #host: Host<Order>;
  readonly #journal: Journal;
  readonly #observers: readonly Observer[];
  readonly #configFile: string;
  readonly #roster: Roster;
  readonly #reception: Reception;
  readonly #meter: Meter;
  readonly #onTurn: DaemonOptions["onTurn"];
  readonly #started: WallTime;
  #stopping = false;

  constructor(options: DaemonOptions) {
    const { host, journal } = options;
    this.#meter = new Meter(host.now());
    const observers = [this.#meter, ...(options.observers ?? [])];
    this.#host = host;
    this.#journal = journal;
    this.#observers = observers;
    this.#configFile = options.configFile;
    this.#onTurn = options.onTurn;
    const stepper = new Stepper({ host, journal, observers, meter: this.#meter });
    this.#roster = new Roster({ ...options, stepper });
    this.#reception = new Reception(new Once(journal));
    this.#started = host.wallTime();
  }

  /** Runs until a stop order: resolves when every address has been given up in order. */
  async run(): Promise<void> {
    this.#roster.replan();
    this.#roster.refresh();
    while (!this.#stopping) {
      // The only await in the loop: everything else happens between two looks at the clock.
      const deadline = earliest(this.#onTurn?.(this.#host.now()), this.#nextDeadline());
      const happenings = await this.#host.wait(deadline);
      if (deadline !== undefined && happenings.at(-1)?.kind === "deadline") {
        this.#meter.awoke(deadline, this.#host.now());
      }
      for (const happening of happenings) this.#take(happening);
    }
    this.#roster.close();
  }

  /** What this node knows now. Cheap and synchronous, so it is one consistent moment. */
  snapshot(): Omit<StatusDocument, "sinks"> {
    const { node, routers, config, checks } = this.#roster;
    return snapshot({
      node,
      routers,
      config,
      checks,
      configFile: this.#configFile,
      started: this.#started,
      unknown: this.#reception.unknown,
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
          this.#hear(heard.router, heard.event);
        }
        return;
      }
      case "interfaces":
        this.#roster.replan();
        return this.#roster.refresh();
      case "probe": {
        const { check, result } = happening;
        this.#meter.probed(check, result);
        if (this.#roster.checks.take(check, result, this.#host.now())) this.#roster.refresh();
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
    this.#roster.advance(router, event);
    this.#meter.heard(router, before);
    const miss = nearMiss(before, router.state, router.rules);
    if (miss === undefined) return;
    router.counters.nearMisses++;
    tellNearMiss(this.#journal, router.plan, miss);
    const record = nearMissRecordOf(miss, router.plan, this.#host.wallTime());
    for (const observer of this.#observers) observer.observeNearMiss?.(record);
  }

  #obey(order: Order): void {
    switch (order.kind) {
      case "stop":
        this.#stopping = true;
        return;
      case "reload":
        return order.reply(this.#roster.reload(order.config));
      default:
        return unreachable(order);
    }
  }

  #nextDeadline(): Instant | undefined {
    const deadlines = this.#roster.routers.flatMap((router) => [
      nextDeadline(router.state),
      router.retryAt,
    ]);
    return earliest(this.#roster.checks.nextDeadline(), ...deadlines);
  }

  #actOnDeadlines(now: Instant): void {
    for (const check of this.#roster.checks.start(now)) this.#host.startProbe(check);
    for (const router of this.#roster.routers) {
      const due = nextDeadline(router.state);
      if (due !== undefined && due <= now) this.#roster.advance(router, { kind: "deadline" });
      if (router.retryAt !== undefined && router.retryAt <= now) {
        router.retryAt = undefined;
        router.refusal = undefined;
        this.#roster.refresh();
      }
    }
  }
}
