/** Who is on its way out? Masters that were asked to leave, until somebody has taken over or nobody did. */
import type { HandedOver } from "../control/api.ts";
import type { Host } from "../host.ts";
import { formatIp, type Ip } from "../net/ip.ts";
import { between, type Instant, type Nanoseconds, toMilliseconds } from "../time.ts";
import type { HandoffReason } from "../vrrp/event.ts";
import type { Routers } from "./routers.ts";
import type { VirtualRouter } from "./virtual_router.ts";
import { isHolder, isOut } from "../vrrp/state.ts";

/** Some masters that were asked to leave. */
interface PendingHandoff {
  readonly routers: readonly VirtualRouter[];
  readonly started: Instant;
  readonly finish: (outcome: Outcome) => void;
}

/** What became of a departure. */
export interface Outcome {
  /** Those who have left, and how. */
  readonly gone: readonly { readonly router: VirtualRouter; readonly how: HandedOver }[];
  /** Those whom nobody took over: they are master still. */
  readonly kept: readonly VirtualRouter[];
}

/** The departures of one node. */
export class Handoffs {
  readonly #host: Host;
  readonly #roster: Routers;
  readonly #pending = new Set<PendingHandoff>();
  #stopping = false;

  constructor(host: Host, roster: Routers) {
    this.#host = host;
    this.#roster = roster;
  }

  /** Asks `masters` to leave; `finish` is called when none of them is on its way any more, from {@link Handoffs.settle}. */
  begin(
    masters: readonly VirtualRouter[],
    why: HandoffReason,
    finish: (outcome: Outcome) => void,
  ): void {
    const started = this.#host.now();
    for (const router of masters) this.#roster.dispatch(router, { kind: "hand-over", why });
    this.#pending.add({ routers: masters, started, finish });
  }

  /** Leaves in order with everything; asked again, at once. */
  stop(): void {
    const again = this.#stopping;
    this.#stopping = true;
    this.#roster.out = true;
    for (const router of this.#roster.routers) {
      const patient = !again && router.rules.stop === "handover";
      this.#roster.dispatch(
        router,
        patient ? { kind: "hand-over", why: { kind: "stop" } } : { kind: "stop" },
      );
    }
  }

  /** Has every virtual router stopped after {@link Handoffs.stop}? */
  get gone(): boolean {
    return this.#stopping && this.#roster.routers.every(({ state }) => isOut(state));
  }

  /** To be called after each batch of events: finishes what can be finished. */
  settle(): void {
    for (const departure of [...this.#pending]) {
      if (departure.routers.some(({ state }) => state.kind === "handoff")) continue;
      this.#pending.delete(departure);
      departure.finish(this.#outcomeOf(departure));
    }
    if (!this.#stopping) return;
    for (const router of this.#roster.routers) {
      if (router.state.kind !== "handoff") this.#roster.dispatch(router, { kind: "stop" });
    }
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
      overlap_ms: heard === undefined ? null : rounded(between(heard.at, end)),
    };
  }

  #nameOf(address: Ip): string {
    const text = formatIp(address);
    return this.#roster.node?.names.get(text) ?? text;
  }
}

/** In ms, to hundredths. */
function rounded(duration: Nanoseconds): number {
  return Math.round(toMilliseconds(duration) * 100) / 100;
}
