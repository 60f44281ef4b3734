/** Random courses of votes by their seeds. */
import { type Fence, MARGINS, termsOf } from "../../../../src/cluster/votes/terms.ts";
import { milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import { Random } from "../../../sim/random.ts";
import { play } from "./course.ts";
import type { Outcome, Setting } from "./setting.ts";
import { MUTANTS } from "./mutants.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

/** What shuts a fence is late by almost the whole margin. */
const UNSPENT = milliseconds(0.001);

/** Clocks that are not slewed are wrong by this at most. */
const RATE = 0.001;

/** Storms of a course with quiet hours. */
const STORMS = 20;

/** The course of `seed`, one storm: of the protocol, or of a broken one. */
export function playSeed(seed: number, { protocol, rate }: Variant = SOUND): Outcome {
  const random = drawing(seed, 0);
  return play(protocol, random, { ...drawTerms(random), rate, storms: 1, density: undefined });
}

/** The course of `seed` with storms and quiet hours: 2 to 2,000 faults of a machine in an hour. */
export function playHours(seed: number): Outcome {
  const random = drawing(seed, 1);
  const density = between(random, 2, 2000);
  return play(PROTOCOL, random, { ...drawTerms(random), rate: RATE, storms: STORMS, density });
}

function drawing(seed: number, stream: number): () => number {
  const random = new Random(seed, stream);
  return () => random.u32() / 2 ** 32;
}

/** Adverts of 1 s and a fence of nftables, or of 20 ms to 40 s and any fence. */
function drawTerms(random: () => number): Pick<Setting, "terms" | "margin"> {
  const kind = random();
  const interval = kind < 0.5
    ? seconds(1)
    : nanoseconds(kind < 0.9 ? between(random, 0.5e9, 40e9) : between(random, 20e6, 0.5e9));
  const fence: Fence = kind < 0.5 || random() < 0.7 ? "nftables" : "lifetime";
  const terms = termsOf(interval, fence);
  const margin = nanoseconds(MARGINS[fence] - UNSPENT);
  return terms === undefined ? drawTerms(random) : { terms, margin };
}

/** From `least` to `most`; each order of magnitude as often as the others. */
function between(random: () => number, least: number, most: number): number {
  return least * (most / least) ** random();
}

/** A protocol, and how wrong clocks are. */
export interface Variant {
  readonly protocol: Protocol;
  readonly rate: number;
}

const SOUND: Variant = { protocol: PROTOCOL, rate: RATE };

/** All that has to be noticed, by what is wrong. */
export const BROKEN: Readonly<Record<string, Variant>> = {
  ...Object.fromEntries(
    Object.entries(MUTANTS).map(([name, protocol]) => [name, { protocol, rate: RATE }]),
  ),
  "clocks are wrong by 20 %": { protocol: PROTOCOL, rate: 0.2 },
};
