/** Pace of a live display: so many lines a second, the others counted. Pure. */
import { type Instant, seconds } from "../../time.ts";

const SECOND = seconds(1);

/** Lets through what a person can still read. */
export class Pace {
  readonly #most: number;
  #second = -1;
  #shown = 0;
  #hidden = 0;

  /** `most` a second. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * How many were held back in the last second that had any, once it is over at `at`; 0: none, or
   * it is not over.
   */
  over(at: Instant): number {
    const second = Math.floor(at / SECOND);
    if (second === this.#second) return 0;
    this.#second = second;
    this.#shown = 0;
    return this.rest();
  }

  /** How many were held back and not told of yet. */
  rest(): number {
    const hidden = this.#hidden;
    this.#hidden = 0;
    return hidden;
  }

  /** May one more be shown in this second? `always`: it may in any case. */
  admits(always: boolean): boolean {
    if (always || this.#shown < this.#most) {
      this.#shown++;
      return true;
    }
    this.#hidden++;
    return false;
  }
}
