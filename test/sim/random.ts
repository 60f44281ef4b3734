/** Random numbers of a seed: a small generator (sfc32). */

/** A stream of chance. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /**
   * The same `seed` (an integer) and `stream` give the same numbers, whatever else is drawn
   * elsewhere.
   */
  constructor(seed: number, stream = 0) {
    this.#a = seed | 0;
    this.#b = Math.floor(seed / 0x1_0000_0000) | 0;
    this.#c = stream | 0;
    for (let i = 0; i < 12; i++) this.u32();
  }

  /** 0 to 2^32 - 1. */
  u32(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** An integer from `least` to `most`, both included. */
  between(least: number, most: number): number {
    return least + Math.floor((this.u32() / 0x1_0000_0000) * (most - least + 1));
  }

  /** True with `probability` (0-1). */
  chance(probability: number): boolean {
    return probability > 0 && this.u32() < probability * 0x1_0000_0000;
  }

  /** One of `list`, which has at least one. */
  pick<T>(list: readonly T[]): T {
    const found = list[this.between(0, list.length - 1)];
    if (found === undefined) throw new RangeError("nothing to pick from");
    return found;
  }

  /** One of `list`, which has at least one, each as often as its weight says. */
  weighed<T>(list: readonly (readonly [weight: number, item: T])[]): T {
    const total = list.reduce((sum, [weight]) => sum + weight, 0);
    let ticket = this.between(1, total);
    for (const [weight, item] of list) {
      ticket -= weight;
      if (ticket <= 0) return item;
    }
    throw new RangeError("the weights add up to their sum");
  }
}
