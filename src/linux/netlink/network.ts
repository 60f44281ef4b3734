/**
 * Network: the machine's links and addresses, by requests and the watch together; own changes show
 * at once.
 */
import { eachOf, HostError } from "../../host.ts";
import type { Interfaces, Link, LinkAddress, VirtualAddress } from "../../net/interfaces.ts";
import { type Ip, isLinkLocal } from "../../net/ip.ts";
import { formatPrefix } from "../../net/prefix.ts";
import type { Nanoseconds } from "../../time.ts";
import { RTM_DELADDR, RTM_NEWADDR } from "../constants.ts";
import { EADDRNOTAVAIL, ENODEV } from "../errno.ts";
import { refusal } from "../refusal.ts";
import {
  decodeAddress,
  deleteAddress,
  isHostAddress,
  keptAddition,
  keptDeletion,
  lifetimeOf,
  loadAddresses,
} from "./addresses.ts";
import type { Connection, KeptRequest } from "./connection.ts";
import { loadLink, loadLinks } from "./links.ts";
import { LocalRoutes } from "./local_routes.ts";
import type { NetlinkMessage } from "./message.ts";
import { addOrReplace, bringsRouteTo, isErrno, predict } from "./placing.ts";
import { Promotion } from "./promotion.ts";
import { Renewals } from "./renewals.ts";
import { defaultGateways } from "./routes.ts";
import { addressKey, type EntryKey, InterfaceTable } from "./table.ts";

/** Where changes are told: a Watch; in tests, a function stands behind it. */
export interface Changes {
  /** Gives what is queued to `take`; false: something was lost. */
  drain(take: (message: NetlinkMessage) => void): boolean;
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

/** An address, and the link that it is for. */
interface Place {
  readonly held: VirtualAddress;
  readonly index: number;
}

const NONE: ReadonlySet<VirtualAddress> = new Set();
const NO_KEYS: ReadonlySet<EntryKey> = new Set();

/** The machine's links and addresses. */
export class Network {
  readonly #connection: Connection;
  readonly #changes: Changes;
  readonly #table = new InterfaceTable();
  readonly #promotion: Promotion;
  readonly #localRoutes: LocalRoutes;
  /** To be sent before the next wait. */
  readonly #renewals: Renewals;
  /** Links where an address has got a lifetime, and others are to be kept from its end. */
  readonly #toTend = new Set<number>();
  /** When promote_secondaries was last looked at on a link, by performance.now(). */
  readonly #lookedAt = new Map<number, number>();
  #changed = false;

