/**
 * The second opinion before a takeover: asks the other nodes when the engine wants to know, and
 * tells it what they report (decision 0075).
 */
import type { Word } from "../../cluster/knowledge.ts";
import type { RouterReport } from "../../cluster/report.ts";
import type { Instant } from "../../time.ts";
import type { Opinion } from "../../vrrp/event.ts";
import type { State } from "../../vrrp/state.ts";
import type { Driver } from "../driver.ts";
import { opinionOf, type OwnPlace } from "./opinion.ts";
import type { Routers } from "../routers.ts";
import type { Ticker } from "../ticker.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** What nodes report. */
export interface Sources {
  wordsOn(router: VirtualRouter, now: Instant): readonly Word[];
  placeOf(router: VirtualRouter, now: Instant): OwnPlace;
  askAbout(routers: readonly VirtualRouter[]): void;
}

/** What it works with. */
export interface SecondOpinionOptions {
  readonly now: () => Instant;
  readonly reports: Sources;
  readonly routers: Pick<Routers, "of">;
  readonly driver: Pick<Driver, "dispatch">;
}

/** Between the engine and the reports. */
export class SecondOpinion implements Ticker {
  readonly #options: SecondOpinionOptions;
  readonly #asking = new Set<VirtualRouter>();

  constructor(options: SecondOpinionOptions) {
    this.#options = options;
  }

  /** What the nodes report of the holder of the addresses of `router`. */
  opinionOf(router: VirtualRouter): Opinion | undefined {
    const { reports } = this.#options;
    const now = this.#options.now();
    const words = reports.wordsOn(router, now);
    return opinionOf(router, words, () => reports.placeOf(router, now), now);
  }

  /** They are to be asked about `router`: at the end of the turn, with others that are due. */
  ask(router: VirtualRouter): void {
    this.#asking.add(router);
  }

  /** A node has said something of its virtual routers. Answers whether the engine was told. */
  hear(said: readonly RouterReport[]): boolean {
    let isTold = false;
    for (const report of said) {
      const router = this.#options.routers.of(report);
      const own = router?.source;
      if (router === undefined || own === undefined) continue;
      if (router.rules.secondOpinion !== true || !matters(report, router.state)) continue;
      const opinion = this.opinionOf(router);
      this.#options.driver.dispatch(router, { kind: "reports", opinion, own });
      isTold = true;
    }
    return isTold;
  }

  /** After each batch of events it is called in any case. */
  nextDeadline(): undefined {
    return undefined;
  }

  tick(): void {
    if (this.#asking.size === 0) return;
    this.#options.reports.askAbout([...this.#asking]);
    this.#asking.clear();
  }
}

/** Does a router in `state` do anything about a report, before its own time has come? */
function matters(report: RouterReport, state: State): boolean {
  switch (state.kind) {
    case "backup":
      return state.master.kind === "reported" || state.masterDownAt === undefined;
    case "master":
      return report.state === "master" || state.contested !== undefined;
    case "handoff":
      return report.state === "master";
    default:
      return false;
  }
}
