/** How is an address written? As src/net does, but each object once: a simulation asks for the same ones for ever. */
import { formatIp, type Ip } from "../../src/net/ip.ts";

/** Texts already made. */
export class TextOf {
  readonly #texts = new WeakMap<Ip, string>();

  /** "192.168.1.11". */
  ip(address: Ip): string {
    const known = this.#texts.get(address);
    if (known !== undefined) return known;
    const text = formatIp(address);
    this.#texts.set(address, text);
    return text;
  }
}
