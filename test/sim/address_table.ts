/** The addresses of a simulated machine; secondaries go with their primary, as on Linux. */
import { sameIp } from "../../src/net/ip.ts";
import type { LinkAddress } from "../../src/net/interfaces.ts";
import { containsIp, type Prefix } from "../../src/net/prefix.ts";
import type { Nanoseconds } from "../../src/time.ts";
import type { Leases } from "./leases.ts";
import { TextOf } from "./text_of.ts";

/**
 * Who took an address away: the program on the machine, somebody else or the machine itself, or its
 * lifetime.
 */
export type Taker = "program" | "others" | "lease";

/** What follows when an address is gone. */
export interface Aftermath {
  /** For each, in order; the table has none of them any more. */
  gone(entry: LinkAddress, by: Taker): void;
  /** A lifetime ran out, and everything about it is done. */
  leaseOver(): void;
}

/** The addresses of one machine. */
export class AddressTable {
  /**
   * Linux's promote_secondaries: do the other addresses of a subnet survive the first one's
   * removal?
   */
  promotesSecondaries = true;
  readonly #leases: Leases;
  readonly #aftermath: Aftermath;
  readonly #textOf = new TextOf();
  /**
   * Where the program has switched that on ({@link Host.addAddress}), by link; it stays on when it
   * is killed.
   */
  readonly #promoting = new Set<number>();
  #entries: readonly LinkAddress[] = [];
  /** Had any a lifetime yet? */
  #leased = false;
  /** All entries by address text; made when asked for. */
  #byText: ReadonlyMap<string, readonly LinkAddress[]> | undefined;

  constructor(leases: Leases, aftermath: Aftermath) {
    this.#leases = leases;
    this.#aftermath = aftermath;
  }

  /** All, in order of their adding, with the time that they have left. */
  all(): readonly LinkAddress[] {
    return this.#leased ? this.#entries.map((entry) => this.#timed(entry)) : this.#entries;
  }

  /** Those of the address `text`, "192.168.1.50". */
  of(text: string): readonly LinkAddress[] {
    this.#byText ??= Map.groupBy(this.#entries, (entry) => this.#textOf.ip(entry.prefix.address));
    return this.#byText.get(text) ?? [];
  }

  find(index: number, prefix: Prefix): LinkAddress | undefined {
    const found = this.#at(index, prefix);
    return found && this.#timed(found);
  }

  /** Is it there? */
  has(index: number, prefix: Prefix): boolean {
    return this.#at(index, prefix) !== undefined;
  }

  #at(index: number, prefix: Prefix): LinkAddress | undefined {
    for (const entry of this.#entries) if (isAt(entry, index, prefix)) return entry;
    return undefined;
  }

  /** Adds one that is not there; which flags it gets depends on what is. */
  insert(index: number, prefix: Prefix, ours: boolean, lifetime?: Nanoseconds): void {
    const { address, length } = prefix;
    const secondary = address.family === "ipv4" &&
      this.#entries.some((entry) =>
        entry.index === index && entry.prefix.length === length &&
        containsIp(entry.prefix, address)
      );
    const deprecated = address.family === "ipv6" && length === 128;
    this.put({ index, prefix, ours, tentative: false, secondary, deprecated });
    this.lease(index, prefix, lifetime);
  }

  /** Adds `entry` as it is. */
  put(entry: LinkAddress): void {
    this.#replace([...this.#entries, entry]);
  }

  /** Marks it as a program's own; true: it was not. */
  claim(index: number, prefix: Prefix): boolean {
    if (this.#at(index, prefix)?.ours === true) return false;
    return this.change((entry) =>
      !entry.ours && isAt(entry, index, prefix) ? { ...entry, ours: true } : entry
    );
  }

  /** Replaces each entry by what `act` makes of it; true: that changed something. */
  change(act: (entry: LinkAddress) => LinkAddress): boolean {
    const entries = this.#entries.map(act);
    const changed = entries.some((entry, i) => entry !== this.#entries[i]);
    if (changed) this.#replace(entries);
    return changed;
  }

  /** Has it kept for `lifetime` from now; undefined: for ever. */
  lease(index: number, prefix: Prefix, lifetime: Nanoseconds | undefined): void {
    if (lifetime !== undefined) {
      this.#leased = true;
      if (prefix.address.family === "ipv4") this.#promoting.add(index);
    }
    this.#leases.set(prefix.address.family, this.#keyOf(index, prefix), lifetime, () => {
      if (this.delete(index, prefix, "lease") > 0) this.#aftermath.leaseOver();
    });
  }

  /**
   * Takes one away, and with it what depends on it: how many entries are not as they were; 0: it
   * was not there.
   */
  delete(index: number, prefix: Prefix, by: Taker): number {
    const found = this.#at(index, prefix);
    if (found === undefined) return 0;
    const dependants = this.#entries.filter((entry) =>
      entry.secondary && entry.index === index &&
      entry.prefix.length === prefix.length && containsIp(prefix, entry.prefix.address)
    );
    this.drop((entry) => entry === found, by);
    if (found.secondary) return 1;
    // The program sees to it that others survive what it removes itself.
    const promotes = this.promotesSecondaries || by === "program" || this.#promoting.has(index);
    if (!promotes) this.drop((entry) => dependants.includes(entry), by);
    else this.change((entry) => entry === dependants[0] ? { ...entry, secondary: false } : entry);
    if (by === "program") this.#settlePromotion(index);
    return 1 + dependants.length;
  }

  /** Takes away all that `which` says. */
  drop(which: (entry: LinkAddress) => boolean, by: Taker): void {
    const gone = this.#entries.filter(which);
    this.#replace(this.#entries.filter((entry) => !which(entry)));
    for (const entry of gone) {
      this.#leases.forget(this.#keyOf(entry.index, entry.prefix));
      this.#aftermath.gone(entry, by);
    }
  }

  /** The program puts the setting back when it has no leased address there any more. */
  #settlePromotion(index: number): void {
    const isNeeded = this.#entries.some((entry) =>
      entry.ours && entry.index === index &&
      this.#leases.left(this.#keyOf(index, entry.prefix)) !== undefined
    );
    if (!isNeeded) this.#promoting.delete(index);
  }

  #timed(entry: LinkAddress): LinkAddress {
    const validFor = this.#leases.left(this.#keyOf(entry.index, entry.prefix));
    return validFor === undefined ? entry : { ...entry, validFor };
  }

  #keyOf(index: number, prefix: Prefix): string {
    return `${index} ${this.#textOf.prefix(prefix)}`;
  }

  #replace(entries: readonly LinkAddress[]): void {
    this.#entries = entries;
    this.#byText = undefined;
  }
}

function isAt(entry: LinkAddress, index: number, { address, length }: Prefix): boolean {
  return entry.index === index && entry.prefix.length === length &&
    sameIp(entry.prefix.address, address);
}

/** Is it one of IPv6? */
export function isIpv6({ prefix }: Pick<LinkAddress, "prefix">): boolean {
  return prefix.address.family === "ipv6";
}
