/**
 * Effective priority of a virtual router and its faults by health checks, and resigning where
 * another node is better.
 */
import { betterNodes } from "../config/plan/node_priorities.ts";
import type { Config } from "../config/config.ts";
import type { Plan } from "../config/plan/plan.ts";
import type { Fault } from "../vrrp/event.ts";
import { isHolder, nameOf } from "../vrrp/state.ts";
import { contributionsOf, countsValue, effectivePriority } from "../vrrp/priority.ts";
import type { Rules } from "../vrrp/rules.ts";
import type { Checks } from "./checks.ts";
import type { Driver } from "./driver.ts";
import type { Journal } from "./journal/journal.ts";
import { downWords, labelOf } from "./journal/log.ts";
import { reservationFaults } from "./machine/reservation.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"rules">;

/** A fault for each check without a weight that is down. */
export function checkFaults(plan: Plan, checks: Checks): readonly Fault[] {
  return plan.checks.flatMap((name): readonly Fault[] => {
    const { up, last } = checks.judgement(name);
    if (up !== false || !canFault(name, checks)) return [];
    return [{ kind: "check", message: downWords(name, last?.text) }];
  });
}

/**
 * The checks without a weight that have not decided anything yet. An instance that has not started
 * waits for them, in init; one that is in fault stays in it; one that runs goes on as what it is.
 */
export function pendingChecks(plan: Plan, checks: Checks): readonly string[] {
  return plan.checks.filter((name) =>
    canFault(name, checks) && checks.isPending(name) && checks.judgement(name).up !== false
  );
}

/** A fault for each of {@link pendingChecks}, for an instance that is in fault. */
export function pendingFaults(plan: Plan, checks: Checks): readonly Fault[] {
  return pendingChecks(plan, checks).map((name): Fault => ({
    kind: "check-pending",
    message: `check ${name} has no result yet`,
  }));
}

/** Most checks that are named as reasons of one priority. */
const MOST_REASONS = 3;

/**
 * Why the priority is what it is: "check nginx is down: exit 1"; empty where no check with a weight
 * lowers it.
 */
export function priorityReason(plan: Plan, checks: Checks): string {
  const reasons = plan.checks.flatMap((name): readonly string[] => {
    const settings = checks.settings(name);
    if (settings?.weight === undefined) return [];
    const { up, last } = checks.judgement(name);
    if (up === false) return [downWords(name, last?.text)];
    return up && countsValue(settings) && last?.value !== 0 ? [`check ${name}: ${last?.text}`] : [];
  });
  const more = reasons.length - MOST_REASONS;
  return [...reasons.slice(0, MOST_REASONS), ...(more > 0 ? [`and ${more} more`] : [])].join("; ");
}

function canFault(name: string, checks: Checks): boolean {
  return checks.settings(name)?.weight === undefined;
}

/**
 * The plan's rules with the effective priority: base and weights of the checks, between 1 and 254.
 * It does not preempt where it was handed over by hand (`noPreempt`), and while a check has not
 * decided yet what this node is worth. `asked`: by a handover of another node.
 */
export function effectiveRules(
  plan: Plan,
  checks: Checks,
  noPreempt = false,
  asked?: Rules["asked"],
): Rules {
  const weighted = plan.checks.flatMap((name) => checks.settings(name) ?? []);
  const contributions = contributionsOf(weighted, (name) => checks.judgement(name));
  const priority = effectivePriority(plan.rules.priority, contributions);
  const isPending = plan.checks.some((name) => checks.isPending(name));
  const preempt = plan.rules.preempt && !noPreempt && !isPending;
  const rules = { ...plan.rules, priority, preempt };
  return asked === undefined ? rules : { ...rules, asked };
}

/** Why `router` takes no part: `network` says what the network lacks. */
export function faultsOf(
  router: VirtualRouter,
  network: readonly Fault[],
  checks: Checks,
): readonly Fault[] {
  const { plan, state, refusal } = router;
  const pending = nameOf(state) === "fault" ? pendingFaults(plan, checks) : [];
  const known = [...reservationFaults(router), ...network, ...checkFaults(plan, checks)];
  return [...known, ...pending, ...(refusal === undefined ? [] : [refusal])];
}

/** Does it leave a living master alone, whatever its priority? */
export function preemptsNot({ noPreemptUntil, refused }: VirtualRouter): boolean {
  return noPreemptUntil !== undefined || refused !== undefined;
}

/** What priorities work with. */
export interface PrioritiesOptions {
  readonly journal: Journal;
  readonly driver: Driver;
  readonly checks: Checks;
}

/** The effective priorities of one node. */
export class Priorities {
  readonly #options: PrioritiesOptions;

  constructor(options: PrioritiesOptions) {
    this.#options = options;
  }

  /**
   * Brings the priority of `router` up to date; a master that fell behind the other nodes of
   * `config` gives way.
   */
  update(router: VirtualRouter, config: Config, node: string): void {
    const { journal, driver, checks } = this.#options;
    const { plan, rules: before } = router;
    const rules = effectiveRules(plan, checks, preemptsNot(router), router.asked);
    const isSame = rules.priority === before.priority && rules.preempt === before.preempt &&
      rules.asked === before.asked;
    if (isSame) return;
    router.rules = rules;
    if (rules.priority !== before.priority) {
      const label = labelOf(plan);
      journal.write("info", `${label}: priority ${before.priority} -> ${rules.priority}`);
    }
    driver.dispatch(router, { kind: "rules", before });
    if (rules.priority >= before.priority || !isHolder(router.state)) return;
    const by = othersThatAreBetter(router, config, node);
    // A file without [nodes] does not know; and backups that do not preempt would obey the lowest
    // priority for good.
    const mayBeStuck = config.nodes.length === 0 && !plan.rules.preempt;
    if (by.length === 0 && !mayBeStuck) return;
    const reason = priorityReason(plan, checks);
    const cause = { kind: "outranked", priority: rules.priority, by, reason } as const;
    driver.dispatch(router, { kind: "release", cause });
  }
}

/** The other nodes that the file gives a higher priority than this one has now. */
function othersThatAreBetter(
  { plan, rules }: VirtualRouter,
  config: Config,
  node: string,
): readonly string[] {
  const instance = config.instances.find(({ name }) => name === plan.name);
  return instance === undefined ? [] : betterNodes(config, instance, node, rules.priority);
}
