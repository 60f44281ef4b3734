/** Histogram of durations, which are counted in buckets between fixed bounds and not kept. */
import type { HistogramReading } from "../../control/exposition.ts";
import type { Nanoseconds } from "../../time.ts";

/** Counts of durations between bounds; memory does not grow with what is counted. */
export class Histogram {
  readonly #bounds: readonly number[];
  readonly #counts: number[];
  #sum = 0;

  /** `bounds`: upper bounds in seconds, ascending. */
  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = [...bounds.map(() => 0), 0];
  }

  /** Counts `duration`; a negative one counts as 0. */
  add(duration: Nanoseconds): void {
    const seconds = Math.max(0, duration) / 1e9;
    let index = 0;
    for (const bound of this.#bounds) {
      if (seconds <= bound) break;
      index++;
    }
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += seconds;
  }

  /** What was counted so far. */
  read(): HistogramReading {
    return { bounds: this.#bounds, counts: [...this.#counts], sum: this.#sum };
  }
}
