/** `floatip maintenance`: this node stands down, with everything, until it is told otherwise. */
import type { HandedOver, MaintenanceAnswer, MaintenanceStatus } from "../control/api.ts";
import type { Host } from "../host.ts";
import {
  after,
  earliest,
  formatDuration,
  formatWallTime,
  type Instant,
  milliseconds,
  seconds,
} from "../time.ts";
import type { Handoffs, Outcome } from "./handoffs.ts";
import type { Journal } from "./journal/journal.ts";
import { labelOf } from "./journal/log.ts";
import type { Command, Maintenance } from "./command.ts";
import type { Driver } from "./driver.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Routers } from "./routers.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { isHolder, isOut, masterOf } from "../vrrp/state.ts";

type MaintenanceCommand = Extract<Command, { readonly kind: "maintenance" }>;

/**
 * After a restart the calendar tells when maintenance ends. It may jump, on a machine without a
 * battery for its clock by years: it is looked at so often.
 */
const LOOK = seconds(5);

/** What maintenance works with. */
export interface MaintenanceOptions {
  readonly host: Host;
  readonly routers: Routers;
  readonly driver: Driver;
  readonly reconciler: Reconciler;
  readonly handoffs: Handoffs;
  readonly journal: Journal;
  /** Why no other node could hold a virtual router, as they tell; undefined: one may. */
  readonly lonely: (router: VirtualRouter) => string | undefined;
  /** What was in force when the process before this one ended. */
  readonly before: Maintenance | undefined;
  /** Writes down what is in force now; answers why it could not, in words. Never throws. */
  readonly save: (maintenance: Maintenance | undefined) => string | undefined;
}

/** The maintenance of one node. */
export class MaintenanceMode {
  readonly #options: MaintenanceOptions;
  #now: Maintenance | undefined;
  /** Why what is in force now is not written down. */
  #unsaved: string | undefined;
  #lookAt: Instant | undefined;
  /** When the time that was asked for is over, whatever the calendar says; not after a restart. */
  #endsAt: Instant | undefined;

