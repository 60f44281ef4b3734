/**
 * Whose hardware address is whose: addresses of nodes and of senders of adverts, as neighbours told
 * them.
 */
import { between, type Instant, seconds } from "../../time.ts";
import { putNewest } from "../senders.ts";

/** Most addresses remembered. */
const MOST_ADDRESSES = 256;

/**
 * Most hardware addresses of one address: a machine with several cards on one LAN answers with
 * each.
 */
const MOST_MACS = 4;

/**
 * What was told so long ago may be another card now; a master is asked for every minute
 * (inquiry.ts), and this node's own with it.
 */
const FRESH = seconds(75);

/** Addresses and MACs as text. */
export class Neighbours {
  /** By address, then by MAC: when that was told last. */
  readonly #told = new Map<string, Map<string, Instant>>();
  /** By address: when all were asked for it last. */
  readonly #asked = new Map<string, Instant>();

  /** These, as they are now. */
  copy(): Neighbours {
    const copy = new Neighbours();
    for (const [address, macs] of this.#told) copy.#told.set(address, new Map(macs));
    for (const [address, at] of this.#asked) copy.#asked.set(address, at);
    return copy;
  }

  /** `address` is at `mac`. */
  learn(address: string, mac: string, at: Instant): void {
    const macs = this.#told.get(address) ?? new Map<string, Instant>();
    putNewest(macs, mac, at, MOST_MACS);
    putNewest(this.#told, address, macs, MOST_ADDRESSES);
  }

  /** All machines are asked where `address` is: only so each card that answers is told. */
  noteAsked(address: string, at: Instant): void {
    putNewest(this.#asked, address, at, MOST_ADDRESSES);
  }

  /** Were all asked for it at `since` or later? */
  wasAsked(address: string, since: Instant): boolean {
    const at = this.#asked.get(address);
    return at !== undefined && at >= since;
  }

  /** The MACs that `address` was at of late; empty where none was said. */
  macsOf(address: string, now: Instant, limit = FRESH): readonly string[] {
    return [...this.#told.get(address) ?? []]
      .filter(([, at]) => between(at, now) <= limit)
      .map(([mac]) => mac);
  }

  /** The addresses that were at `mac`, however long ago: the one that was told last comes first. */
  addressesOf(mac: string): readonly string[] {
    const found = [...this.#told].flatMap(([address, macs]) => {
      const at = macs.get(mac);
      return at === undefined ? [] : [{ address, at }];
    });
    return found.toSorted((a, b) => b.at - a.at).map(({ address }) => address);
  }

  /** Was it told within `limit` where `address` is? */
  knows(address: string, now: Instant, limit = FRESH): boolean {
    return [...this.#told.get(address)?.values() ?? []].some((at) => between(at, now) <= limit);
  }
}
