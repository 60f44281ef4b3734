/**
 * Field runs in each test run: statuses are true, and nothing is harmed. A seed replays exactly.
 */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { summary } from "../summary.ts";
import { fieldRun } from "./run.ts";

/** Seeds in a normal run, and how many of them a test takes. */
const SEEDS = 150;
const SEEDS_PER_TEST = 50;

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1;
  Deno.test(`field runs ${first} to ${last} keep all promises`, async () => {
    for (let seed = first; seed <= last; seed++) {
      const outcome = await fieldRun(seed, { hashed: false });
      deepStrictEqual(outcome.complaints, [], summary(outcome, "field"));
    }
  });
}

Deno.test("a seed gives the same field run each time, to the nanosecond", async () => {
  for (const seed of [7, 77]) {
    const [first, second] = [await fieldRun(seed), await fieldRun(seed)];
    strictEqual(first.hash, second.hash, `seed ${seed}`);
  }
});

Deno.test("a fault that is shorter than the time between two looks is seen", async () => {
  // A peer is missing in a file for 244 ms, and is known anew only after it.
  const outcome = await fieldRun(810000118, { hashed: false });
  deepStrictEqual(outcome.complaints, [], summary(outcome, "field"));
});
