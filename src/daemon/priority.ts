/** What health checks make of a virtual router: its effective priority, and faults that keep it away. Pure. */
import type { Plan } from "../config/plan/plan.ts";
import type { Fault } from "../vrrp/event.ts";
import { contributionsOf, countsValue, effectivePriority } from "../vrrp/priority.ts";
import type { Rules } from "../vrrp/rules.ts";
import type { Checks } from "./checks.ts";

/** A fault for each check without a weight that is down. */
export function checkFaults(plan: Plan, checks: Checks): readonly Fault[] {
  return plan.checks.flatMap((name): readonly Fault[] => {
    const { up, last } = checks.judgement(name);
    if (up !== false || !canFault(name, checks)) return [];
    return [{ kind: "check", message: downWords(name, last?.text) }];
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
    message: `check ${name} has no result yet`,
  }));
}

/** Most checks that are named as reasons of one priority. */
const MOST_REASONS = 3;

/** Why the priority is what it is: "check nginx is down: exit 1"; empty where no check with a weight lowers it. */
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

/** "check nginx is down: exit 1: Operation not permitted". */
export function downWords(name: string, found: string | undefined): string {
  return `check ${name} is down: ${found ?? "it was before the reload, and has no result since"}`;
}

function canFault(name: string, checks: Checks): boolean {
  return checks.settings(name)?.weight === undefined;
}

/**
 * The plan's rules with the effective priority: base and weights of the checks, between 1 and 254. It does not preempt
 * where it was handed over by hand (`noPreempt`), and while a check has not decided yet what this node is worth.
 */
export function effectiveRules(plan: Plan, checks: Checks, noPreempt = false): Rules {
  const weighted = plan.checks.flatMap((name) => checks.settings(name) ?? []);
  const contributions = contributionsOf(weighted, (name) => checks.judgement(name));
  const priority = effectivePriority(plan.rules.priority, contributions);
  const isPending = plan.checks.some((name) => checks.isPending(name));
  return { ...plan.rules, priority, preempt: plan.rules.preempt && !noPreempt && !isPending };
}
