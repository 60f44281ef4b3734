/** How does one look at and change the machine's addresses? Requests and the watch together: own changes show at once. */
import { HostError } from "../../host.ts";
import { type HeldAddress, type Interfaces, type Link, linkNamed } from "../../net/interfaces.ts";
import { formatPrefix } from "../../net/prefix.ts";
import type { Nanoseconds } from "../../time.ts";
import { RTM_DELADDR } from "../constants.ts";
import { EADDRNOTAVAIL, EEXIST, ENODEV } from "../errno.ts";
import { refusal } from "../refusal.ts";
import {
  addAddress,
  deleteAddress,
  isHostAddress,
  type Lifetime,
  lifetimeOf,
  loadAddresses,
  replaceAddress,
} from "./addresses.ts";
import { type Connection, NetlinkError } from "./connection.ts";
import { loadLinks, promotesSecondaries, setPromotesSecondaries } from "./links.ts";
import type { NetlinkMessage } from "./message.ts";
import { addressKey, type EntryKey, InterfaceTable } from "./table.ts";

/** Where changes are told: a Watch; in tests, a function stands behind it. */
export interface Changes {
  /** Gives what is queued to `take`; false: something was lost. */
  drain(take: (message: NetlinkMessage) => void): boolean;
}

/** The machine's links and addresses. */
export class Network {
  readonly #connection: Connection;
  readonly #changes: Changes;
  readonly #table = new InterfaceTable();
  #changed = false;

  /** `changes` must have been listening before. Throws HostError. */
  constructor(connection: Connection, changes: Changes) {
    this.#connection = connection;
    this.#changes = changes;
    this.#load();
  }

  /** As last heard. */
  interfaces(): Interfaces {
    return this.#table.interfaces();
  }

  /**
   * Was news heard beside one of our own requests, and not taken yet? It has left the kernel's queue, so that no
   * descriptor tells of it any more.
   */
  get changed(): boolean {
    return this.#changed;
  }

  /** Did anything change since the last call, other than what was asked for here? */
  takeChanged(): boolean {
    this.#hear();
    const changed = this.#changed;
    this.#changed = false;
    return changed;
  }

  /** {@link Host.addAddress}. */
  addAddress(held: HeldAddress, lifetime?: Nanoseconds): "added" | "present" {
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) throw refusal("RTM_NEWADDR", objectOf(held), -ENODEV);
    const outcome = this.#addOrReplace(held, link.index, lifetimeOf(lifetime));
    this.#table.claim(link.index, held.prefix);
    if (this.#table.find(link.index, held.prefix) === undefined) this.#predict(held, link.index);
    const deleted = this.#hear(addressKey(link.index, held.prefix));
    if (deleted) this.#askFor(held, link.index);
    return outcome;
  }

  /** {@link Host.removeAddress}. */
  removeAddress(held: HeldAddress): "removed" | "absent" {
    this.#hear();
    const link = this.#linkOf(held);
    if (link === undefined) return "absent";
    try {
      if (this.#table.hasDependants(link.index, held.prefix)) this.#deletePromoting(held, link);
      else deleteAddress(this.#connection, held, link.index);
      return "removed";
    } catch (error) {
      if (isErrno(error, EADDRNOTAVAIL, ENODEV)) return "absent";
      throw error;
    } finally {
      this.#hear(addressKey(link.index, held.prefix));
    }
  }

  #addOrReplace(held: HeldAddress, index: number, lifetime: Lifetime): "added" | "present" {
    try {
      addAddress(this.#connection, held, index, lifetime);
      return "added";
    } catch (error) {
      if (!isErrno(error, EEXIST)) throw error;
      replaceAddress(this.#connection, held, index, lifetime);
      return "present";
    }
  }

  /** The interface's setting is put back afterwards: it is the administrator's. */
  #deletePromoting(held: HeldAddress, { index }: Link): void {
    if (promotesSecondaries(this.#connection, index)) {
      return deleteAddress(this.#connection, held, index);
    }
    setPromotesSecondaries(this.#connection, index, true);
    try {
      deleteAddress(this.#connection, held, index);
    } finally {
      this.#restore(index);
    }
  }

  #restore(index: number): void {
    try {
      setPromotesSecondaries(this.#connection, index, false);
    } catch (error) {
      // The interface went in the meantime, and its settings with it.
      if (!isErrno(error, ENODEV)) throw error;
    }
  }

  /** The kernel tells of an IPv6 address from a work queue, a moment after it acknowledged it. */
  #predict(held: HeldAddress, index: number): void {
    this.#table.put({
      index,
      prefix: held.prefix,
      ours: true,
      tentative: false,
      secondary: false,
      deprecated: held.prefix.address.family === "ipv6" && isHostAddress(held.prefix),
    });
  }

  /** Somebody deleted the address just now: only the kernel knows whether that was before or after we added it. */
  #askFor({ prefix }: HeldAddress, index: number): void {
    this.#table.claim(index, prefix);
    // Whatever else it shows is news too: the messages about that will find nothing left to change.
    const differs = this.#load();
    if (differs || this.#table.find(index, prefix) === undefined) this.#changed = true;
  }

  #linkOf(held: HeldAddress): Link | undefined {
    return linkNamed(this.interfaces(), held.interface);
  }

  /** Takes in what the kernel told. A change of `own` is what was asked for, and no news; true: it was deleted. */
  #hear(own?: EntryKey): boolean {
    let deleted = false;
    const whole = this.#changes.drain((message) => {
      const key = this.#table.apply(message);
      if (key === undefined) return;
      if (key !== own) this.#changed = true;
      else if (message.type === RTM_DELADDR) deleted = true;
    });
    if (!whole && this.#load()) this.#changed = true;
    return deleted;
  }

  #load(): boolean {
    return this.#table.load(loadLinks(this.#connection), loadAddresses(this.#connection));
  }
}

function isErrno(error: unknown, ...numbers: readonly number[]): boolean {
  if (error instanceof NetlinkError) return numbers.includes(error.errno);
  if (error instanceof HostError) return false;
  throw error;
}

function objectOf({ prefix, interface: name }: HeldAddress): string {
  return `${formatPrefix(prefix)} on ${name}`;
}
