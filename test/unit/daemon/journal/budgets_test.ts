/** Budgets that refill, and the log that lives on them. */
import assert from "node:assert/strict";
import { Budgets } from "../../../../src/daemon/journal/budgets.ts";
import { Once } from "../../../../src/daemon/journal/log.ts";
import { type Instant, seconds } from "../../../../src/time.ts";

function at(second: number): Instant {
  return seconds(second) as number as Instant;
}

Deno.test("a budget: a burst, then one for each refill, and it says how many were refused", () => {
  const budget = new Budgets({ most: 3, every: seconds(10) });
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(budget.take("a", at(100)), { given: true, before: 0 });
  }
  assert.deepEqual(budget.take("a", at(100)), { given: false, first: true });
  assert.deepEqual(budget.take("a", at(109)), { given: false, first: false });
  assert.deepEqual(budget.take("b", at(109)), { given: true, before: 0 }, "each kind its own");
  assert.deepEqual(budget.take("a", at(110)), { given: true, before: 2 });
  assert.deepEqual(budget.take("a", at(119)), { given: false, first: true });
  assert.deepEqual(budget.take("a", at(120)), { given: true, before: 1 }, "no time is lost");
  for (let i = 0; i < 3; i++) {
    assert.deepEqual(budget.take("a", at(10_000)), { given: true, before: 0 }, "never more");
  }
  assert.equal(budget.take("a", at(10_000)).given, false);
});

Deno.test("the log: a flood of one kind is counted, hides no other kind, is told later", () => {
  const lines: string[] = [];
  let now = 0;
  const once = new Once({ write: (_, line) => void lines.push(line) }, () => at(now));
  const flood = (from: number, count: number) => {
    for (let i = from; i < from + count; i++) {
      once.say("warning", "checksum", `${i}`, `packet ${i}`);
    }
  };
  flood(0, 5000);
  assert.equal(lines.length, 65);
  assert.equal(
    lines.at(-1),
    "further packet warnings are suppressed (checksum); see `floatip status`",
  );
  once.say("warning", "addresses", "x", "a stranger");
  assert.equal(lines.at(-1), "a stranger");
  now = 30;
  flood(5000, 5000);
  assert.deepEqual(lines.slice(66), [
    "packet 5000 (before it 4936 were suppressed)",
    "further packet warnings are suppressed (checksum); see `floatip status`",
  ]);
  once.say("warning", "addresses", "x", "a stranger");
  assert.equal(lines.length, 68, "what was told is not told again");
  now = 100_000;
  once.say("warning", "addresses", "x", "a stranger");
  assert.equal(lines.at(-1), "a stranger", "but on another day");
});
