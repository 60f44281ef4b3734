/** Changes of the plan, applied to the table of virtual routers one by one. */
import type { Host } from "../host.ts";
import type { Change } from "../config/plan/diff.ts";
import type { Plan } from "../config/plan/plan.ts";
import type { Checks } from "./checks.ts";
import type { Driver } from "./driver.ts";
import type { AddressWork } from "./effects.ts";
import { effectiveRules, preemptsNot } from "./priority.ts";
import type { Routers } from "./routers.ts";
import { createVirtualRouter, type OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"plan" | "rules">;

/** What they work with. */
export interface PlanChangesOptions {
  readonly host: Host;
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
  /** The one that takes more than a turn. */
  #underWay: { readonly router: VirtualRouter; readonly change: Change } | undefined;

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
   * Puts `change` in force; says what became of it. Undefined: a step of an instance with many
   * addresses is under way, and this is to be called again in a later turn, before any other.
   */
  apply(change: Change): Change | undefined {
    const router = "before" in change ? this.#options.routers.of(change.before) : undefined;
    const begun = this.#underWay;
    if (begun !== undefined) {
      if (this.#options.driver.isBusy(begun.router)) return undefined;
      this.#underWay = undefined;
      if (begun.change.kind === "changed") return begun.change;
    } else if (router !== undefined && this.#options.driver.isBusy(router)) return undefined;
    if (change.kind === "replaced" && router !== undefined && this.#isMoved(router, change)) {
      return this.#change(router, { ...change, kind: "changed" });
    }
    const why = change.kind === "replaced"
      ? change.what.join(", ")
      : "removed from the configuration";
    const isDropped = change.kind === "removed" || change.kind === "replaced";
    if (isDropped && router !== undefined && !this.#drop(router, change, why)) return undefined;
    if (change.kind === "replaced" || change.kind === "added") this.#create(change.after);
    return change.kind === "changed" && router !== undefined
      ? this.#change(router, change)
      : change;
  }

  /**
   * A master whose VRID, version or transport changed goes on as one: a node that is reloaded soon
   * after finds it there, one that is not takes over once it has heard nothing for long enough, as
   * it would if this one had started again.
   */
  #isMoved(router: VirtualRouter, change: Extract<Change, { kind: "replaced" }>): boolean {
    if (router.state.kind !== "master") return false;
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
    return true;
  }

  /** Nothing that matters changed, though the words of a reason to wait may have. */
  #keep(plan: Plan): void {
    const router = this.#options.routers.of(plan);
    if (router !== undefined) router.plan = plan;
  }

  #create(added: Plan): void {
    const { host, routers, touched } = this.#options;
    const router = createVirtualRouter(added, host.wallTime(), host.now());
    routers.add(router);
    touched(router);
  }

  /** False: it still has addresses. */
  #drop(router: VirtualRouter, change: Change, what: string): boolean {
    const { routers, driver, dropped } = this.#options;
    driver.dispatch(router, { kind: "stop", cause: { kind: "reconfigured", what } });
    if (driver.isBusy(router)) {
      this.#underWay = { router, change };
      return false;
    }
    dropped(router);
    routers.drop(router);
    return true;
  }

  #change(router: VirtualRouter, change: Extract<Change, { kind: "changed" }>): Change | undefined {
    const { driver } = this.#options;
    driver.carry(router, () => this.#changing(router, change.after));
    if (!driver.isBusy(router)) return change;
    this.#underWay = { router, change };
    return undefined;
  }

  *#changing(router: VirtualRouter, next: Plan): AddressWork {
    const { routers, driver, checks, touched } = this.#options;
    const kept = new Set(next.virtualAddresses.map((held) => JSON.stringify(held)));
    const gone = router.plan.virtualAddresses.filter((held) => !kept.has(JSON.stringify(held)));
    yield* driver.removing(gone, router);
    const rules = router.rules;
    routers.replan(router, next);
    router.rules = effectiveRules(next, checks, preemptsNot(router), router.asked);
    yield* driver.steps(router, { kind: "rules", before: rules });
    touched(router);
  }
}
