/** Results of checks become the right faults and priorities. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import {
  checkFaults,
  effectiveRules,
  pendingChecks,
  pendingFaults,
  priorityReason,
} from "../../../src/daemon/priority.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";
import { aPlan } from "../../support/daemon/plans.ts";

const NOW = 0 as Instant;

function settings(name: string, weight: number | undefined): CheckSettings {
  const probe = { kind: "process", name } as const;
  return { name, probe, interval: seconds(1), timeout: seconds(1), fall: 1, rise: 1, weight };
}

/** Checks with these weights and verdicts; undefined: no result yet. */
function judged(
  ...entries: readonly (readonly [string, number | undefined, boolean | undefined])[]
): Checks {
  const checks = new Checks();
  checks.settle(entries.map(([name, weight]) => settings(name, weight)), "pi-a", NOW);
  for (const [name, , ok] of entries) {
    const result = { ok: ok ?? false, text: "words", latency: milliseconds(1) };
    if (ok !== undefined) checks.take(name, result, NOW);
  }
  return checks;
}

Deno.test("eligibility: without a weight, down is a fault; no result only bars preemption", () => {
  const plan = { ...aPlan(), checks: ["up", "down", "new", "weighted"] };
  const checks = judged(
    ["up", undefined, true],
    ["down", undefined, false],
    ["new", undefined, undefined],
    ["weighted", -10, false],
  );
  deepStrictEqual(checkFaults(plan, checks), [
    { kind: "check", message: "check down is down: words" },
  ]);
  deepStrictEqual(pendingChecks(plan, checks), ["new"]);
  deepStrictEqual(pendingFaults(plan, checks), [
    { kind: "check-pending", message: "check new has no result yet" },
  ]);
  strictEqual(effectiveRules(plan, checks).preempt, false);
  strictEqual(effectiveRules({ ...plan, checks: ["up", "down"] }, checks).preempt, true);
  const weighted = { ...plan, checks: ["later"] };
  const later = judged(["later", 10, undefined]);
  deepStrictEqual(pendingChecks(weighted, later), [], "an instance starts without it");
  strictEqual(effectiveRules(weighted, later).preempt, false);
});

Deno.test("eligibility: only the instance's own checks count", () => {
  deepStrictEqual(checkFaults(aPlan(), judged(["down", undefined, false])), []);
  strictEqual(effectiveRules(aPlan(), judged(["down", -50, false])).priority, 100);
});

Deno.test("eligibility: weights add up, within 1 and 254", () => {
  const plan = (priority: number) => ({ ...aPlan({ priority }), checks: ["a", "b"] });
  const both = judged(["a", -30, false], ["b", 20, true]);
  strictEqual(effectiveRules(plan(100), both).priority, 90);
  strictEqual(effectiveRules(plan(20), judged(["a", -50, false], ["b", -50, false])).priority, 1);
  strictEqual(effectiveRules(plan(250), judged(["a", 50, true], ["b", 50, true])).priority, 254);
  strictEqual(effectiveRules(plan(255), both).priority, 255);
});

Deno.test("eligibility: why a priority is low: weighted checks that are down, three named", () => {
  const reason = (...names: readonly string[]) => {
    const checks = judged(
      ["up", -10, true],
      ["fault", undefined, false],
      ...["one", "two", "three", "four"].map((name) => [name, -10, false] as const),
    );
    return priorityReason({ ...aPlan(), checks: names }, checks);
  };
  strictEqual(reason("up", "fault"), "");
  strictEqual(reason("up", "one"), "check one is down: words");
  strictEqual(
    reason("one", "two", "three", "four"),
    "check one is down: words; check two is down: words; check three is down: words; and 1 more",
  );
});
