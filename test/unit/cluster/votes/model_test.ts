/**
 * Every course of events of two nodes and a witness, within bounds: no two ever answer. VOTES_MODEL
 * in the environment, "whole", makes the bounds wider (minutes).
 */
import { ok, strictEqual } from "node:assert/strict";
import { type Bounds, type Clocks, explore } from "../../../support/cluster/votes/explore.ts";
import { MUTANTS } from "../../../support/cluster/votes/mutants.ts";
import { PROTOCOL } from "../../../support/cluster/votes/protocol.ts";

/** The first to hold counts slowly, the others count fast; and the other way round. */
const UNLIKE: Clocks = { a: "slow", b: "fast", w: "fast" };
const CLOCKS: readonly Clocks[] = [
  UNLIKE,
  { a: "fast", b: "slow", w: "slow" },
  { a: "right", b: "right", w: "right" },
];

/** Ticks, deeds, restarts, copies. */
type Size = readonly [number, number, number, number];

const SIZES: readonly Size[] = [[0, 3, 0, 0], [0, 2, 1, 0], [2, 2, 0, 0]];
const WHOLE: readonly Size[] = [
  [0, 4, 0, 0],
  [0, 3, 1, 1],
  [2, 2, 1, 0],
  [2, 3, 0, 0],
];

function boundsOf([ticks, deeds, restarts, copies]: Size, states: number): Bounds {
  return { ticks, deeds, restarts, copies, states };
}

const isWhole = Deno.env.get("VOTES_MODEL") === "whole";

for (const size of isWhole ? WHOLE : SIZES) {
  const [ticks, deeds, restarts, copies] = size;
  const words = `${ticks} ticks, ${deeds} deeds, ${restarts} restarts, ${copies} copies`;
  Deno.test(`model: no two nodes answer: ${words}`, () => {
    for (const clocks of isWhole ? CLOCKS : [UNLIKE]) {
      const found = explore(PROTOCOL, clocks, boundsOf(size, isWhole ? 15e6 : 5e5));
      if (isWhole) console.log(`${words}: ${found.states} states`, clocks);
      strictEqual(found.course?.join("; "), undefined);
      strictEqual(found.isWhole, true);
    }
  });
}

/**
 * In which bounds a mutant shows. That a process resumes without a lease needs more of everything:
 * random courses show it.
 */
const SHOWS: Readonly<Record<string, Size>> = {
  "the holder counts from the receipt of the grant": [2, 3, 0, 0],
  "a voter is not silent after its start": [0, 3, 1, 0],
  "the hold is as long as the promise": [2, 3, 0, 0],
  "a grant from before a release is used": [0, 4, 0, 0],
  "a recorded grant counts as the answer to the newest request": [2, 3, 0, 0],
  "a transfer is sent before the fence is shut": [0, 2, 0, 0],
  "the resume state outlives a transfer": [0, 2, 1, 0],
  "a voter promises twice": [0, 3, 0, 0],
  "a release counts whenever it comes": [0, 4, 0, 0],
  "one vote of three is enough": [0, 2, 0, 0],
};

for (const [name, size] of Object.entries(SHOWS)) {
  Deno.test(`model: two answer where ${name}`, () => {
    const mutant = MUTANTS[name];
    ok(mutant !== undefined);
    const { states, course } = explore(mutant, UNLIKE, boundsOf(size, 5e5));
    ok(course !== undefined, `not within ${states} states`);
  });
}

Deno.test("model: two answer where clocks are further apart than is allowed for", () => {
  const clocks: Clocks = { a: "too-slow", b: "too-fast", w: "too-fast" };
  strictEqual(explore(PROTOCOL, clocks, boundsOf([2, 3, 0, 0], 5e5)).course !== undefined, true);
});
