/**
 * Leases in etcd under random courses of events: no two nodes answer, epochs rise, and when the
 * faults end a node holds. And each broken protocol is noticed.
 */
import { deepStrictEqual, ok } from "node:assert/strict";
import { milliseconds } from "../../src/time.ts";
import { Random } from "../sim/random.ts";
import { play } from "../support/cluster/etcd/course.ts";
import type { Wrong } from "../support/cluster/storm.ts";
import { MUTANTS, PROTOCOL, type Protocol } from "../support/cluster/etcd/protocol.ts";

/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 150);
/** A mutant has to show within so many courses of half a minute. */
const MOST = 2000;

/** What shuts a fence is late by almost its margin; clocks are wrong by `rate`. */
function settingOf(rate: number): Wrong {
  return { margin: milliseconds(9.999), rate };
}

function playSeed(protocol: Protocol, seed: number, setting: Wrong) {
  const random = new Random(seed);
  return play(protocol, () => random.u32() / 2 ** 32, setting);
}

/** Where those that are seldom noticed were: tried first. */
const HINTS: Readonly<Record<string, number>> = {
  "a successor counts from what it is told": 448,
  "a process resumes without a lease": 1171,
};

/** The first problem, in seeds 1 to `MOST`. */
function problemOf(protocol: Protocol, setting: Wrong, hint = 1): string | undefined {
  const seeds = [hint, ...Array.from({ length: MOST }, (_, index) => index + 1)];
  for (const seed of seeds) {
    const { problem } = playSeed(protocol, seed, setting);
    if (problem !== undefined) return `seed ${seed}: ${problem}`;
  }
  return undefined;
}

Deno.test("etcd: whatever happens, one node answers at most, and one does after it", () => {
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
  Deno.test(`etcd: it is noticed when ${name}`, () => {
    ok(problemOf(mutant, settingOf(0.001), HINTS[name]) !== undefined);
  });
}

Deno.test("etcd: it is noticed when clocks are wrong by 20 %", () => {
  ok(problemOf(PROTOCOL, settingOf(0.2)) !== undefined);
});
