/**
 * Network: the machine's links and addresses, by requests and the watch together; own changes show
 * at once.
 */
import { HostError } from "../../host.ts";
import {
  type Interfaces,
  type Link,
  type LinkAddress,
  linkNamed,
  type VirtualAddress,
} from "../../net/interfaces.ts";
import { type Ip, isLinkLocal } from "../../net/ip.ts";
import { formatPrefix, type Prefix } from "../../net/prefix.ts";
import type { Nanoseconds } from "../../time.ts";
import { INFINITY_LIFE_TIME, RTM_DELADDR, RTM_NEWADDR } from "../constants.ts";
import { EADDRNOTAVAIL, EEXIST, ENODEV } from "../errno.ts";
import { refusal } from "../refusal.ts";
import {
  addAddress,
  decodeAddress,
  deleteAddress,
  isHostAddress,
  keptReplacement,
  type Lifetime,
  lifetimeOf,
  loadAddresses,
  replaceAddress,
  type Terms,
  validity,
} from "./addresses.ts";
import { type Connection, type KeptRequest, NetlinkError } from "./connection.ts";
import { loadLink, loadLinks } from "./links.ts";
import type { NetlinkMessage } from "./message.ts";
import { Promotion } from "./promotion.ts";
import { defaultGateways } from "./routes.ts";
import { addressKey, type EntryKey, InterfaceTable } from "./table.ts";

/** Where changes are told: a Watch; in tests, a function stands behind it. */
export interface Changes {
  /** Gives what is queued to `take`; false: something was lost. */
  drain(take: (message: NetlinkMessage) => void): boolean;
}

/** A renewal as it is sent, for as long as nothing else changes. */
interface Renewal {
  /** What it was made for. */
  readonly picture: Interfaces;
  readonly lifetime: Nanoseconds;
  readonly index: number;
  readonly held: VirtualAddress;
  readonly request: KeptRequest;
  /** Would others of its subnet go with it, where promote_secondaries is off? */
  readonly hasDependants: boolean;
}

/**
 * So often promote_secondaries is looked at where there are others to lose: somebody may have
 * switched it off.
 */
const LOOKED_AT_EVERY_MS = 1000;

/**
 * Before an address is removed, a look so short a time ago counts, in ms: many are often removed in
 * a row.
 */
const FRESH_MS = 50;

/** The machine's links and addresses. */
export class Network {
  readonly #connection: Connection;
  /** A socket of its own: the watch does not hear of what it asks for. */
  readonly #renewing: Connection;
  readonly #changes: Changes;
  readonly #table = new InterfaceTable();
  readonly #promotion: Promotion;
  /** Links where an address has got a lifetime, and others are to be kept from its end. */
  readonly #toTend = new Set<number>();
  readonly #renewals = new WeakMap<VirtualAddress, Renewal>();
  /** To be sent before the next wait. */
  readonly #queue = new Set<Renewal>();
  /** When promote_secondaries was last looked at on a link, by performance.now(). */
  readonly #lookedAt = new Map<number, number>();
  #changed = false;

  /** `changes` must have been listening before. Throws HostError. */
  constructor(connection: Connection, changes: Changes, renewing: Connection = connection) {
    this.#connection = connection;
    this.#renewing = renewing;
    this.#promotion = new Promotion(connection);
    this.#changes = changes;
    this.#load();
  }

  /** As last heard. */
  interfaces(): Interfaces {
    return this.#table.interfaces();
  }

  /** Is `address` on a link of this machine? */
  has(address: Ip): boolean {
    return this.#table.has(address);
  }

  /**
   * Was news heard beside one of our own requests, and not taken yet? It has left the kernel's
   * queue, so that no descriptor tells of it any more.
   */
  get changed(): boolean {
    return this.#changed;
  }

