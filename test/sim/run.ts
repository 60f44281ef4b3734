/** `deno task sim`: runs many seeds or one; a seed that fails is printed and replays exactly. */
import { Chatter } from "../support/scenarios/chatter.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { many, type Range } from "./many.ts";
import type { Outcome } from "./course.ts";
import { summary } from "./summary.ts";
import { tomlOf } from "./setup.ts";

const USAGE =
  `deno task sim                               1000 runs with new seeds, and 250 field runs
deno task sim -- 123                        replays seed 123 and tells everything
deno task sim -- --seeds 1..5000            those seeds
deno task sim -- --hours 100000 [--from 1]  node-hours with seeds from 1 (default: new ones)
deno task sim -- field ...                  the same: files that differ, clones, refusals
deno task sim -- roads ...                  the same: nodes that tell each other, roads that break`;

/** Seeds of a million in a row are as good as any. */
const BLOCK = 1e6;

if (import.meta.main) Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0) return await someOfEach();
  const kind: Kind = words[0] === "field" || words[0] === "roads" ? words[0] : "random";
  const args = kind === "random" ? words : words.slice(1);
  const [only] = args;
  if (args.length === 1 && only !== undefined && /^\d+$/.test(only)) {
    return await replay(kind, Number(only));
  }
  const range = rangeOf(args);
  if (range !== undefined) return await many(kind, range);
  console.error(USAGE);
  return 2;
}

async function someOfEach(): Promise<number> {
  const first = freshSeed();
  const random = await many("random", { first, last: first + 999 });
  const field = await many("field", { first, last: first + 249 });
  return Math.max(random, field);
}

function freshSeed(): number {
  return Math.floor(Math.random() * 1000) * BLOCK + 1;
}

function rangeOf(args: readonly string[]): Range | undefined {
  const fresh = freshSeed();
  if (args.length === 0) return { first: fresh, last: fresh + 999 };
  const text = args.join(" ");
  const seeds = /^--seeds (\d+)\.\.(\d+)$/.exec(text);
  if (seeds !== null) return { first: Number(seeds[1]), last: Number(seeds[2]) };
  const hours = /^--hours (\d+(?:\.\d+)?)(?: --from (\d+))?$/.exec(text);
  if (hours === null || Number(hours[1]) === 0) return undefined;
  return { first: Number(hours[2] ?? fresh), nodeHours: Number(hours[1]) };
}

/** Runs one seed twice and tells what happened in it. */
async function replay(kind: Kind, seed: number): Promise<number> {
  const run = KINDS[kind];
  const quiet = await run(seed);
  for (const node of quiet.setup.nodes) console.log(`# ${node.name}\n${tomlOf(quiet.setup, node)}`);
  const chatter = new Chatter(1_000_000_000 as Outcome["complaints"][number]["at"]);
  const told = await run(seed, { watcher: chatter.hear });
  for (const line of chatter.take()) console.log(line);
  console.log(`\n${summary(told, kind)}`);
  if (told.hash !== quiet.hash) console.log(`NOT THE SAME TWICE: ${told.hash}, ${quiet.hash}`);
  return told.complaints.length === 0 && told.hash === quiet.hash ? 0 : 1;
}
