/** What a random course of leases is given, what it is made of, and what it comes to. */
import type { Terms } from "../../../../src/cluster/votes/terms.ts";
import type { Pace, Wrong } from "../storm.ts";
import type { Flight, Machine } from "./world.ts";

/** What is drawn, and what is promised. */
export interface Setting extends Wrong {
  readonly terms: Terms;
  readonly storms: number;
  /** Faults of a machine in an hour, quiet hours included; undefined: there are none of those. */
  readonly density: number | undefined;
  /** Do the voters change in each course, and does something happen whenever they do? */
  readonly changes: boolean;
}

/** What a course came to. */
export interface Outcome {
  /** What was broken; undefined: nothing. */
  readonly problem: string | undefined;
  readonly acquisitions: number;
  /** How often something happened to a machine, its clocks or its messages. */
  readonly faults: number;
  /** Of all machines together. */
  readonly nodeHours: number;
}

/** One machine, and what happens to it. */
export interface Host {
  /** As it was at `at`: of one to which nothing happens only the clocks go on. */
  machine: Machine;
  at: number;
  pace: Pace;
  pausedUntil: number;
  /** When its node looks at the clock next. */
  tickAt: number;
  /** What has come while nothing ran there. */
  waiting: Flight[];
}