  constructor(options: MaintenanceOptions) {
    this.#options = options;
    this.#now = options.before;
    if (this.#now === undefined) return;
    options.reconciler.standDown();
    this.#lookAgain();
  }

  /** For status. */
  status(): MaintenanceStatus | null {
    return this.#now === undefined ? null : statusOf(this.#now);
  }

  /** What is in force; undefined: nothing. */
  get present(): Maintenance | undefined {
    return this.#now;
  }

  /** Answers when it is in force or over, or at once why not. */
  handle(order: MaintenanceCommand): void {
    if (order.wanted === undefined) return this.#end("asked by hand", order.reply);
    if (this.#now !== undefined) {
      this.#set({ ...order.wanted, since: this.#now.since });
      return order.reply(this.#answer("on", "maintenance was on already, and goes on"));
    }
    const alone = order.force ? [] : this.#unheld();
    if (alone.length > 0) {
      const words = `no other node is known to hold ${alone.join(", ")}: no node would hold it`;
      return order.reply(this.#answer("refused", words));
    }
    const lonely = order.force ? [] : this.#lonely();
    if (lonely.length > 0) return order.reply(this.#answer("refused", lonely.join("; ")));
    const { routers, reconciler, handoffs } = this.#options;
    // What has left is not to come back before all have.
    reconciler.standDown();
    const masters = routers.all.filter(({ state }) => isHolder(state));
    handoffs.begin(masters, { kind: "maintenance" }, (outcome) => this.#enter(order, outcome));
  }

  /** Ends what was to last until now. */
  tick(now: Instant): void {
    if (this.#lookAt === undefined || this.#lookAt > now) return;
    this.#lookAgain();
    const until = this.#now?.until;
    if (until === undefined) return;
    const isOver = this.#endsAt === undefined
      ? until <= this.#options.host.wallTime()
      : this.#endsAt <= now;
    if (isOver) this.#end("its time is over", () => {});
  }

  /** When {@link MaintenanceMode.tick} has something to do by itself. */
  nextDeadline(): Instant | undefined {
    return this.#lookAt;
  }

  /** Instances that this node is to stand by for, though no holder is heard. */
  #unheld(): readonly string[] {
    return this.#options.routers.all
      .filter(({ state }) => state.kind === "backup" && masterOf(state) === undefined)
      .map(({ plan }) => labelOf(plan));
  }

  /** Instances that this node could hold, and no other one is known to be able to. */
  #lonely(): readonly string[] {
    const { routers, lonely } = this.#options;
    return routers.all.filter(({ state }) => !isOut(state)).flatMap((router) => {
      const why = lonely(router);
      const name = labelOf(router.plan);
      return why === undefined ? [] : [`no other node is known to be able to hold ${name}: ${why}`];
    });
  }

  #enter(order: MaintenanceCommand, { gone, kept }: Outcome): void {
    const { handoffs, reconciler } = this.#options;
    const routers = gone.map(({ how }) => how);
    if (order.wanted === undefined) return;
    if (kept.length > 0 && !order.force) {
      // What left meanwhile comes back, too: half a maintenance is none.
      reconciler.takePart();
      const names = kept.map(({ plan }) => labelOf(plan)).join(", ");
      const words = `no node took ${names} over: this node keeps it, and maintenance is not on`;
      return order.reply(this.#answer("refused", words, routers));
    }
    handoffs.stopAll(
      { kind: "maintenance" },
      () => order.reply(this.#answer("on", onWords({ gone, kept }), routers)),
    );
    this.#set(order.wanted);
  }

  #end(why: string, reply: MaintenanceCommand["reply"]): void {
    if (this.#now === undefined) return reply(this.#answer("off", "maintenance was not on"));
    const { reconciler, journal } = this.#options;
    this.#set(undefined);
    journal.write("info", `maintenance is over: ${why}`);
    reconciler.takePart({ kind: "maintenance-over" });
    reply(this.#answer("off", "maintenance is over: this node takes part again"));
  }

  #set(maintenance: Maintenance | undefined): void {
    const { save: keep, journal } = this.#options;
    if (maintenance !== undefined && this.#now === undefined) {
      const reason = maintenance.reason === undefined ? "" : `: ${maintenance.reason}`;
      journal.write("info", `maintenance is on${reason}`);
    }
    this.#now = maintenance;
    const { host } = this.#options;
    this.#endsAt = maintenance?.until === undefined
      ? undefined
      : after(host.now(), milliseconds(maintenance.until - host.wallTime()));
    this.#unsaved = keep(maintenance);
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#lookAt = this.#now?.until === undefined
      ? undefined
      : earliest(after(this.#options.host.now(), LOOK), this.#endsAt);
  }

  #answer(
    outcome: MaintenanceAnswer["outcome"],
    words: string,
    routers: readonly HandedOver[] = [],
  ): MaintenanceAnswer {
    const unsaved = outcome === "refused" ? undefined : this.#unsaved;
    const restart = outcome === "on" ? "a restart ends it" : "a restart brings it back";
    return {
      outcome,
      words: unsaved === undefined ? words : `${words}; but ${restart}: ${unsaved}`,
      maintenance: this.status(),
      saved: unsaved === undefined,
      routers,
    };
  }
}

function statusOf({ since, until, reason }: Maintenance): MaintenanceStatus {
  return {
    since: formatWallTime(since),
    until: until === undefined ? null : formatWallTime(until),
    reason: reason ?? null,
  };
}

function onWords({ gone, kept }: Outcome): string {
  const moved = gone.map(({ router, how }) => {
    const name = labelOf(router.plan);
    if (how.master === null) return `${name} was given up`;
    const time = formatDuration(milliseconds(how.took_ms));
    return `${how.master.node} holds ${name} now, it took ${time}`;
  });
  const left = kept.map(({ plan }) => `NOBODY holds ${labelOf(plan)} now`);
  return ["maintenance is on", ...moved, ...left].join("; ");
}