  /** `changes` must have been listening before. Throws HostError. */
  constructor(connection: Connection, changes: Changes, renewing: Connection = connection) {
    this.#connection = connection;
    this.#renewals = new Renewals(renewing, this.#table);
    this.#promotion = new Promotion(connection);
    this.#localRoutes = new LocalRoutes(connection);
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

  /** {@link Host.isReady}. */
  isReady(address: Ip): boolean {
    return this.#localRoutes.isThere(address);
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
    if (this.#renewals.queue(held, lifetime)) return "present";
    this.#renew();
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) throw refusal("RTM_NEWADDR", objectOf(held), -ENODEV);
    const outcome = addOrReplace(
      this.#connection,
      this.#table,
      held,
      link.index,
      lifetimeOf(lifetime),
    );
    if (outcome === "added") this.#localRoutes.expect([placeOf(held, link.index)]);
    this.#table.claim(link.index, held.prefix);
    if (this.#table.find(link.index, held.prefix) === undefined) {
      predict(this.#table, held, link.index, lifetimeOf(lifetime));
    }
    if (lifetime !== undefined) this.#keepOthers(held, link.index);
    const deleted = this.#hear(new Set([addressKey(link.index, held.prefix)]));
    if (deleted.size > 0) this.#askFor([{ held, index: link.index }]);
    return outcome;
  }

  /** {@link Host.addAddresses}: those that are not there in one go, the others one by one. */
  addAddresses(
    all: readonly VirtualAddress[],
    lifetime?: Nanoseconds,
  ): readonly ("added" | "present" | HostError)[] {
    const isKnown = all.map((held) => this.#renewals.queue(held, lifetime));
    const rest = all.filter((_, i) => !isKnown[i]);
    const added = rest.length > 1 ? this.#addTogether(rest, lifetime) : NONE;
    return eachOf(
      all,
      (held, i) =>
        isKnown[i] ? "present" : added.has(held) ? "added" : this.addAddress(held, lifetime),
    );
  }

  /** Gives those of `all` that the kernel took; what it thinks of the others is not asked. */
  #addTogether(
    all: readonly VirtualAddress[],
    lifetime: Nanoseconds | undefined,
  ): ReadonlySet<VirtualAddress> {
    this.#renew();
    this.#hear();
    const fresh = this.#placesOf(all)
      .filter(({ held, index }) => this.#table.find(index, held.prefix) === undefined);
    const taken = this.#batch(fresh, ({ held, index }) => {
      const bringsRoute = bringsRouteTo(this.#table, index, held.prefix);
      const terms = { lifetime: lifetimeOf(lifetime), bringsRoute };
      return keptAddition(this.#connection, held, index, terms);
    });
    this.#localRoutes.expect(taken.map(({ held, index }) => placeOf(held, index)));
    for (const { held: { prefix }, index } of taken) this.#table.claim(index, prefix);
    const deleted = this.#hear(keysOf(taken));
    for (const { held, index } of taken) {
      if (this.#table.find(index, held.prefix) !== undefined) continue;
      if (!deleted.has(addressKey(index, held.prefix))) {
        predict(this.#table, held, index, lifetimeOf(lifetime));
      }
    }
    if (lifetime !== undefined) {
      for (const { held, index } of taken) this.#keepOthers(held, index);
    }
    if (deleted.size > 0) {
      this.#askFor(taken.filter(({ held, index }) => deleted.has(addressKey(index, held.prefix))));
    }
    return new Set(taken.map(({ held }) => held));
  }

  /** {@link Host.removeAddress}. */
  removeAddress(held: VirtualAddress): "removed" | "absent" {
    this.#renew();
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) return "absent";
    this.#localRoutes.forget([placeOf(held, link.index)]);
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
      this.#hear(new Set([addressKey(link.index, held.prefix)]));
    }
  }

  /** {@link Host.removeAddresses}: in one go; what the kernel refuses is asked for once more. */
  removeAddresses(
    all: readonly VirtualAddress[],
  ): readonly ("removed" | "absent" | HostError)[] {
    const removed = all.length > 1 ? this.#removeTogether(all) : NONE;
    return eachOf(all, (held) => removed.has(held) ? "removed" : this.removeAddress(held));
  }

  #removeTogether(all: readonly VirtualAddress[]): ReadonlySet<VirtualAddress> {
    this.#renew();
    this.#hear();
    const places = this.#placesOf(all);
    this.#localRoutes.forget(places.map(({ held, index }) => placeOf(held, index)));
    for (const { held, index } of places) {
      if (!this.#table.hasDependants(index, held.prefix)) continue;
      this.#promotion.ensureWithin(index, FRESH_MS);
    }
    const taken = this.#batch(
      places,
      ({ held, index }) => keptDeletion(this.#connection, held, index),
    );
    this.#hear(keysOf(taken));
    return new Set(taken.map(({ held }) => held));
  }

  /** Sends a request for each of `places`, and gives those that the kernel did not refuse. */
  #batch(places: readonly Place[], request: (place: Place) => KeptRequest): readonly Place[] {
    try {
      const refused = new Set(this.#connection.batch(places.map(request)));
      return places.filter((_, i) => !refused.has(i));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // Without an answer nothing is known: each is asked for by itself.
      return [];
    }
  }

  #placesOf(all: readonly VirtualAddress[]): readonly Place[] {
    return all.flatMap((held) => {
      const index = this.#linkOf(held)?.index;
      return index === undefined ? [] : [{ held, index }];
    });
  }

  /**
   * Sends the renewals that are queued. One that is refused counts as gone, and that is news:
   * what wants the address adds it again, and is then told why it cannot be.
   */
  #renew(): void {
    const renewals = this.#renewals.take();
    if (renewals.length === 0) return;
    for (const { index, held: { prefix } } of renewals) {
      const isApart = prefix.address.family !== "ipv4" || isHostAddress(prefix);
      if (isApart || !this.#isLookDue(index)) continue;
      if (!this.#table.hasDependants(index, prefix)) continue;
      this.#lookedAt.set(index, performance.now());
      this.#toTend.add(index);
    }
    for (const { index, held } of this.#renewals.send(renewals)) {
      this.#table.drop(index, held.prefix);
      this.#changed = true;
    }
  }

  #isLookDue(index: number): boolean {
    return performance.now() - (this.#lookedAt.get(index) ?? -Infinity) >= LOOKED_AT_EVERY_MS;
  }

  /** An address is there that ends by itself: others of its subnet must not end with it. */
  #keepOthers({ prefix }: VirtualAddress, index: number): void {
    if (prefix.address.family !== "ipv4" || isHostAddress(prefix)) return;
    // It may have been switched off again: that matters where there are others to lose.
    if (this.#promotion.covers(index) && !this.#table.hasDependants(index, prefix)) return;
    this.#toTend.add(index);
  }

  /**
   * The address was deleted just now: only the kernel knows whether that was before or after
   * we added it.
   */
  #askFor(places: readonly Place[]): void {
    for (const { held, index } of places) this.#table.claim(index, held.prefix);
    // Whatever else it shows is news too: the messages about that will find nothing left to change.
    const differs = this.#load();
    const isGone = places.some(({ held, index }) =>
      this.#table.find(index, held.prefix) === undefined
    );
    if (differs || isGone) this.#changed = true;
  }

  #linkOf(held: VirtualAddress): Link | undefined {
    return this.#table.linkNamed(held.interface);
  }

  /**
   * Takes in what the kernel told. A change of `own` is what was asked for, and no news; gives
   * those of them that were deleted.
   */
  #hear(own: ReadonlySet<EntryKey> = NO_KEYS): ReadonlySet<EntryKey> {
    const deleted = new Set<EntryKey>();
    const goneOurs: LinkAddress[] = [];
    const doubtful = new Set<number>();
    const whole = this.#changes.drain((message) => {
      const gone = message.type === RTM_DELADDR ? this.#table.oursIn(message) : undefined;
      if (gone !== undefined) goneOurs.push(gone);
      const key = this.#table.apply(message);
      if (key === undefined) return;
      if (!own.has(key)) {
        this.#changed = true;
        const about = linkOfIpv6Address(message);
        if (about !== undefined) doubtful.add(about);
      } else if (message.type === RTM_DELADDR) deleted.add(key);
    });
    // A renewal that came after it has put it there again, and of that nothing is told.
    const isUnsure = own.size === 0 &&
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

/** {@link LocalRoutes.expect}. */
function placeOf({ prefix: { address } }: VirtualAddress, index: number) {
  return { address, index };
}

function keysOf(places: readonly Place[]): ReadonlySet<EntryKey> {
  return new Set(places.map(({ held, index }) => addressKey(index, held.prefix)));
}

/** The link whose IPv6 address another program added or deleted. */
function linkOfIpv6Address(message: NetlinkMessage): number | undefined {
  if (message.type !== RTM_DELADDR && message.type !== RTM_NEWADDR) return undefined;
  const entry = decodeAddress(message);
  return entry?.prefix.address.family === "ipv6" && isLinkLocal(entry.prefix.address)
    ? entry.index
    : undefined;
}

function objectOf({ prefix, interface: name }: VirtualAddress): string {
  return `${formatPrefix(prefix)} on ${name}`;
}
