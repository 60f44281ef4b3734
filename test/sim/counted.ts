/** Runs of all kinds, counted alike. */
import { playHours, playSeed } from "../support/cluster/votes/seeds.ts";
import { type Kind, KINDS } from "./kinds.ts";
import { summary } from "./summary.ts";
import { votesRun } from "./votes/run.ts";

/**
 * Besides those with a set-up: "votes", whole daemons with an exclusive instance; "slow", the same
 * on machines on which the clock goes on within a turn; "protocol", the
 * protocol of votes alone, with something happening all the time; "hours", the same with quiet
 * hours between storms of faults.
 */
export type CountedKind = Kind | "votes" | "slow" | "protocol" | "hours";

/** What is counted of a run. */
export interface Counted {
  readonly transitions: number;
  /** How often something was done to a machine or the LAN. */
  readonly faults: number;
  readonly nodeHours: number;
  /** What went wrong, and how to see more; undefined: nothing. */
  readonly failure: string | undefined;
}

/** Performs the run of `seed`. */
export async function counted(kind: CountedKind, seed: number): Promise<Counted> {
  if (kind === "protocol" || kind === "hours") return protocol(kind, seed);
  if (kind === "votes" || kind === "slow") return await votes(kind, seed);
  const outcome = await KINDS[kind](seed, { hashed: false });
  return {
    transitions: outcome.transitions,
    faults: outcome.faults,
    nodeHours: outcome.setup.nodes.length * outcome.elapsed / 3.6e12,
    failure: outcome.complaints.length === 0 ? undefined : summary(outcome, kind),
  };
}

function protocol(kind: "protocol" | "hours", seed: number): Counted {
  const play = kind === "hours" ? playHours : playSeed;
  const { problem, acquisitions, faults, nodeHours } = play(seed);
  const failure = problem === undefined ? undefined : failureOf(kind, seed, [problem]);
  return { transitions: acquisitions, faults, nodeHours, failure };
}

async function votes(kind: "votes" | "slow", seed: number): Promise<Counted> {
  const { complaints, log, hours } = await votesRun(seed, { isSlow: kind === "slow" });
  return {
    transitions: log.filter((line) => line.includes(" -> ")).length,
    faults: log.filter((line) => / --- (?!mend |all is put right)/.test(line)).length,
    nodeHours: hours,
    failure: complaints.length === 0 ? undefined : failureOf(kind, seed, complaints),
  };
}

function failureOf(kind: CountedKind, seed: number, words: readonly string[]): string {
  return [`seed ${seed} failed (deno task sim -- ${kind} ${seed}):`, ...words].join("\n  ");
}
