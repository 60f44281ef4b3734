/** Masters that were asked to leave, until another node has taken over or none did. */
import type { HandedOver } from "../control/api.ts";
import type { Host } from "../host.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import {
  after,
  between,
  earliest,
  type Instant,
  milliseconds,
  type Nanoseconds,
  toMilliseconds,
} from "../time.ts";
import type { Cause, Event, HandoffReason } from "../vrrp/event.ts";
import type { Driver } from "./driver.ts";
import type { Reconciler } from "./reconcile.ts";
import type { Routers } from "./routers.ts";
import { Slice } from "./slice.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { isHolder, isOut } from "../vrrp/state.ts";

/** What is to happen to virtual routers. */
type Untold = readonly (readonly [router: VirtualRouter, event: Event])[];

/** Some masters that were asked to leave. */
interface PendingHandoff {
  readonly routers: readonly VirtualRouter[];
  readonly started: Instant;
  readonly finish: (outcome: Outcome) => void;
}

/** What became of a pending. */
export interface Outcome {
  /** Those that have left, and how. */
  readonly gone: readonly { readonly router: VirtualRouter; readonly how: HandedOver }[];
  /** Those without a successor: they are master still. */
  readonly kept: readonly VirtualRouter[];
}

/** What handoffs work with. */
export interface HandoffsOptions {
  readonly host: Pick<Host, "now">;
  readonly routers: Pick<Routers, "all" | "of">;
  readonly driver: Pick<Driver, "dispatch" | "isBusy">;
  readonly reconciler: Pick<Reconciler, "standDown" | "node">;
}

/** The masters of one node that leave. */
export class Handoffs {
  readonly #host: HandoffsOptions["host"];
  readonly #routers: HandoffsOptions["routers"];
  readonly #driver: HandoffsOptions["driver"];
  readonly #reconciler: HandoffsOptions["reconciler"];
  readonly #pending = new Set<PendingHandoff>();
  /** Those that are to be told yet; of hundreds each turn has its part. */
  #untold: Untold = [];
  #slice: Slice | undefined;
  #stopping = false;

  constructor({ host, routers, driver, reconciler }: HandoffsOptions) {
    this.#host = host;
    this.#routers = routers;
    this.#driver = driver;
    this.#reconciler = reconciler;
  }

  /**
   * Asks `masters` to leave; `finish` is called when none of them is on its way any more, from
   * {@link Handoffs.tick}.
   */
  begin(
    masters: readonly VirtualRouter[],
    why: HandoffReason,
    finish: (outcome: Outcome) => void,
  ): void {
    this.#begin(masters, { kind: "hand-over", why }, finish);
  }

  /** Stops all virtual routers; `finish` is called as that of {@link Handoffs.begin}. */
  stopAll(cause: Cause, finish: () => void): void {
    this.#begin(this.#routers.all, { kind: "stop", cause }, finish);
  }

