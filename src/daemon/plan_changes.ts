/** Changes of the plan, applied to the table of virtual routers one by one. */
import type { Host } from "../host.ts";
import type { Change } from "../config/plan/diff.ts";
import type { Plan } from "../config/plan/plan.ts";
import type { Checks } from "./checks.ts";
import type { Driver } from "./driver.ts";
import { removeAddresses } from "./effects.ts";
import type { Journal } from "./journal/journal.ts";
import { effectiveRules, preemptsNot } from "./priority.ts";
import type { Routers } from "./routers.ts";
import { createVirtualRouter, type VirtualRouter } from "./virtual_router.ts";

/** What they work with. */
export interface PlanChangesOptions {
  readonly host: Host;
  readonly journal: Journal;
  readonly routers: Routers;
  readonly driver: Driver;
  readonly checks: Checks;
  /** Called before the first of `routers` is dropped, with all that are to be. */
  readonly willLeave: (routers: readonly VirtualRouter[]) => void;
  /** It is new, or its plan is: sockets, faults and addresses are to follow. */
  readonly touched: (router: VirtualRouter) => void;
  /** It has stopped, and is about to leave the table. */
  readonly dropped: (router: VirtualRouter) => void;
}

/** Adds, drops and changes virtual routers. */
export class PlanChanges {
  readonly #options: PlanChangesOptions;

  constructor(options: PlanChangesOptions) {
    this.#options = options;
  }

  /** Before the first of `changes`, which are all: gives those that are to be applied. */
  prepare(changes: readonly Change[]): Change[] {
    const { routers, willLeave } = this.#options;
    for (const change of changes) if (change.kind === "unchanged") this.#keep(change.after);
    const removed = changes.flatMap((one) => one.kind === "removed" ? [one.before] : []);
    willLeave(removed.flatMap((plan) => routers.of(plan) ?? []));
    return changes.filter(({ kind }) => kind !== "unchanged");
  }

  /**
   * Puts `change` in force; says what became of it. Undefined: an instance with many addresses is
   * on its way out, and this is to be called again in a later turn.
   */
  apply(change: Change): Change | undefined {
    if (change.kind === "replaced" && this.#moveMaster(change)) {
      return { ...change, kind: "changed" };
    }
    const why = change.kind === "replaced"
      ? change.what.join(", ")
      : "removed from the configuration";
    const isDropped = change.kind === "removed" || change.kind === "replaced";
    if (isDropped && !this.#drop(change.before, why)) return undefined;
    if (change.kind === "replaced" || change.kind === "added") this.#create(change.after);
    if (change.kind !== "changed") return change;
    const router = this.#options.routers.of(change.before);
    if (router !== undefined) this.#change(router, change.after);
    return change;
  }

  /**
   * A master whose VRID, version or transport changed goes on as one: a node that is reloaded soon
   * after finds it there, one that is not takes over once it has heard nothing for long enough, as
   * it would if this one had started again.
   */
  #moveMaster(change: Extract<Change, { kind: "replaced" }>): boolean {
    const router = this.#options.routers.of(change.before);
    if (router !== undefined) this.#options.driver.finish(router);
    if (router?.state.kind !== "master") return false;
    if (change.before.interface !== change.after.interface) return false;
    // It begins without a lease, or with another one.
    if (change.before.exclusive?.name !== change.after.exclusive?.name) return false;
    // Adverts were those of another virtual router; what answers for an address goes on.
    router.heard.clear();
    for (const [key, { kind }] of router.conflicts) {
      if (kind === "answer") continue;
      router.conflicts.delete(key);
      router.look.until = undefined;
    }
    this.#change(router, change.after);
    return true;
  }

  /** Nothing that matters changed, though the words of a reason to wait may have. */
  #keep(plan: Plan): void {
    const router = this.#options.routers.of(plan);
    if (router === undefined) return;
    this.#options.driver.finish(router);
    router.plan = plan;
  }

  #create(added: Plan): void {
    const { host, routers, touched } = this.#options;
    const router = createVirtualRouter(added, host.wallTime(), host.now());
    routers.add(router);
    touched(router);
  }

  /** False: it still has addresses. */
  #drop(plan: Plan, what: string): boolean {
    const { routers, driver, dropped } = this.#options;
    const router = routers.of(plan);
    if (router === undefined) return true;
    if (driver.isBusy(router)) return false;
    driver.begin(router, { kind: "stop", cause: { kind: "reconfigured", what } });
    if (driver.isBusy(router)) return false;
    dropped(router);
    routers.drop(router);
    return true;
  }

  #change(router: VirtualRouter, next: Plan): void {
    const { host, journal, routers, driver, checks, touched } = this.#options;
    driver.finish(router);
    const before = router.plan;
    const kept = new Set(next.virtualAddresses.map((held) => JSON.stringify(held)));
    const gone = before.virtualAddresses.filter((held) => !kept.has(JSON.stringify(held)));
    removeAddresses(gone, router, host, journal);
    const rules = router.rules;
    routers.replan(router, next);
    router.rules = effectiveRules(next, checks, preemptsNot(router), router.asked);
    driver.dispatch(router, { kind: "rules", before: rules });
    touched(router);
  }
}
