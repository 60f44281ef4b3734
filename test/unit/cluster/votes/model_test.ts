/**
 * Every course of events of a few machines, within bounds: no two ever answer. VOTES_MODEL in the
 * environment, "whole", makes the bounds wider (minutes).
 */
import { ok, strictEqual } from "node:assert/strict";
import { CHANGE_MUTANTS } from "../../../support/cluster/votes/change_mutants.ts";
import {
  type Bounds,
  explore,
  type Model,
  NOTHING,
} from "../../../support/cluster/votes/explore.ts";
import { FIRST_MUTANTS } from "../../../support/cluster/votes/first_mutants.ts";
import * as models from "../../../support/cluster/votes/models.ts";
import { MUTANTS } from "../../../support/cluster/votes/mutants.ts";
import { PROTOCOL, type Protocol } from "../../../support/cluster/votes/protocol.ts";

const { fixedVoters, askedInVain, replacedVoter, changedVoters, slowDisk, halfMade } = models;
const { firstLists, apartFiles, apartHeld } = models;

/** The first to hold counts slowly, the others count fast; and the other way round. */
const UNLIKE: models.Clocks = { a: "slow", b: "fast", w: "fast" };
const CLOCKS: readonly models.Clocks[] = [
  UNLIKE,
  { a: "fast", b: "slow", w: "slow" },
  { a: "right", b: "right", w: "right" },
];

type Start = (protocol: Protocol, clocks: models.Clocks) => Model;
type Size = readonly [Start, Partial<Bounds>];

const SIZES: readonly Size[] = [
  [fixedVoters, { deeds: 3, flights: 2 }],
  [fixedVoters, { deeds: 2, restarts: 1, flights: 3 }],
  [fixedVoters, { ticks: 2, deeds: 2, flights: 2 }],
  [replacedVoter, { deeds: 2, reloads: 1, flights: 3 }],
  [changedVoters, { ticks: 2, deeds: 2, restarts: 1, flights: 1 }],
  [slowDisk, { ticks: 2, deeds: 2, restarts: 1, flights: 1 }],
  [halfMade, { ticks: 2, deeds: 3, flights: 1 }],
  [firstLists, { deeds: 2, reloads: 1, flights: 3 }],
  [apartFiles, { deeds: 4, flights: 1 }],
  [apartHeld, { ticks: 2, deeds: 2, flights: 1 }],
];
const WHOLE: readonly Size[] = [
  [fixedVoters, { ticks: 2, deeds: 2, restarts: 1, flights: 3 }],
  [fixedVoters, { ticks: 2, deeds: 3, flights: 2 }],
  [fixedVoters, { deeds: 4, flights: 3 }],
  [fixedVoters, { deeds: 3, restarts: 1, copies: 1, flights: 3 }],
  [replacedVoter, { ticks: 2, deeds: 3, reloads: 1, flights: 1 }],
  [changedVoters, { ticks: 2, deeds: 3, restarts: 1, flights: 1 }],
  [changedVoters, { ticks: 2, deeds: 2, restarts: 1, flights: 2 }],
  [slowDisk, { ticks: 2, deeds: 3, restarts: 1, flights: 1 }],
  [slowDisk, { ticks: 2, deeds: 2, restarts: 1, flights: 2 }],
  [halfMade, { ticks: 2, deeds: 4, flights: 1 }],
  [firstLists, { deeds: 3, reloads: 1, flights: 2 }],
  [apartFiles, { deeds: 4, flights: 2 }],
  [apartHeld, { ticks: 2, deeds: 3, flights: 1 }],
];

function wordsOf([start, bounds]: Size): string {
  const counts = Object.entries(bounds).map(([kind, count]) => `${count} ${kind}`);
  return `${start.name}, ${counts.join(", ")}`;
}

const isWhole = Deno.env.get("VOTES_MODEL") === "whole";

