/** Budgets that refill: how often something may be said that anybody on the LAN can bring about. */
import { between, type Instant, type Nanoseconds } from "../time.ts";

/** How much is left of one kind, and when that was counted. */
interface Purse {
  readonly left: number;
  readonly at: Instant;
  /** How often nothing was left since something was given last. */
  readonly refused: number;
}

/** What {@link Budget.take} answers. */
export type Taken =
  /** `before`: how often it was refused since the last time that it was given. */
  | { readonly given: true; readonly before: number }
  /** `first`: it has not been refused since there was plenty. */
  | { readonly given: false; readonly first: boolean };

/** A budget of its own for each kind. Kinds are words of this program: nobody can invent one. */
export class Budget {
  readonly #burst: number;
  readonly #refill: Nanoseconds;
  readonly #purses = new Map<string, Purse>();

  /** `burst` at once, and one more for each `refill`. */
  constructor(burst: number, refill: Nanoseconds) {
    this.#burst = burst;
    this.#refill = refill;
  }

  /** Takes one of `kind` at `now`. */
  take(kind: string, now: Instant): Taken {
    const { left, at, refused } = this.#purses.get(kind) ??
      { left: this.#burst, at: now, refused: 0 };
    // Packets of one batch may be told of in another order than they came.
    const gained = Math.max(0, Math.floor(between(at, now) / this.#refill));
    const have = Math.min(this.#burst, left + gained);
    // What is left of a refill counts for the next one, but for a purse that is full.
    const since = have === this.#burst && now > at ? now : (at + gained * this.#refill) as Instant;
    if (have < 1) {
      this.#purses.set(kind, { left: have, at: since, refused: refused + 1 });
      return { given: false, first: refused === 0 };
    }
    this.#purses.set(kind, { left: have - 1, at: since, refused: 0 });
    return { given: true, before: refused };
  }
}
