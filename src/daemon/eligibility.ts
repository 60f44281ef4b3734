/** What do health checks make of a virtual router: its effective priority, and faults that keep it away? Pure. */
import type { Plan } from "../config/plan.ts";
import type { Fault } from "../vrrp/effect.ts";
import { contributionsOf, effectivePriority } from "../vrrp/priority.ts";
import type { Rules } from "../vrrp/rules.ts";
import type { Checks } from "./checks.ts";

/** A fault for each check without a weight that is down, or has no result yet. */
export function checkFaults(plan: Plan, checks: Checks): readonly Fault[] {
  return plan.checks.flatMap((name): readonly Fault[] => {
    if (checks.settings(name)?.weight !== undefined) return [];
    const { up, last } = checks.judgement(name);
    if (up === true) return [];
    if (up === undefined) {
      return [{ kind: "check-pending", words: `check ${name} has no result yet` }];
    }
    return [{ kind: "check", words: `check ${name} is down: ${last?.words ?? "no result"}` }];
  });
}

/**
 * The plan's rules with the effective priority: base and weights of the checks, between 1 and 254. One that was handed over by
 * hand stands `aside`: it does not preempt.
 */
export function effectiveRules(plan: Plan, checks: Checks, aside = false): Rules {
  const weighted = plan.checks.flatMap((name) => checks.settings(name) ?? []);
  const contributions = contributionsOf(weighted, (name) => checks.judgement(name));
  const priority = effectivePriority(plan.rules.priority, contributions);
  return { ...plan.rules, priority, preempt: plan.rules.preempt && !aside };
}
