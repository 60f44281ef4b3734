/** Random runs in each test run: the invariants hold; a seed that fails replays exactly. */
import assert from "node:assert/strict";
import type { Outcome } from "./course.ts";
import { randomRun } from "./random_run.ts";

/** Seeds in a normal run, and how many of them a test takes. */
const SEEDS = 2000;
const SEEDS_PER_TEST = 100;

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1;
  Deno.test(`random runs ${first} to ${last} keep all promises`, async () => {
    for (let seed = first; seed <= last; seed++) {
      const outcome = await randomRun(seed, { hashed: false });
      assert.deepEqual(outcome.complaints, [], message(outcome));
    }
  });
}

Deno.test("a seed gives the same run each time, to the nanosecond", async () => {
  for (const seed of [7, 77, 777, 7777]) {
    const [first, second] = [await randomRun(seed), await randomRun(seed)];
    assert.equal(first.hash, second.hash, `seed ${seed}`);
    assert.equal(first.elapsed, second.elapsed, `seed ${seed}`);
  }
});

Deno.test("another seed gives another run", async () => {
  assert.notEqual((await randomRun(1)).hash, (await randomRun(2)).hash);
});

function message({ seed, complaints }: Outcome): string {
  const words = complaints.map(({ checker, words, at }) => `${at / 1e9} s: ${checker}: ${words}`);
  return `seed ${seed} failed; see it with: deno task sim -- ${seed}\n${words.join("\n")}`;
}
