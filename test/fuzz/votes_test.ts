/**
 * Leases by votes under random courses of events: no two machines answer, no voter promises twice,
 * epochs rise, and when the faults end a node holds. And each broken protocol is noticed.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { termsOf } from "../../src/cluster/votes/terms.ts";
import { milliseconds, seconds } from "../../src/time.ts";
import { Random } from "../sim/random.ts";
import { play, type Setting } from "../support/cluster/votes/course.ts";
import { MUTANTS } from "../support/cluster/votes/mutants.ts";
import { PROTOCOL, type Protocol } from "../support/cluster/votes/protocol.ts";

/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 150);
/** A mutant has to show within so many courses of half a minute: 20 node-hours. */
const MOST = 600;
/** What shuts a fence is late by this, just within the margin. */
const LATE = milliseconds(9.999);

/** Adverts of 1 s and a fence of nftables; clocks are wrong by `rate`. */
function settingOf(rate: number): Setting {
  const terms = termsOf(seconds(1), "nftables");
  if (terms === undefined) throw new Error("1 s adverts have terms");
  return { terms, margin: LATE, rate };
}

function playSeed(protocol: Protocol, seed: number, setting: Setting) {
  const random = new Random(seed);
  return play(protocol, () => random.u32() / 2 ** 32, setting);
}

/** The first problem in seeds 1 to `most`. */
function problemOf(protocol: Protocol, setting: Setting, most: number): string | undefined {
  for (let seed = 1; seed <= most; seed++) {
    const { problem } = playSeed(protocol, seed, setting);
    if (problem !== undefined) return `seed ${seed}: ${problem}`;
  }
  return undefined;
}

Deno.test("votes: whatever happens, one node answers at most, and one does after it", () => {
  const first = RUNS > 150 ? Math.floor(Math.random() * 1e9) : 1;
  let acquisitions = 0;
  for (let seed = first; seed < first + RUNS; seed++) {
    const outcome = playSeed(PROTOCOL, seed, settingOf(0.001));
    deepStrictEqual(outcome.problem, undefined, `seed ${seed}`);
    acquisitions += outcome.acquisitions;
  }
  ok(acquisitions > 3 * RUNS, `${acquisitions} acquisitions`);
});

for (const [name, mutant] of Object.entries(MUTANTS)) {
  Deno.test(`votes: it is noticed when ${name}`, () => {
    ok(problemOf(mutant, settingOf(0.001), MOST) !== undefined);
  });
}

Deno.test("votes: it is noticed when clocks are wrong by 20 %", () => {
  ok(problemOf(PROTOCOL, settingOf(0.2), MOST) !== undefined);
});
