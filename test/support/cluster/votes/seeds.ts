/** Random courses of votes by their seeds, with the terms of adverts of 1 s. */
import { termsOf } from "../../../../src/cluster/votes/terms.ts";
import { milliseconds, seconds } from "../../../../src/time.ts";
import { Random } from "../../../sim/random.ts";
import { type Outcome, play, type Setting } from "./course.ts";
import { MUTANTS } from "./mutants.ts";
import { PROTOCOL, type Protocol } from "./protocol.ts";

/** What shuts a fence is late by this, just within the margin. */
const LATE = milliseconds(9.999);

/** Clocks that are not slewed are wrong by this at most. */
const RATE = 0.001;

/** Adverts of 1 s and a fence of nftables; clocks are wrong by `rate`. */
function settingOf(rate: number): Setting {
  const terms = termsOf(seconds(1), "nftables");
  if (terms === undefined) throw new Error("1 s adverts have terms");
  return { terms, margin: LATE, rate };
}

/** The course of `seed`: of the protocol, or of a broken one. */
export function playSeed(seed: number, { protocol, rate }: Variant = SOUND): Outcome {
  const random = new Random(seed);
  return play(protocol, () => random.u32() / 2 ** 32, settingOf(rate));
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
