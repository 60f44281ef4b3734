/** How soon programs of simulated machines do their work. */
import { type Nanoseconds, nanoseconds } from "../../src/time.ts";

/** How long a ready program waits for the processor. */
export interface Promptness {
  /** Always so long. */
  readonly least: Nanoseconds;
  /** Up to so much longer. */
  readonly spread: Nanoseconds;
  /** How long it takes to add or remove an address; default: nothing takes time. */
  readonly perAddress?: Nanoseconds;
  /**
   * How long it takes to look at the clock, so that turns last, and large steps take several;
   * default: the clock stands within a turn.
   */
  readonly perLook?: Nanoseconds;
}

/** An idle machine. */
export const PROMPT: Promptness = { least: nanoseconds(50_000), spread: nanoseconds(0) };
