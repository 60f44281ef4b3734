/**
 * Polls of a backup: it asks the machine that answered for an address, and no other, whether it
 * still does (RFC 1122 2.3.2.1, RFC 4861 7.3). That costs the LAN two packets that no other machine
 * hears.
 */
import { type Host, HostError } from "../../host.ts";
import type { VirtualAddress } from "../../net/interfaces.ts";
import { formatIp } from "../../net/ip.ts";
import { type Mac, parseMac } from "../../net/mac.ts";
import { after, type Instant, milliseconds, seconds } from "../../time.ts";
import { encodedTo } from "../../wire/ethernet.ts";
import { askableLink, questionFor } from "./questions.ts";
import { roundFor } from "../rounds.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/**
 * From one round of polls to the next. All polls of a node leave together: that costs two turns.
 */
const PACE = seconds(2);

/** How long answers are waited for. */
const ANSWERS = milliseconds(400);

/** Most polls of a round; where there are more addresses, each is polled more seldom. */
const MOST = 50;

/** One that answers questions to all, and polls so often not, is not polled any more. */
const MOST_IN_VAIN = 3;

/** The machine that answered for an address. */
interface Holder {
  readonly mac: Mac;
  /** The same as text. */
  readonly macText: string;
  readonly held: VirtualAddress;
  /** How many polls it did not answer, since it answered one. */
  vain: number;
  /** The latest poll, and the question to all that it was made of. */
  asked?: { readonly question: Uint8Array; readonly frame: Uint8Array };
}

/** The polls of one node. */
export class Polls {
  readonly #host: Host;
  /** By address text. */
  readonly #holders = new Map<VirtualRouter, Map<string, Holder>>();
  /** What was polled and is not answered. */
  #open: readonly { readonly router: VirtualRouter; readonly address: string }[] = [];
  #openUntil: Instant | undefined;
  #nextAt: Instant | undefined;
  #cursor = 0;

  constructor(host: Host) {
    this.#host = host;
  }

  /** When {@link Polls.settle} is to be called next. */
  nextDeadline(): Instant | undefined {
    if (this.#open.length > 0) return this.#openUntil;
    return this.#holders.size > 0 ? this.#nextAt : undefined;
  }

  /** A question for `held`, an address of `router`, was answered with `mac`. */
  learn(router: VirtualRouter, held: VirtualAddress, mac: string): void {
    const holders = this.#holders.get(router) ?? new Map<string, Holder>();
    const address = formatIp(held.prefix.address);
    const before = holders.get(address);
    if (before?.macText !== mac || before.held !== held) {
      const parsed = parseMac(mac);
      if (parsed === undefined) return;
      holders.set(address, { mac: parsed, macText: mac, held, vain: before?.vain ?? 0 });
      this.#holders.set(router, holders);
    }
    this.#nextAt ??= roundFor(after(this.#host.now(), PACE));
  }

  /** Another machine may hold the addresses of `router` now. */
  forget(router: VirtualRouter): void {
    this.#holders.delete(router);
    this.#open = this.#open.filter((one) => one.router !== router);
  }

  /** A machine said that it has `address`. */
  answered(router: VirtualRouter, address: string): void {
    if (this.#open.length === 0) return;
    const isIt = (one: { readonly router: VirtualRouter; readonly address: string }) =>
      one.router === router && one.address === address;
    if (!this.#open.some(isIt)) return;
    this.#open = this.#open.filter((one) => !isIt(one));
    const holder = this.#holders.get(router)?.get(address);
    if (holder !== undefined) holder.vain = 0;
  }

  /**
   * Polls where it is time, for those of `routers` that `isWanted`; gives the routers with an
   * address that was not answered for.
   */
  settle(now: Instant, isWanted: (router: VirtualRouter) => boolean): ReadonlySet<VirtualRouter> {
    const failed = new Set<VirtualRouter>();
    if (this.#open.length > 0 && this.#openUntil !== undefined && now >= this.#openUntil) {
      for (const { router, address } of this.#open) {
        const holder = this.#holders.get(router)?.get(address);
        if (holder === undefined) continue;
        holder.vain++;
        failed.add(router);
      }
      this.#open = [];
    }
    if (this.#nextAt !== undefined && now >= this.#nextAt) {
      this.#nextAt = roundFor(after(now, PACE));
      this.#poll(now, isWanted);
    }
    return failed;
  }

  #poll(now: Instant, isWanted: (router: VirtualRouter) => boolean): void {
    const due = [...this.#holders].filter(([router]) => isWanted(router)).flatMap(
      ([router, holders]) =>
        [...holders].filter(([, { vain }]) => vain < MOST_IN_VAIN)
          .map(([address, holder]) => ({ router, address, holder })),
    );
    const start = due.length > MOST ? this.#cursor % due.length : 0;
    this.#cursor = start + MOST;
    const round = due.length > MOST
      ? [...due.slice(start), ...due.slice(0, start)].slice(0, MOST)
      : due;
    this.#open = round.filter(({ router, holder }) => this.#send(router, holder));
    this.#openUntil = roundFor(after(now, ANSWERS));
  }

  /** What the kernel refuses is said of the questions. */
  #send(router: VirtualRouter, holder: Holder): boolean {
    const { held, mac } = holder;
    const interfaces = this.#host.interfaces();
    const link = askableLink(interfaces, held.interface);
    const question = link && questionFor(held.prefix.address, link, router, interfaces);
    if (question === undefined) return false;
    if (holder.asked?.question !== question) {
      holder.asked = { question, frame: encodedTo(mac, question) };
    }
    try {
      this.#host.sendFrame(held.interface, holder.asked.frame);
      return true;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return false;
    }
  }
}
