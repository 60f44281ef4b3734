/** Budgets by kind: how often something may be said that anybody on the LAN can bring about. */
import { affords, type Limits, spend } from "../../budget.ts";
import type { Instant } from "../../time.ts";

/** What is left of one kind, and how often it was refused since it was given last. */
interface Purse {
  readonly paid: Instant;
  readonly refused: number;
}

/** What {@link Budgets.take} answers. */
export type Taken =
  /** `before`: how often it was refused since the last time that it was given. */
  | { readonly given: true; readonly before: number }
  /** `first`: it has not been refused since it was given last. */
  | { readonly given: false; readonly first: boolean };

/** A budget of its own for each kind. Kinds are words of this program: no input can invent one. */
export class Budgets {
  readonly #limits: Limits;
  readonly #purses = new Map<string, Purse>();

  constructor(limits: Limits) {
    this.#limits = limits;
  }

  /** Takes one of `kind` at `now`. */
  take(kind: string, now: Instant): Taken {
    const { paid, refused } = this.#purses.get(kind) ?? { paid: now, refused: 0 };
    if (!affords(paid, this.#limits, now)) {
      this.#purses.set(kind, { paid, refused: refused + 1 });
      return { given: false, first: refused === 0 };
    }
    this.#purses.set(kind, { paid: spend(paid, this.#limits, now), refused: 0 });
    return { given: true, before: refused };
  }
}
