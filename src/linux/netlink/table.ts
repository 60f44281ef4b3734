/** Table of links and addresses, which the kernel's messages keep up to date. */
import { type Ip, ipKey, sameIp } from "../../net/ip.ts";
import type { Interfaces, Link, LinkAddress } from "../../net/interfaces.ts";
import { containsIp, formatPrefix, type Prefix } from "../../net/prefix.ts";
import {
  RTM_DELADDR,
  RTM_DELLINK,
  RTM_NEWADDR,
  RTM_NEWLINK,
  RTM_NEWNETCONF,
} from "../constants.ts";
import { decodeAddress } from "./addresses.ts";
import { decodeForwarding, decodeLink } from "./links.ts";
import type { NetlinkMessage } from "./message.ts";

/** Names a link or an address: equal text, equal thing. */
export type EntryKey = string;

/** The key of the address `prefix` on the link with `index`. */
export function addressKey(index: number, prefix: Prefix): EntryKey {
  return `${index} ${formatPrefix(prefix)}`;
}

/** Links and addresses. Every change tells the key of what changed; undefined: nothing did. */
export class InterfaceTable {
  readonly #links = new Map<number, Link>();
  readonly #addresses = new Map<EntryKey, LinkAddress>();
  /** Added by us: before Linux 5.18 the kernel keeps no mark. */
  readonly #ours = new Set<EntryKey>();
  #interfaces: Interfaces | undefined;
  #surroundings = 0;
  /** How often each address is there, by {@link ipKey}. */
  readonly #times = new Map<string, number>();

