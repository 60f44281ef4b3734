/** Random courses of votes by their seeds. */
import { type Fence, MARGINS, termsOf } from "../../../../src/cluster/votes/terms.ts";
import { milliseconds, nanoseconds, seconds } from "../../../../src/time.ts";
import { Random } from "../../../sim/random.ts";
import { play } from "./course.ts";
import type { Outcome, Setting } from "./setting.ts";
import { CHANGE_MUTANTS } from "./change_mutants.ts";
import { MUTANTS } from "./mutants.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

/** What shuts a fence is late by almost the whole margin. */
const UNSPENT = milliseconds(0.001);

/** Clocks that are not slewed are wrong by this at most. */
const RATE = 0.001;

/** Storms of a course with quiet hours. */
const STORMS = 20;

/** The course of `seed`, one storm: of the protocol, or of a broken one. */
export function playSeed(seed: number, { protocol, rate, changes }: Variant = SOUND): Outcome {
  const random = drawing(seed, changes ? 2 : 0);
  const terms = drawTerms(random);
  return play(protocol, random, { ...terms, rate, storms: 1, density: undefined, changes });
}

/** The course of `seed` with storms and quiet hours: 2 to 2,000 faults of a machine in an hour. */
export function playHours(seed: number): Outcome {
  const random = drawing(seed, 1);
  const density = between(random, 2, 2000);
  return play(PROTOCOL, random, {
    ...drawTerms(random),
    rate: RATE,
    storms: STORMS,
    density,
    changes: false,
  });
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
  /** Do the voters change, and does something happen whenever they do? */
  readonly changes: boolean;
}

const SOUND: Variant = { protocol: PROTOCOL, rate: RATE, changes: false };

/** The protocol, in courses in which the voters change. */
export const CHANGING: Variant = { ...SOUND, changes: true };

/** Needs a course of events that is not drawn in 600 courses: unit tests tell it. */
const BY_A_STORY = [
  "a voter says that it has written down what the disk has not",
  "a voter goes by its file while no list has a number",
  "another list takes the place of one without both counting for a time",
  "a voter grants to voters that are not in force any more",
  "the voters in force are forgotten with the process",
  "what an earlier holder left half made counts as that of the next",
];

/** All that random courses have to notice, by what is wrong. */
export const BROKEN: Readonly<Record<string, Variant>> = {
  ...variantsOf(MUTANTS, SOUND),
  "clocks are wrong by 20 %": { ...SOUND, rate: 0.2 },
  ...variantsOf(
    Object.fromEntries(
      Object.entries(CHANGE_MUTANTS).filter(([name]) => !BY_A_STORY.includes(name)),
    ),
    CHANGING,
  ),
};

function variantsOf(mutants: Readonly<Record<string, Protocol>>, variant: Variant) {
  return Object.fromEntries(
    Object.entries(mutants).map(([name, protocol]) => [name, { ...variant, protocol }]),
  );
}
