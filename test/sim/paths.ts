/** Paths between machines: delay, loss, duplication, reordering, cuts. */
import { type Nanoseconds, nanoseconds } from "../../src/time.ts";
import type { Random } from "./random.ts";

/** The quality of the way between machines. */
export interface Weather {
  /** Every packet takes at least so long. */
  readonly delay: Nanoseconds;
  /** And up to so much longer. */
  readonly jitter: Nanoseconds;
  /** Probability (0-1) that a packet is lost. */
  readonly loss: number;
  /** Probability (0-1) that it arrives twice. */
  readonly duplicate: number;
  /** Probability (0-1) that it may be overtaken. */
  readonly reorder: number;
}

/** An idle switch. */
export const CALM: Weather = {
  delay: nanoseconds(100_000),
  jitter: nanoseconds(0),
  loss: 0,
  duplicate: 0,
  reorder: 0,
};

/** All ways between the machines of a LAN. */
export class Paths {
  weather: Weather = CALM;
  readonly #random: Random;
  readonly #cuts = new Set<string>();
  readonly #mutes = new Set<string>();
  readonly #lastArrival = new Map<string, number>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** Nothing gets from `from` to `to` any more; the other direction is as it was. */
  cut(from: string, to: string): void {
    this.#cuts.add(`${from} -> ${to}`);
  }

  /** Everything gets from `from` to `to` again. */
  heal(from: string, to: string): void {
    this.#cuts.delete(`${from} -> ${to}`);
  }

  /** A switch carries no adverts from `from` to `to` any more (snooping); ARP and ND pass. */
  mute(from: string, to: string): void {
    this.#mutes.add(`${from} -> ${to}`);
  }

  /** It carries them again. */
  unmute(from: string, to: string): void {
    this.#mutes.delete(`${from} -> ${to}`);
  }

  /** Are no adverts carried from `from` to `to`? */
  isMute(from: string, to: string): boolean {
    return this.#mutes.size > 0 && this.#mutes.has(`${from} -> ${to}`);
  }

  /** When the last packet arrives that bad weather holds up. */
  get inFlightUntil(): number {
    return Math.max(0, ...this.#lastArrival.values());
  }

  /** The same on the LAN `segment` alone. */
  cutOn(segment: string, from: string, to: string): void {
    this.#cuts.add(`${from} -> ${to} on ${segment}`);
  }

  /** That cut is no more. */
  healOn(segment: string, from: string, to: string): void {
    this.#cuts.delete(`${from} -> ${to} on ${segment}`);
  }

  /** No cuts any more. */
  healAll(): void {
    this.#cuts.clear();
  }

  /** Is the way from `from` to `to` open, on the LAN `segment` or on any? */
  isOpen(from: string, to: string, segment?: string): boolean {
    if (this.#cuts.size === 0) return true;
    const way = `${from} -> ${to}`;
    return !this.#cuts.has(way) && !this.#cuts.has(`${way} on ${segment}`);
  }

  /**
   * After which delays a packet sent at `now` arrives: none where it is lost, two where it is
   * duplicated.
   */
  arrivals(from: string, to: string, now: number, segment: string): readonly Nanoseconds[] {
    if (!this.isOpen(from, to, segment) || this.#random.chance(this.weather.loss)) return [];
    const first = this.#arrival(from, to, now);
    return this.#random.chance(this.weather.duplicate)
      ? [first, this.#arrival(from, to, now)]
      : [first];
  }

  #arrival(from: string, to: string, now: number): Nanoseconds {
    const { delay, jitter, reorder } = this.weather;
    if (jitter === 0) return delay;
    const way = `${from} -> ${to}`;
    const arrival = now + delay + this.#random.between(0, jitter);
    const inOrder = this.#random.chance(reorder)
      ? arrival
      : Math.max(arrival, this.#lastArrival.get(way) ?? 0);
    this.#lastArrival.set(way, Math.max(inOrder, this.#lastArrival.get(way) ?? 0));
    return nanoseconds(inOrder - now);
  }
}
