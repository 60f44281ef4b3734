/** Renewals of leased addresses: made once, sent together for as long as nothing else changes. */
import { HostError } from "../../host.ts";
import type { LinkAddress, VirtualAddress } from "../../net/interfaces.ts";
import type { Nanoseconds } from "../../time.ts";
import { keptReplacement, lifetimeOf, validity } from "./addresses.ts";
import type { Connection, KeptRequest } from "./connection.ts";
import { bringsRouteTo } from "./placing.ts";
import type { InterfaceTable } from "./table.ts";

/** A renewal as it is sent. */
interface Renewal {
  readonly held: VirtualAddress;
  readonly index: number;
  readonly lifetime: Nanoseconds;
  readonly request: KeptRequest;
  /** What it was made for: the address, and what others have put beside it. */
  readonly entry: LinkAddress;
  readonly surroundings: number;
}

/** The renewals of one machine. */
export class Renewals {
  readonly #connection: Connection;
  readonly #table: InterfaceTable;
  readonly #known = new WeakMap<VirtualAddress, Renewal>();
  readonly #queue = new Set<Renewal>();

  /** `connection`: a socket of its own, of whose requests the watch hears nothing. */
  constructor(connection: Connection, table: InterfaceTable) {
    this.#connection = connection;
    this.#table = table;
  }

  /**
   * Puts the renewal of `held` with the others. False: it is not there as it is wanted, so that
   * more is to be done.
   */
  queue(held: VirtualAddress, lifetime: Nanoseconds | undefined): boolean {
    const known = this.#known.get(held);
    const stands = known !== undefined && known.lifetime === lifetime &&
      known.surroundings === this.#table.surroundings &&
      known.entry === this.#table.find(known.index, held.prefix);
    const renewal = stands ? known : this.#make(held, lifetime);
    if (renewal === undefined) return false;
    if (!stands) this.#known.set(held, renewal);
    this.#queue.add(renewal);
    return true;
  }

  #make(held: VirtualAddress, lifetime: Nanoseconds | undefined): Renewal | undefined {
    const index = this.#table.linkNamed(held.interface)?.index;
    if (lifetime === undefined || index === undefined) return undefined;
    const entry = this.#table.find(index, held.prefix);
    const isLeased = entry?.ours === true && !entry.dadFailed &&
      entry.validFor === validity(lifetimeOf(lifetime)).validFor;
    if (!isLeased) return undefined;
    const bringsRoute = bringsRouteTo(this.#table, index, held.prefix);
    const terms = { lifetime: lifetimeOf(lifetime), bringsRoute };
    const request = keptReplacement(this.#connection, held, index, terms);
    const { surroundings } = this.#table;
    return { held, index, lifetime, request, entry, surroundings };
  }

  /** Takes out what is queued. */
  take(): readonly Renewal[] {
    const renewals = [...this.#queue];
    this.#queue.clear();
    return renewals;
  }

  /** Sends `renewals`, and gives those that are refused. */
  send(renewals: readonly Renewal[]): readonly Renewal[] {
    try {
      const refused = this.#connection.batch(renewals.map(({ request }) => request));
      return refused.flatMap((index) => renewals[index] ?? []);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      // Without an answer nothing is known of any.
      return renewals;
    }
  }
}