  /**
   * Did anything change since the last call, other than what was asked for here? `isTold`: the
   * kernel has told something.
   */
  takeChanged(isTold = true): boolean {
    if (isTold) this.#hear();
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /**
   * What is left to do when everything urgent is done, before this process sleeps or ends: others
   * of a subnet are kept from the end of a lease, and settings put back that are needed no more. It
   * takes half a millisecond, which a takeover need not wait for.
   */
  tend(): void {
    this.#renew();
    for (const index of this.#toTend) this.#promotion.ensureWithin(index, LOOKED_AT_EVERY_MS);
    this.#toTend.clear();
    this.#promotion.settle((index) => this.#table.hasLeased(index));
  }

  /** {@link Host.gateways}. */
  gateways(): readonly Ip[] {
    return defaultGateways(this.#connection);
  }

  /** {@link Host.addAddress}. */
  addAddress(held: VirtualAddress, lifetime?: Nanoseconds): "added" | "present" {
    const renewal = this.#renewals.get(held);
    if (renewal?.picture === this.interfaces() && renewal.lifetime === lifetime) {
      this.#queue.add(renewal);
      return "present";
    }
    this.#renew();
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) throw refusal("RTM_NEWADDR", objectOf(held), -ENODEV);
    const outcome = this.#addOrReplace(held, link.index, lifetimeOf(lifetime));
    this.#table.claim(link.index, held.prefix);
    if (this.#table.find(link.index, held.prefix) === undefined) {
      this.#predict(held, link.index, lifetimeOf(lifetime));
    }
    if (lifetime !== undefined) this.#keepOthers(held, link.index);
    const deleted = this.#hear(addressKey(link.index, held.prefix));
    if (deleted) this.#askFor(held, link.index);
    if (outcome === "present" && lifetime !== undefined) this.#keep(held, link.index, lifetime);
    return outcome;
  }

  /** {@link Host.removeAddress}. */
  removeAddress(held: VirtualAddress): "removed" | "absent" {
    this.#renew();
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) return "absent";
    try {
      if (this.#table.hasDependants(link.index, held.prefix)) {
        this.#promotion.ensureWithin(link.index, FRESH_MS);
      }
      deleteAddress(this.#connection, held, link.index);
      return "removed";
    } catch (error) {
      if (isErrno(error, EADDRNOTAVAIL, ENODEV)) return "absent";
      throw error;
    } finally {
      this.#hear(addressKey(link.index, held.prefix));
    }
  }

  /** From now on `held` is renewed with others, all in one go, until something changes. */
  #keep(held: VirtualAddress, index: number, lifetime: Nanoseconds): void {
    const { prefix } = held;
    const entry = this.#table.find(index, prefix);
    if (entry?.ours !== true || entry.validFor === undefined || entry.dadFailed) return;
    const terms = { lifetime: lifetimeOf(lifetime), bringsRoute: this.#bringsRoute(index, prefix) };
    this.#renewals.set(held, {
      ...{ picture: this.interfaces(), lifetime, index, held },
      request: keptReplacement(this.#renewing, held, index, terms),
      hasDependants: prefix.address.family === "ipv4" && !isHostAddress(prefix) &&
        this.#table.hasDependants(index, prefix),
    });
  }

  /**
   * Sends the renewals that are queued. One that is refused counts as gone, and that is news:
   * whoever wants the address adds it again, and is then told why it cannot be.
   */
  #renew(): void {
    if (this.#queue.size === 0) return;
    const renewals = [...this.#queue];
    this.#queue.clear();
    for (const { hasDependants, index } of renewals) {
      if (hasDependants && this.#isLookDue(index)) this.#toTend.add(index);
    }
    for (const { index, held } of this.#refused(renewals)) {
      this.#table.drop(index, held.prefix);
      this.#changed = true;
    }
  }

  #refused(renewals: readonly Renewal[]): readonly Renewal[] {
    try {
      const refused = this.#renewing.batch(renewals.map(({ request }) => request));
      return refused.flatMap((index) => renewals[index] ?? []);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // Without an answer nothing is known of any.
      return renewals;
    }
  }

  #isLookDue(index: number): boolean {
    const now = performance.now();
    if (now - (this.#lookedAt.get(index) ?? -Infinity) < LOOKED_AT_EVERY_MS) return false;
    this.#lookedAt.set(index, now);
    return true;
  }

  #bringsRoute(index: number, prefix: Prefix): boolean {
    return prefix.address.family === "ipv4" || !this.#table.hasOthersOfSubnet(index, prefix);
  }

  #addOrReplace(held: VirtualAddress, index: number, lifetime: Lifetime): "added" | "present" {
    const { prefix } = held;
    const terms = { lifetime, bringsRoute: this.#bringsRoute(index, prefix) };
    // A renewal, as a rule: not first told that it is there already.
    if (this.#table.find(index, prefix)?.ours === true) {
      this.#replace(held, index, terms);
      return "present";
    }
    try {
      addAddress(this.#connection, held, index, terms);
      return "added";
    } catch (error) {
      if (!isErrno(error, EEXIST)) throw error;
      this.#replace(held, index, terms);
      return "present";
    }
  }

  /**
   * Where one without end gets an end, Linux gives the route to its subnet a wrong one, long past
   * (modify_prefix_route in net/ipv6/addrconf.c). Without a route in between it makes a new one.
   */
  #replace(held: VirtualAddress, index: number, terms: Terms): void {
    const before = this.#table.find(index, held.prefix);
    // Replacing it would leave it unused; added anew it is not looked into.
    if (before?.dadFailed) {
      deleteAddress(this.#connection, held, index);
      return addAddress(this.#connection, held, index, terms);
    }
    const getsAnEnd = held.prefix.address.family === "ipv6" && before?.validFor === undefined &&
      terms.lifetime !== INFINITY_LIFE_TIME;
    if (terms.bringsRoute && getsAnEnd) {
      replaceAddress(this.#connection, held, index, { ...terms, bringsRoute: false });
    }
    replaceAddress(this.#connection, held, index, terms);
  }

  /** An address is there that ends by itself: others of its subnet shall not end with it. */
  #keepOthers({ prefix }: VirtualAddress, index: number): void {
    if (prefix.address.family !== "ipv4" || isHostAddress(prefix)) return;
    // Somebody may have switched it off again: that matters where there is somebody to lose.
    if (this.#promotion.covers(index) && !this.#table.hasDependants(index, prefix)) return;
    this.#toTend.add(index);
  }

  /** The kernel tells of an IPv6 address from a work queue, a moment after it acknowledged it. */
  #predict(held: VirtualAddress, index: number, lifetime: Lifetime): void {
    this.#table.put({
      index,
      prefix: held.prefix,
      ours: true,
      tentative: false,
      secondary: false,
      deprecated: held.prefix.address.family === "ipv6" && isHostAddress(held.prefix),
      ...validity(lifetime),
    });
  }

  /**
   * Somebody deleted the address just now: only the kernel knows whether that was before or after
   * we added it.
   */
  #askFor({ prefix }: VirtualAddress, index: number): void {
    this.#table.claim(index, prefix);
    // Whatever else it shows is news too: the messages about that will find nothing left to change.
    const differs = this.#load();
    if (differs || this.#table.find(index, prefix) === undefined) this.#changed = true;
  }

  #linkOf(held: VirtualAddress): Link | undefined {
    return linkNamed(this.interfaces(), held.interface);
  }

  /**
   * Takes in what the kernel told. A change of `own` is what was asked for, and no news; true: it
   * was deleted.
   */
  #hear(own?: EntryKey): boolean {
    let deleted = false;
    const goneOurs: LinkAddress[] = [];
    const doubtful = new Set<number>();
    const whole = this.#changes.drain((message) => {
      const gone = message.type === RTM_DELADDR ? this.#table.oursIn(message) : undefined;
      if (gone !== undefined) goneOurs.push(gone);
      const key = this.#table.apply(message);
      if (key === undefined) return;
      if (key !== own) {
        this.#changed = true;
        const about = linkOfIpv6Address(message);
        if (about !== undefined) doubtful.add(about);
      } else if (message.type === RTM_DELADDR) deleted = true;
    });
    // A renewal that came after it has put it there again, and of that nothing is told.
    const isUnsure = own === undefined &&
      goneOurs.some(({ index, prefix }) => this.#table.find(index, prefix) === undefined);
    if (isUnsure) this.#load();
    for (const index of doubtful) this.#lookAt(index);
    if (!whole && this.#load()) this.#changed = true;
    return deleted;
  }

  /**
   * Whether IPv6 is off the kernel does not tell unasked; but it takes the addresses, or gives the
   * link-local one back.
   */
  #lookAt(index: number): void {
    try {
      const link = loadLink(this.#connection, index);
      if (link !== undefined) this.#table.putLink(link);
    } catch (error) {
      // It is gone, and its end is told.
      if (!isErrno(error, ENODEV)) throw error;
    }
  }

  #load(): boolean {
    return this.#table.load(loadLinks(this.#connection), loadAddresses(this.#connection));
  }
}

/** The link whose IPv6 address somebody else added or deleted. */
function linkOfIpv6Address(message: NetlinkMessage): number | undefined {
  if (message.type !== RTM_DELADDR && message.type !== RTM_NEWADDR) return undefined;
  const entry = decodeAddress(message);
  return entry?.prefix.address.family === "ipv6" && isLinkLocal(entry.prefix.address)
    ? entry.index
    : undefined;
}

function isErrno(error: unknown, ...numbers: readonly number[]): boolean {
  if (error instanceof NetlinkError) return numbers.includes(error.errno);
  if (error instanceof HostError) return false;
  throw error;
}

function objectOf({ prefix, interface: name }: VirtualAddress): string {
  return `${formatPrefix(prefix)} on ${name}`;
}
