/** What happens to machines that vote and hold in a random course, how often, and for how long. */
import { milliseconds, type Nanoseconds, seconds } from "../../../../src/time.ts";

/** What may happen, and how often in a second at most. */
const KINDS = {
  ask: 20,
  release: 8,
  offer: 2,
  cut: 1,
  delay: 2,
  restart: 0.5,
  pause: 0.2,
  pace: 1,
  siege: 0.5,
  reload: 0.5,
} as const;

/** One of the things that may happen. */
export type Kind = keyof typeof KINDS | "split";

/** What happens whenever the voters change, where it is aimed at that. */
export const AIMED = ["split", "split", "split", "restart", "reload"] as const;

/** What happens in one storm and how often in a nanosecond, and which share of messages is lost. */
export class Weather {
  readonly #rates: readonly (readonly [Kind, number])[];
  readonly #sum: number;
  readonly loss: number;

  constructor(random: () => number) {
    const kinds = Object.keys(KINDS) as (keyof typeof KINDS)[];
    this.#rates = kinds.filter((kind) => kind === "ask" || random() < 0.5)
      .map((kind) => [kind, KINDS[kind] * random() / seconds(1)]);
    this.#sum = this.#rates.reduce((sum, [, rate]) => sum + rate, 0);
    this.loss = random() < 0.5 ? 0 : 0.2 * random();
  }

  /** How long it is until something happens: it does not depend on what was before. */
  rest(random: () => number): number {
    return -Math.log(1 - random()) / this.#sum;
  }

  draw(random: () => number): Kind {
    let ticket = random() * this.#sum;
    for (const [kind, rate] of this.#rates) {
      ticket -= rate;
      if (ticket < 0) return kind;
    }
    return "ask";
  }
}

/** For how long a message is under way while nothing delays it, at most. */
export function wayOf(renewEvery: Nanoseconds): number {
  return Math.min(milliseconds(3), renewEvery / 5);
}

/** How late a process is for what it has to do, at most. */
export function latenessOf(renewEvery: Nanoseconds): number {
  return Math.min(milliseconds(5), renewEvery / 10);
}
