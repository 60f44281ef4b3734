/** Texts of addresses, each made once: a simulation asks for the same ones all the time. */
import { formatIp, type Ip } from "../../src/net/ip.ts";
import type { Prefix } from "../../src/net/prefix.ts";

/** Texts already made. */
export class TextOf {
  readonly #texts = new WeakMap<Ip, string>();
  readonly #prefixes = new WeakMap<Prefix, string>();

  /** "192.168.1.50/24". */
  prefix(prefix: Prefix): string {
    const known = this.#prefixes.get(prefix);
    if (known !== undefined) return known;
    const text = `${this.ip(prefix.address)}/${prefix.length}`;
    this.#prefixes.set(prefix, text);
    return text;
  }

  /** "192.168.1.11". */
  ip(address: Ip): string {
    const known = this.#texts.get(address);
    if (known !== undefined) return known;
    const text = formatIp(address);
    this.#texts.set(address, text);
    return text;
  }
}
