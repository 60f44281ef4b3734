/** What health checks make of a virtual router: its effective priority, and faults that keep it away. Pure. */
import type { Plan } from "../config/plan.ts";
import type { Fault } from "../vrrp/effect.ts";
import { contributionsOf, effectivePriority } from "../vrrp/priority.ts";
import type { Rules } from "../vrrp/rules.ts";
import type { Checks } from "./checks.ts";

/** A fault for each check without a weight that is down. */
export function checkFaults(plan: Plan, checks: Checks): readonly Fault[] {
  return plan.checks.flatMap((name): readonly Fault[] => {
    const { up, last } = checks.judgement(name);
    if (up !== false || !canFault(name, checks)) return [];
    const why = last?.words ?? "it was before the reload, and has no result since";
    return [{ kind: "check", words: `check ${name} is down: ${why}` }];
  });
}

/**
 * The checks without a weight that have not decided anything yet. An instance that has not started waits for them, in
 * init; one that is in fault stays in it; one that runs goes on as what it is.
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
    words: `check ${name} has no result yet`,
  }));
}

function canFault(name: string, checks: Checks): boolean {
  return checks.settings(name)?.weight === undefined;
}

/**
 * The plan's rules with the effective priority: base and weights of the checks, between 1 and 254. It does not preempt
 * where it was handed over by hand (`aside`), and while a check has not decided yet what this node is worth.
 */
export function effectiveRules(plan: Plan, checks: Checks, aside = false): Rules {
  const weighted = plan.checks.flatMap((name) => checks.settings(name) ?? []);
  const contributions = contributionsOf(weighted, (name) => checks.judgement(name));
  const priority = effectivePriority(plan.rules.priority, contributions);
  const isPending = plan.checks.some((name) => checks.isPending(name));
  return { ...plan.rules, priority, preempt: plan.rules.preempt && !aside && !isPending };
}