  #begin(
    routers: readonly VirtualRouter[],
    event: Event,
    finish: PendingHandoff["finish"],
  ): void {
    this.#pending.add({ routers, started: this.#host.now(), finish });
    this.#tell(routers.map((router) => [router, event]));
  }

  #tell(more: Untold): void {
    this.#untold = [...this.#untold, ...more];
    this.#slice ??= new Slice(() => this.#host.now());
    let told = 0;
    for (const [router, event] of this.#untold) {
      if (this.#slice.isFull) break;
      told++;
      if (this.#routers.of(router.plan) !== router) continue;
      this.#driver.dispatch(router, event);
      this.#slice.add(router.plan);
    }
    this.#untold = this.#untold.slice(told);
  }

  /** Leaves in order with everything; asked again, at once. */
  stop(): void {
    const again = this.#stopping;
    this.#stopping = true;
    this.#reconciler.standDown();
    this.#untold = [];
    this.#tell(this.#routers.all.map((router) => {
      const isPatient = !again && router.rules.stop === "handover";
      return [router, isPatient ? { kind: "hand-over", why: { kind: "stop" } } : { kind: "stop" }];
    }));
  }

  /**
   * At once while some are to be told; else what it waits for is a state, or the first advert of a
   * successor, for so long.
   */
  nextDeadline(): Instant | undefined {
    if (this.#untold.length > 0) return this.#host.now();
    let next: Instant | undefined;
    for (const { routers } of this.#pending) {
      for (const router of routers) {
        if (this.#isUnheard(router)) next = earliest(next, arrivalOf(router));
      }
    }
    return next;
  }

  /** Was {@link Handoffs.stop} called? */
  get isStopping(): boolean {
    return this.#stopping;
  }

  /** Has every virtual router stopped after {@link Handoffs.stop}? */
  get gone(): boolean {
    return this.#stopping && this.#untold.length === 0 && !this.#driver.isBusy() &&
      this.#routers.all.every(({ state }) => isOut(state));
  }

  /** Finishes what can be finished. */
  tick(): void {
    this.#work();
    // What comes with the next turn has all of that.
    this.#slice = undefined;
  }

  #work(): void {
    if (this.#untold.length > 0) this.#tell([]);
    if (this.#untold.length > 0) return;
    // What one finishes may begin another one, which is looked at too.
    for (const pending of this.#pending) {
      const isOnItsWay = (router: VirtualRouter) =>
        router.state.kind === "handoff" || this.#driver.isBusy(router) ||
        this.#isUnheard(router);
      if (pending.routers.some(isOnItsWay)) continue;
      this.#pending.delete(pending);
      pending.finish(this.#outcomeOf(pending));
    }
    if (!this.#stopping) return;
    const left = this.#routers.all.filter((router) =>
      router.state.kind !== "handoff" && !isOut(router.state) && !this.#driver.isBusy(router)
    );
    this.#tell(left.map((router) => [router, { kind: "stop" }]));
  }

  /** An exclusive instance is let go before its successor says that it is master. */
  #isUnheard(router: VirtualRouter): boolean {
    const { plan, state, cause, releasedAt, heard } = router;
    if (plan.exclusive === undefined || isHolder(state) || releasedAt === undefined) return false;
    const successor = "successor" in cause ? cause.successor : undefined;
    if (successor === undefined || this.#host.now() >= (arrivalOf(router) ?? 0)) return false;
    return (heard.get(formatIp(successor))?.at ?? 0) < releasedAt;
  }

  #outcomeOf({ routers, started }: PendingHandoff): Outcome {
    const gone = routers.filter(({ state }) => !isHolder(state));
    return {
      gone: gone.map((router) => ({ router, how: this.#handedOver(router, started) })),
      kept: routers.filter((router) => !gone.includes(router)),
    };
  }

  #handedOver(router: VirtualRouter, started: Instant): HandedOver {
    const { plan, cause, releasedAt } = router;
    const successor = "successor" in cause ? cause.successor : undefined;
    const heard = successor && router.heard.get(formatIp(successor));
    const end = releasedAt ?? this.#host.now();
    return {
      family: plan.family,
      master: heard === undefined ? null : {
        node: this.#nameOf(heard.source),
        address: formatIp(heard.source),
        priority: heard.priority,
      },
      took_ms: rounded(between(started, end)),
      overlap_ms: heard === undefined || heard.at > end ? null : rounded(between(heard.at, end)),
    };
  }

  #nameOf(address: Ip): string {
    const text = formatIp(address);
    return this.#reconciler.node?.names.get(text) ?? text;
  }
}

/** So long the first advert of the successor of an exclusive instance is waited for. */
const HEARD_WITHIN = milliseconds(500);

function arrivalOf({ releasedAt }: VirtualRouter): Instant | undefined {
  return releasedAt === undefined ? undefined : after(releasedAt, HEARD_WITHIN);
}

/** In ms, to hundredths. */
function rounded(duration: Nanoseconds): number {
  return Math.round(toMilliseconds(duration) * 100) / 100;
}
