/**
 * Leases by votes under random courses of events: no two machines answer, no voter promises twice,
 * epochs rise, and when the faults end a node holds. And each broken protocol is noticed.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import {
  BROKEN,
  CHANGING,
  playHours,
  playSeed,
  type Variant,
} from "../support/cluster/votes/seeds.ts";

/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 150);
/** A mutant has to show within so many courses of half a minute: 20 node-hours. */
const MOST = 600;

/** The first problem in seeds 1 to `most`. */
function problemOf(variant: Variant, most: number): string | undefined {
  for (let seed = 1; seed <= most; seed++) {
    const { problem } = playSeed(seed, variant);
    if (problem !== undefined) return `seed ${seed}: ${problem}`;
  }
  return undefined;
}

Deno.test("votes: whatever happens, one node answers at most, and one does after it", () => {
  const first = RUNS > 150 ? Math.floor(Math.random() * 1e9) : 1;
  let acquisitions = 0;
  for (let seed = first; seed < first + RUNS; seed++) {
    const outcome = playSeed(seed);
    deepStrictEqual(outcome.problem, undefined, `seed ${seed}`);
    acquisitions += outcome.acquisitions;
  }
  ok(acquisitions > 3 * RUNS, `${acquisitions} acquisitions`);
});

Deno.test("votes: the same while the voters change, with faults right then", () => {
  for (let seed = 1; seed <= RUNS; seed++) {
    deepStrictEqual(playSeed(seed, CHANGING).problem, undefined, `seed ${seed}`);
  }
});

Deno.test("votes: the same over quiet hours between storms", () => {
  let hours = 0;
  for (let seed = 1; seed <= RUNS / 10; seed++) {
    const { problem, nodeHours } = playHours(seed);
    deepStrictEqual(problem, undefined, `seed ${seed}`);
    hours += nodeHours;
  }
  ok(hours > RUNS, `${hours} node-hours`);
});

for (const [name, variant] of Object.entries(BROKEN)) {
  Deno.test(`votes: it is noticed when ${name}`, () => {
    ok(problemOf(variant, MOST) !== undefined);
  });
}
