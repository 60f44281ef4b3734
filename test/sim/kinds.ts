/** Kinds of runs: what a seed means is a matter of its kind. */
import type { Outcome, RecordingOptions } from "./course.ts";
import { fieldRun } from "./field/run.ts";
import { randomRun } from "./random_run.ts";
import { roadsRun } from "./roads/run.ts";

/**
 * "random": good files, and anything may break. "field": people's mistakes too, with promises of
 * their own. "roads": nodes that tell each other, and adverts or reports that are lost.
 */
export type Kind = "random" | "field" | "roads";

/** How each is performed. */
export const KINDS: Readonly<
  Record<Kind, (seed: number, options?: RecordingOptions) => Promise<Outcome>>
> = { random: randomRun, field: fieldRun, roads: roadsRun };
