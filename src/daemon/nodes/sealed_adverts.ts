/** Seals of adverts by UDP, by the configuration in force and the channel's sessions (0086). */
import {
  AdvertSeals,
  type Ends,
  type Opened,
  type SessionNote,
  type Unsealed,
} from "../../cluster/advert_seals.ts";
import type { Config } from "../../config/config.ts";
import type { Datagram, Endpoint } from "../../host.ts";
import type { Ip } from "../../net/ip.ts";
import type { Instant } from "../../time.ts";
import { channelPlan } from "./channel_plan.ts";

/** What they work with. */
export interface SealedAdvertsOptions {
  readonly now: () => Instant;
  /** The configuration in force, and this node's name. */
  readonly config: () => Config;
  readonly self: () => string | undefined;
  /** What the process before this one wrote down. */
  readonly before: readonly SessionNote[] | undefined;
}

/** Where the file has no [cluster], or no instance by UDP, nothing is sealed. */
export class SealedAdverts {
  readonly #options: SealedAdvertsOptions;
  readonly #seals: AdvertSeals;
  #before: readonly SessionNote[] | undefined;
  #settled: { readonly config: Config; readonly self: string } | undefined;

  constructor(options: SealedAdvertsOptions) {
    this.#options = options;
    this.#seals = new AdvertSeals(options.now());
    this.#before = options.before;
  }

  /** `message` as it is sent to `to` by `endpoint`. */
  seal(endpoint: Endpoint, to: Ip, message: Uint8Array): Uint8Array {
    if (endpoint.kind !== "udp") return message;
    this.#settle();
    return this.#seals.seal(to, endpoint, message);
  }

  /** What is in `datagram`, which came by `endpoint` at `at`, or why it is not taken. */
  open(endpoint: Endpoint, { source, payload }: Datagram, at: Instant): Opened | Unsealed {
    if (endpoint.kind !== "udp") return { message: payload, isUnproved: false };
    this.#settle();
    return this.#seals.open(source, endpoint, payload, at);
  }

  /** The channel's sessions are others, or may be. */
  meet(all: readonly (readonly [string, Ends])[]): void {
    this.#settle();
    for (const [name, ends] of all) this.#seals.meet(name, ends);
  }

  /** A node says by which sessions it seals. */
  tell(name: string, seals: readonly string[], now: Instant): void {
    this.#seals.tell(name, seals, now);
  }

  /** What this node says of that; the same list while it is the same. */
  get sealing(): readonly string[] {
    return this.#seals.sealing;
  }

  /** For the process after this one; `isLast`: this one hears nothing any more. */
  note(isLast: boolean): readonly SessionNote[] {
    return this.#seals.note(isLast, this.#options.now());
  }

  #settle(): void {
    const [config, self] = [this.#options.config(), this.#options.self()];
    if (self === undefined) return;
    if (this.#settled?.config === config && this.#settled.self === self) return;
    this.#settled = { config, self };
    const isByUdp = config.instances.some(({ transport }) => transport === "udp");
    const plan = isByUdp ? channelPlan(config, self) : undefined;
    this.#seals.settle(self, plan?.secrets ?? [], plan?.peers ?? []);
    if (this.#before !== undefined) this.#seals.restore(this.#before, this.#options.now());
    this.#before = undefined;
  }
}
