/** Broken protocols of votes and broken daemons, and how soon random courses notice each. */
import { BROKEN, playSeed, type Variant } from "../support/cluster/votes/seeds.ts";
import { noticed as noticedBy, SOURCE_MUTANTS } from "./source_mutants.ts";

/** Each has to be noticed within so many node-hours. */
const MOST = 1000;

/** Tries them all, prints a line for each; 0: each was noticed in time. */
export async function mutants(): Promise<number> {
  let missed = 0;
  for (const [name, variant] of Object.entries(BROKEN)) {
    const { seed, problem, nodeHours } = firstOf(variant);
    if (problem === undefined) missed++;
    const noticed = problem === undefined ? "NOT NOTICED" : `seed ${seed}: ${problem}`;
    console.log(
      `${nodeHours.toFixed(2).padStart(8)} node-hours  ${name}\n${" ".repeat(21)}${noticed}`,
    );
  }
  for (const [name, mutant] of Object.entries(SOURCE_MUTANTS)) {
    const found = await noticedBy(mutant, MOST);
    if (found === undefined) missed++;
    console.log(`${name}\n${" ".repeat(21)}${found ?? "NOT NOTICED"}`);
  }
  console.log(missed === 0 ? `all noticed within ${MOST} node-hours` : `${missed} not noticed`);
  return missed === 0 ? 0 : 1;
}

function firstOf(variant: Variant) {
  let nodeHours = 0;
  for (let seed = 1;; seed++) {
    const outcome = playSeed(seed, variant);
    nodeHours += outcome.nodeHours;
    const { problem } = outcome;
    if (problem !== undefined || nodeHours >= MOST) return { seed, problem, nodeHours };
  }
}
