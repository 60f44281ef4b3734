/** Which seeds go wrong? `deno task sim` runs many or one; a seed that fails is printed and replays exactly. */
import { Chatter } from "../scenarios/chatter.ts";
import { CHECKERS } from "./checkers/all.ts";
import { type Outcome, randomRun } from "./random_run.ts";
import { tomlOf } from "./setup.ts";
import type { CheckerMaker } from "./world.ts";

const USAGE = `deno task sim                     1000 runs with new seeds
deno task sim -- 123              replays seed 123 and tells everything
deno task sim -- --seeds 1..5000  those seeds
deno task sim -- --hours 8        new seeds for 8 hours`;

if (import.meta.main) Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));

async function main(given: readonly string[]): Promise<number> {
  const checkers = CHECKERS;
  const [first, second] = given;
  if (first === undefined) return await many(newSeeds(1000), checkers);
  if (/^\d+$/.test(first)) return await replay(Number(first), checkers);
  const range = first === "--seeds" ? /^(\d+)\.\.(\d+)$/.exec(second ?? "") : null;
  if (range !== null) return await many(between(Number(range[1]), Number(range[2])), checkers);
  if (first === "--hours" && Number(second) > 0) {
    return await many(newSeeds(), checkers, Number(second));
  }
  console.error(USAGE);
  return 2;
}

/** Runs one seed twice and tells what happened in it. */
async function replay(seed: number, checkers: readonly CheckerMaker[]): Promise<number> {
  const quiet = await randomRun(seed, { checkers });
  for (const node of quiet.setup.nodes) console.log(`# ${node.name}\n${tomlOf(quiet.setup, node)}`);
  const chatter = new Chatter(1_000_000_000 as Outcome["complaints"][number]["at"]);
  const told = await randomRun(seed, { checkers, watcher: chatter.hear });
  for (const line of chatter.take()) console.log(line);
  console.log(`\n${summary(told)}`);
  if (told.hash !== quiet.hash) console.log(`NOT THE SAME TWICE: ${told.hash}, ${quiet.hash}`);
  return told.complaints.length === 0 && told.hash === quiet.hash ? 0 : 1;
}

async function many(
  seeds: Iterable<number>,
  checkers: readonly CheckerMaker[],
  hours = Infinity,
): Promise<number> {
  const start = performance.now();
  const elapsed = () => (performance.now() - start) / 3_600_000;
  let [runs, failed, nodeHours, transitions] = [0, 0, 0, 0];
  for (const seed of seeds) {
    if (elapsed() > hours) break;
    const outcome = await randomRun(seed, { checkers });
    runs++;
    transitions += outcome.transitions;
    nodeHours += outcome.setup.nodes.length * outcome.elapsed / 3.6e12;
    if (outcome.complaints.length === 0) continue;
    failed++;
    console.log(summary(outcome));
  }
  const rate = nodeHours / (elapsed() * 3600);
  console.log(
    `${runs} runs, ${failed} failed; ${transitions} transitions in ${nodeHours.toFixed(1)} ` +
      `node-hours; ${rate.toFixed(1)} node-hours per second`,
  );
  return failed === 0 ? 0 : 1;
}

/** One line per complaint, and how to see more. */
function summary({ seed, complaints, elapsed, hash }: Outcome): string {
  if (complaints.length === 0) {
    return `seed ${seed}: well, ${(elapsed / 1e9).toFixed(1)} s, ${hash}`;
  }
  const lines = complaints.slice(0, 5).map(({ checker, words, at }) =>
    `  ${((at - 1e9) / 1e9).toFixed(3)} ${checker}: ${words}`
  );
  return [`seed ${seed} failed (deno task sim -- ${seed}):`, ...lines].join("\n");
}

function* newSeeds(count = Infinity): Iterable<number> {
  for (let i = 0; i < count; i++) yield Math.floor(Math.random() * 1e9);
}

function* between(first: number, last: number): Iterable<number> {
  for (let seed = first; seed <= last; seed++) yield seed;
}
