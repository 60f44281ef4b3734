/**
 * Counts and histograms for metrics that status does not have: punctuality, what is heard and done.
 */
import type { MetricsSnapshot } from "../../control/metrics.ts";
import type { RouterReading, TransitionCount } from "../../control/metrics_instance.ts";
import { keyOf } from "../../config/plan/plan.ts";
import type { ProbeResult } from "../../health/check.ts";
import { between, type Instant, type Nanoseconds, toMilliseconds } from "../../time.ts";
import { Histogram } from "./histogram.ts";
import type { Observer, TransitionRecord } from "./record.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/**
 * From 0.1 ms, an idle machine's lateness, to what lets a backup at 1 s adverts take over. In
 * seconds.
 */
const LATENESS_BOUNDS = [
  ...[0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3],
];

/**
 * A little above one, two and three intervals of 10 ms, 100 ms and 1 s, so that a lost advert
 * shows. In seconds.
 */
const GAP_BOUNDS = [
  ...[0.012, 0.022, 0.032, 0.06, 0.12, 0.22, 0.32, 0.6, 1.2, 2.2, 3.2, 6, 12, 45],
];

/** From a file on this machine to a service that hangs. In seconds. */
const LATENCY_BOUNDS = [
  ...[0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
];

interface RouterMetrics {
  readonly transitions: Map<string, TransitionCount>;
  readonly receivedGap: Histogram;
  readonly sentGap: Histogram;
  /** When the last advert was sent by the master that this node still is. */
  sentAt: Instant | undefined;
}

interface CheckMetrics {
  succeeded: number;
  failed: number;
  readonly latency: Histogram;
}

/** What a reading is made of. */
export interface Subjects {
  readonly routers: readonly VirtualRouter[];
  /** The names of the checks that run. */
  readonly checks: readonly string[];
  readonly now: Instant;
}

/**
 * Measures one daemon. Its figures outlive a reload; those of what a reload took away are not read
 * any more.
 */
export class Metrics implements Observer {
  readonly #started: Instant;
  readonly #lateness = new Histogram(LATENESS_BOUNDS);
  readonly #routers = new Map<string, RouterMetrics>();
  readonly #checks = new Map<string, CheckMetrics>();

  constructor(started: Instant) {
    this.#started = started;
  }

  /** The loop acts at `now` on `deadline`, the one that it waited for. */
  awoke(deadline: Instant, now: Instant): void {
    this.#lateness.add(between(deadline, now));
  }

  /** The master of `router` was heard again after `gap`. */
  heard(router: VirtualRouter, gap: Nanoseconds): void {
    this.#router(keyOf(router.plan)).receivedGap.add(gap);
  }

  /** `router` has sent an advert as master at `now`; one of priority 0 is a farewell, and none. */
  sent(router: VirtualRouter, priority: number, now: Instant): void {
    if (priority === 0) return;
    const meter = this.#router(keyOf(router.plan));
    if (meter.sentAt !== undefined) meter.sentGap.add(between(meter.sentAt, now));
    meter.sentAt = now;
  }

  observe({ instance, family, from, to, reason }: TransitionRecord): void {
    const meter = this.#router(`${instance}/${family}`);
    if (from === "master") meter.sentAt = undefined;
    const key = `${from} ${to} ${reason}`;
    const count = (meter.transitions.get(key)?.count ?? 0) + 1;
    meter.transitions.set(key, { from, to, reason, count });
  }

  /** An attempt of `check` has ended. */
  probed(check: string, { ok, latency }: ProbeResult): void {
    const meter = this.#check(check);
    if (ok) meter.succeeded++;
    else meter.failed++;
    meter.latency.add(latency);
  }

  /** The figures of what there is now. */
  read({ routers, checks, now }: Subjects): MetricsSnapshot {
    return {
      uptimeMs: toMilliseconds(between(this.#started, now)),
      timerLateness: this.#lateness.read(),
      routers: routers.map(({ plan }): RouterReading => {
        const { transitions, receivedGap, sentGap } = this.#router(keyOf(plan));
        return {
          instance: plan.name,
          family: plan.family,
          transitions: [...transitions.values()],
          receivedGap: receivedGap.read(),
          sentGap: sentGap.read(),
        };
      }),
      checks: checks.map((name) => {
        const { succeeded, failed, latency } = this.#check(name);
        return { name, succeeded, failed, latency: latency.read() };
      }),
    };
  }

  #router(key: string): RouterMetrics {
    const known = this.#routers.get(key);
    if (known !== undefined) return known;
    const [receivedGap, sentGap] = [new Histogram(GAP_BOUNDS), new Histogram(GAP_BOUNDS)];
    const meter = { transitions: new Map(), receivedGap, sentGap, sentAt: undefined };
    this.#routers.set(key, meter);
    return meter;
  }

  #check(name: string): CheckMetrics {
    const known = this.#checks.get(name);
    if (known !== undefined) return known;
    const meter = { succeeded: 0, failed: 0, latency: new Histogram(LATENCY_BOUNDS) };
    this.#checks.set(name, meter);
    return meter;
  }
}