for (const size of isWhole ? WHOLE : SIZES) {
  const [start, bounds] = size;
  Deno.test(`model: no two nodes answer: ${wordsOf(size)}`, () => {
    // Without ticks clocks do not matter.
    for (const clocks of isWhole && bounds.ticks !== undefined ? CLOCKS : [UNLIKE]) {
      const most = isWhole ? 15e6 : 5e5;
      const found = explore(start(PROTOCOL, clocks), { ...NOTHING, ...bounds }, most);
      if (isWhole) console.log(`${wordsOf(size)}: ${found.states} states`, clocks);
      strictEqual(found.course?.join("; "), undefined);
      strictEqual(found.isWhole, true);
    }
  });
}

/** From where, and in which bounds, a mutant shows. */
const SHOWS: Readonly<Record<string, Size>> = {
  "the holder counts from the receipt of the grant": [
    fixedVoters,
    { ticks: 2, deeds: 3, flights: 2 },
  ],
  "a voter is not silent after its start": [fixedVoters, { deeds: 3, restarts: 1, flights: 1 }],
  "the hold is as long as the promise": [fixedVoters, { ticks: 2, deeds: 3, flights: 3 }],
  "a grant from before a release is used": [fixedVoters, { deeds: 4, flights: 3 }],
  "a recorded grant counts as the answer to the newest request": [
    fixedVoters,
    { ticks: 2, deeds: 3, flights: 3 },
  ],
  "a transfer is sent before the fence is shut": [fixedVoters, { deeds: 2, flights: 3 }],
  "the resume state outlives a transfer": [fixedVoters, { deeds: 2, restarts: 1, flights: 3 }],
  "a process resumes without a lease": [
    fixedVoters,
    { ticks: 2, deeds: 3, restarts: 1, flights: 1 },
  ],
  "a voter promises twice": [fixedVoters, { deeds: 3, flights: 3 }],
  "a release counts whenever it comes": [askedInVain, { deeds: 4, flights: 2 }],
  "one vote of three is enough": [fixedVoters, { deeds: 2, flights: 3 }],
  "another list takes the place of one without both counting for a time": [
    replacedVoter,
    { ticks: 2, deeds: 3, reloads: 1, flights: 1 },
  ],
  "a change does not wait until the voters have written it down": [
    replacedVoter,
    { ticks: 2, deeds: 3, reloads: 1, flights: 1 },
  ],
  "a voter says that it has written down what the disk has not": [
    slowDisk,
    { ticks: 2, deeds: 2, restarts: 1, flights: 1 },
  ],
  "the voters in force are forgotten with the process": [
    changedVoters,
    { ticks: 2, deeds: 2, restarts: 1, flights: 1 },
  ],
  "a voter grants to voters that are not in force any more": [
    changedVoters,
    { ticks: 2, deeds: 2, flights: 1 },
  ],
  "what an earlier holder left half made counts as that of the next": [
    halfMade,
    { ticks: 2, deeds: 4, flights: 1 },
  ],
  "a voter goes by its file while no list has a number": [
    firstLists,
    { deeds: 2, reloads: 1, flights: 3 },
  ],
  "a voter promises to a first list that is not its own": [apartFiles, { deeds: 2, flights: 1 }],
  "a voter goes by the list that is to stay from its promise on": [
    apartFiles,
    { deeds: 4, flights: 1 },
  ],
  "what was granted to two first lists counts for one": [apartFiles, { deeds: 4, flights: 1 }],
  "the first holder numbers one of two first lists": [
    apartHeld,
    { ticks: 2, deeds: 3, flights: 1 },
  ],
};

for (const [name, [start, bounds]] of Object.entries(SHOWS)) {
  Deno.test(`model: two answer where ${name}`, () => {
    const mutant = { ...MUTANTS, ...CHANGE_MUTANTS, ...FIRST_MUTANTS }[name];
    ok(mutant !== undefined);
    const { states, course } = explore(start(mutant, UNLIKE), { ...NOTHING, ...bounds }, 5e5);
    ok(course !== undefined, `not within ${states} states`);
  });
}

Deno.test("model: two answer where clocks are further apart than is allowed for", () => {
  const clocks: models.Clocks = { a: "too-slow", b: "too-fast", w: "too-fast" };
  const bounds = { ...NOTHING, ticks: 2, deeds: 3, flights: 2 };
  strictEqual(explore(fixedVoters(PROTOCOL, clocks), bounds, 5e5).course !== undefined, true);
});
