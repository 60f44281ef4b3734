/**
 * Roads runs in each test run: no second master while nodes can tell each other. And a dead master
 * is replaced as fast as without reports.
 */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { after, type Instant, nanoseconds, seconds } from "../../../src/time.ts";
import { advertIn } from "../advert.ts";
import { Cluster } from "../cluster.ts";
import { Random } from "../random.ts";
import { raise } from "../random_run.ts";
import { longestDown, type Setup } from "../setup.ts";
import { summary } from "../summary.ts";
import { PROMPT_WITHIN } from "../world.ts";
import { roadsRun } from "./run.ts";
import { drawRoads, withoutReports } from "./setup.ts";

/** Seeds in a normal run, and how many of them a test takes. */
const SEEDS = 30;
const SEEDS_PER_TEST = 10;
const TAKEOVERS = 20;

for (let first = 1; first <= SEEDS; first += SEEDS_PER_TEST) {
  const last = first + SEEDS_PER_TEST - 1;
  Deno.test(`roads runs ${first} to ${last} keep all promises`, async () => {
    for (let seed = first; seed <= last; seed++) {
      const outcome = await roadsRun(seed, { hashed: false });
      deepStrictEqual(outcome.complaints, [], summary(outcome, "roads"));
    }
  });
}

Deno.test("a seed gives the same roads run each time, to the nanosecond", async () => {
  const [first, second] = [await roadsRun(7), await roadsRun(7)];
  strictEqual(first.hash, second.hash);
});

Deno.test("a killed master is replaced as fast as without reports", async () => {
  for (let seed = 1; seed <= TAKEOVERS; seed++) {
    const setup = drawRoads(new Random(seed, 5));
    const told = await takeoverAfter(setup, seed);
    const alone = await takeoverAfter(withoutReports(setup), seed);
    const words = `seed ${seed}: ${told} ns with reports, ${alone} ns without`;
    ok(told <= alone + PROMPT_WITHIN, words);
  }
});

/** From the last advert of a master that is killed to its successor, in nanoseconds. */
async function takeoverAfter(setup: Setup, seed: number): Promise<number> {
  const cluster = new Cluster(seed);
  raise(cluster, setup);
  const { lan } = cluster;
  const lastSent = new Map<string, Instant>();
  const masters = new Set<string>();
  let successorAt: Instant | undefined;
  lan.watch((seen, at) => {
    if (seen.kind === "sent" && advertIn(seen.message).priority > 0) lastSent.set(seen.node, at);
    if (seen.kind !== "journal") return;
    if (seen.line.includes(" master -> ")) masters.delete(seen.node);
    if (!seen.line.includes(" -> master: ")) return;
    masters.add(seen.node);
    successorAt = at;
  });
  for (const { name } of setup.nodes) cluster.start(name);
  const down = longestDown(setup);
  await lan.run(nanoseconds(3 * down + seconds(5)));
  const [dead = ""] = masters;
  lan.kill(dead);
  const killedAt = lan.now;
  successorAt = undefined;
  while (successorAt === undefined && lan.now < after(killedAt, nanoseconds(2 * down))) {
    await lan.run(nanoseconds(down / 4));
  }
  return (successorAt ?? Infinity) - (lastSent.get(dead) ?? Infinity);
}