  /** Everything, as a value that does not change any more. */
  interfaces(): Interfaces {
    this.#interfaces ??= {
      links: [...this.#links.values()],
      addresses: [...this.#addresses.values()],
    };
    return this.#interfaces;
  }

  /** Another number whenever a link, or an address that is not of our making, may be another. */
  get surroundings(): number {
    return this.#surroundings;
  }

  /** The link called `name`. */
  linkNamed(name: string): Link | undefined {
    return this.#links.values().find((link) => link.name === name);
  }

  /** Replaces everything; true where that changed something. */
  load(links: readonly Link[], addresses: readonly LinkAddress[]): boolean {
    const before = this.interfaces();
    this.#links.clear();
    this.#addresses.clear();
    this.#times.clear();
    for (const link of links) this.#links.set(link.index, link);
    for (const address of addresses) {
      const key = addressKey(address.index, address.prefix);
      if (!this.#addresses.has(key)) this.#count(address.prefix.address, 1);
      this.#addresses.set(key, this.#marked(address));
    }
    this.#interfaces = undefined;
    this.#surroundings++;
    for (const key of this.#ours) if (!this.#addresses.has(key)) this.#ours.delete(key);
    return !sameInterfaces(before, this.interfaces());
  }

  /** The address that an RTM_DELADDR or RTM_NEWADDR tells of, where it is of our making. */
  oursIn(message: NetlinkMessage): LinkAddress | undefined {
    const entry = decodeAddress(message);
    const isOurs = entry !== undefined && this.#ours.has(addressKey(entry.index, entry.prefix));
    return isOurs ? entry : undefined;
  }

  /** Takes in a message of the kernel. */
  apply(message: NetlinkMessage): EntryKey | undefined {
    switch (message.type) {
      case RTM_NEWLINK:
        return ifDefined(decodeLink(message), (link) => this.putLink(link));
      case RTM_DELLINK:
        return ifDefined(decodeLink(message), (link) => this.#dropLink(link.index));
      case RTM_NEWADDR:
        return ifDefined(decodeAddress(message), (entry) => this.put(entry));
      case RTM_DELADDR:
        return ifDefined(decodeAddress(message), (entry) => this.drop(entry.index, entry.prefix));
      case RTM_NEWNETCONF: {
        const news = decodeForwarding(message);
        const link = news && this.#links.get(news.index);
        return link && news && this.putLink({ ...link, forwards6: news.forwards6 });
      }
      default:
        return undefined;
    }
  }

  /** Is `address` on a link? Costs the same however many there are, after a change too. */
  has(address: Ip): boolean {
    return this.#times.has(ipKey(address));
  }

  /** The entry for `prefix` on the link with `index`. */
  find(index: number, prefix: Prefix): LinkAddress | undefined {
    return this.#addresses.get(addressKey(index, prefix));
  }

  /**
   * Adds or replaces an address. Another time that it has left is no change, nor is that its
   * preferred time is over.
   */
  put(address: LinkAddress): EntryKey | undefined {
    const key = addressKey(address.index, address.prefix);
    const entry = this.#marked(address);
    const before = this.#addresses.get(key);
    const same = before !== undefined && sameAddress(before, entry);
    const isRenewed = same && before.validFor === entry.validFor;
    // The same object stays where a lease was only renewed: what compares it has nothing to do.
    if (isRenewed && before.deprecated === entry.deprecated) return undefined;
    this.#addresses.set(key, entry);
    if (before === undefined) this.#count(address.prefix.address, 1);
    if (!isRenewed) this.#interfaces = undefined;
    if (!same && !(entry.ours && before?.ours !== false)) this.#surroundings++;
    return same ? undefined : key;
  }

  /** Forgets an address, and that it was ours. */
  drop(index: number, prefix: Prefix): EntryKey | undefined {
    const key = addressKey(index, prefix);
    this.#ours.delete(key);
    const before = this.#addresses.get(key);
    if (before === undefined) return undefined;
    this.#addresses.delete(key);
    if (!before.ours) this.#surroundings++;
    this.#count(prefix.address, -1);
    this.#interfaces = undefined;
    return key;
  }

  #count(address: Ip, more: number): void {
    const times = (this.#times.get(ipKey(address)) ?? 0) + more;
    if (times > 0) this.#times.set(ipKey(address), times);
    else this.#times.delete(ipKey(address));
  }

  /** Notes that we added this address. */
  claim(index: number, prefix: Prefix): void {
    const key = addressKey(index, prefix);
    this.#ours.add(key);
    const entry = this.#addresses.get(key);
    if (entry !== undefined) this.put(entry);
  }

  /** Would the kernel, left to itself, take other addresses of the subnet along with this one? */
  hasDependants(index: number, prefix: Prefix): boolean {
    const entry = this.find(index, prefix);
    if (entry === undefined || entry.secondary) return false;
    return this.interfaces().addresses.some((other) =>
      other.index === index && other.secondary && other.prefix.length === prefix.length &&
      containsIp(prefix, other.prefix.address)
    );
  }

  /** Are there others of the subnet of `prefix`, that floatip did not add? */
  hasOthersOfSubnet(index: number, prefix: Prefix): boolean {
    return this.interfaces().addresses.some((other) =>
      other.index === index && !other.ours && other.prefix.length === prefix.length &&
      containsIp(prefix, other.prefix.address) && !sameIp(prefix.address, other.prefix.address)
    );
  }

  /** Is there an IPv4 address of our making on the link with `index` that ends by itself? */
  hasLeased(index: number): boolean {
    return this.interfaces().addresses.some((entry) =>
      entry.index === index && entry.ours && entry.validFor !== undefined &&
      entry.prefix.address.family === "ipv4"
    );
  }

  /** Adds or replaces a link. */
  putLink(link: Link): EntryKey | undefined {
    const before = this.#links.get(link.index);
    if (before !== undefined && sameLink(before, link)) return undefined;
    this.#links.set(link.index, link);
    this.#interfaces = undefined;
    this.#surroundings++;
    return `link ${link.index}`;
  }

  #dropLink(index: number): EntryKey | undefined {
    // The kernel tells of the addresses first; this is for those that it forgot.
    for (const entry of [...this.#addresses.values()]) {
      if (entry.index === index) this.drop(index, entry.prefix);
    }
    if (!this.#links.delete(index)) return undefined;
    this.#interfaces = undefined;
    this.#surroundings++;
    return `link ${index}`;
  }

  #marked(address: LinkAddress): LinkAddress {
    const ours = address.ours || this.#ours.has(addressKey(address.index, address.prefix));
    return { ...address, ours };
  }
}

function ifDefined<T>(
  value: T | undefined,
  act: (value: T) => EntryKey | undefined,
): EntryKey | undefined {
  return value === undefined ? undefined : act(value);
}

function sameInterfaces(a: Interfaces, b: Interfaces): boolean {
  return sameList(a.links, b.links, sameLink) && sameList(a.addresses, b.addresses, sameAddress);
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (a: T, b: T) => boolean): boolean {
  return a.length === b.length && a.every((one, index) => {
    const other = b[index];
    return other !== undefined && same(one, other);
  });
}

function sameLink(a: Link, b: Link): boolean {
  return a.index === b.index && a.name === b.name && `${a.mac}` === `${b.mac}` && a.up === b.up &&
    a.running === b.running && a.arp === b.arp && a.loopback === b.loopback &&
    a.multicast === b.multicast && a.mtu === b.mtu && a.forwards6 === b.forwards6 &&
    a.ipv6Off === b.ipv6Off &&
    a.master === b.master && a.carrierUps === b.carrierUps && a.activePort === b.activePort;
}

function sameAddress(a: LinkAddress, b: LinkAddress): boolean {
  return a.index === b.index && a.prefix.length === b.prefix.length &&
    sameIp(a.prefix.address, b.prefix.address) && a.ours === b.ours &&
    a.tentative === b.tentative && a.dadFailed === b.dadFailed && a.secondary === b.secondary;
}
