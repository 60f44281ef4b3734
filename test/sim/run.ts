/** `deno task sim`: runs many seeds or one; a seed that fails is printed and replays exactly. */
import { Chatter } from "../support/scenarios/chatter.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { counted } from "./counted.ts";
import { many, type Range } from "./many.ts";
import { mutants } from "./mutants.ts";
import type { Outcome } from "./course.ts";
import { summary } from "./summary.ts";
import { tomlOf } from "./setup.ts";
import { votesRun } from "./votes/run.ts";

const USAGE =
  `deno task sim                               1000 runs with new seeds, and 250 field runs
deno task sim -- 123                        replays seed 123 and tells everything
deno task sim -- --seeds 1..5000            those seeds
deno task sim -- --hours 100000 [--from 1]  node-hours with seeds from 1 (default: new ones)
deno task sim -- field ...                  the same: files that differ, clones, refusals
deno task sim -- roads ...                  the same: nodes that tell each other, roads that break
deno task sim -- votes ...                  the same: daemons with an exclusive instance
deno task sim -- slow ...                   the same, on machines on which turns last
deno task sim -- protocol ...               the same: the protocol of votes, without daemons
deno task sim -- hours ...                  the same, with quiet hours between storms of faults
deno task sim -- mutants                    that protocol and the daemon, broken: is it noticed?`;

/** Kinds by their names on the command line; without one: "random". */
const NAMED = ["field", "roads", "votes", "slow", "protocol", "hours"] as const;

/** Seeds of a million in a row are as good as any. */
const BLOCK = 1e6;

if (import.meta.main) Deno.exit(await main(Deno.args.filter((arg) => arg !== "--")));

async function main(words: readonly string[]): Promise<number> {
  if (words.length === 0) return await someOfEach();
  if (words.length === 1 && words[0] === "mutants") return await mutants();
  const named = NAMED.find((one) => one === words[0]);
  const kind = named ?? "random";
  const args = named === undefined ? words : words.slice(1);
  const [only] = args;
  if (args.length === 1 && only !== undefined && /^\d+$/.test(only)) {
    return kind === "random" || kind === "field" || kind === "roads"
      ? await replay(kind, Number(only))
      : await tell(kind, Number(only));
  }
  const range = rangeOf(args);
  if (range !== undefined) return await many(kind, range);
  console.error(USAGE);
  return 2;
}

/** Plays a seed of votes once more, and tells what there is to tell. */
async function tell(kind: "votes" | "slow" | "protocol" | "hours", seed: number): Promise<number> {
  if (kind === "votes" || kind === "slow") {
    const { words, log } = await votesRun(seed, { isSlow: kind === "slow" });
    console.log([words, ...log].join("\n"));
  }
  const { failure } = await counted(kind, seed);
  console.log(failure ?? `seed ${seed}: well`);
  return failure === undefined ? 0 : 1;
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
