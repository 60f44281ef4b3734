/** Somebody says on the link that an address is at its MAC: is it one of ours, and what does that mean? */
import { type Happening, type Host, HostError, type WatchedAddress } from "../host.ts";
import type { NodePlan } from "../config/plan.ts";
import type { Interfaces } from "../net/interfaces.ts";
import { formatIp, type Ip, sameIp } from "../net/ip.ts";
import { formatMac } from "../net/mac.ts";
import { wasAsked } from "../vrrp/duplicate.ts";
import type { Conflicts } from "./conflicts.ts";
import type { Journal } from "./journal.ts";
import type { Order } from "./order.ts";
import type { Roster } from "./roster.ts";
import { isLeaving, type Router } from "./router.ts";
import { remember } from "./senders.ts";

type Claim = Extract<Happening<Order>, { readonly kind: "claim" }>;

/** What the list of watched addresses is made of. */
interface Present {
  readonly node: NodePlan | undefined;
  readonly interfaces: Interfaces;
  readonly senders: number;
}

/** The watch of one node over its floating addresses. */
export class Claims {
  readonly #host: Host<Order>;
  readonly #roster: Roster;
  readonly #conflicts: Conflicts;
  /** The last known MAC of peers and masters, by address text. */
  readonly #macs = new Map<string, string>();
  readonly #journal: Journal;
  #present: Present | undefined;
  #deaf = false;

  constructor(host: Host<Order>, roster: Roster, conflicts: Conflicts, journal: Journal) {
    this.#journal = journal;
    this.#host = host;
    this.#roster = roster;
    this.#conflicts = conflicts;
  }

  /**
   * Listens for the floating addresses of now, and for those who may hold them. What cannot be listened for is told once: the
   * election does not rest on it.
   */
  settle(): void {
    const { routers, node } = this.#roster;
    const senders = routers.reduce((sum, { heard }) => sum + heard.size, 0);
    const present: Present = { node, interfaces: this.#host.interfaces(), senders };
    if (isSame(this.#present, present)) return;
    this.#present = present;
    try {
      this.#host.watchClaims(routers.flatMap(watchedOf));
      this.#deaf = false;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      if (!this.#deaf) {
        this.#journal.write("warning", `claims of our addresses are not heard: ${error.message}`);
      }
      this.#deaf = true;
    }
  }

  /** Takes one claim in. */
  take(claim: Claim): void {
    const holders = this.#roster.routers.filter(({ plan }) =>
      plan.held.some((held) =>
        held.interface === claim.interface && sameIp(held.prefix.address, claim.address)
      )
    );
    if (holders.length === 0) {
      this.#learn(claim.address, claim.mac);
    }
    for (const router of holders) this.#judge(router, claim);
  }

  #judge(router: Router, { address, mac, at }: Claim): void {
    const text = formatMac(mac);
    const rival = this.#addressOf(text) ?? text;
    const who = rival === text ? text : `${rival} (${text})`;
    if (router.state.kind === "master") {
      // Its successor: no conflict, but what it waits for.
      if (isLeaving(router)) return this.#roster.advance(router, { kind: "claimed" });
      const words = `${who} tells the neighbours that it has ${formatIp(address)}`;
      this.#conflicts.warn(router, rival, words, at);
      this.#roster.advance(router, { kind: "claimed" });
      return;
    }
    const { state } = router;
    if (state.kind !== "backup") return;
    if (!wasAsked(state, router.rules)) {
      // The master announces itself: so that is its MAC.
      if (state.heard !== undefined) this.#learn(state.heard.source, mac);
      return;
    }
    const known = this.#isPeer(mac);
    // Peers are asked together with the address: whose MAC this is may be told by the next answer.
    if (!known && state.questions > 0) return;
    this.#conflicts.warn(router, rival, alarm(formatIp(address), who, known), at);
  }

  #learn(address: Ip, mac: Uint8Array): void {
    remember(this.#macs, formatIp(address), formatMac(mac));
  }

  #isPeer(mac: Uint8Array): boolean {
    const text = formatMac(mac);
    return [...this.#macs.values()].includes(text);
  }

  /** Whose MAC this is, as far as it is known. */
  #addressOf(mac: string): string | undefined {
    return [...this.#macs].find(([, known]) => known === mac)?.[0];
  }
}

/** An answer to the question before a claim: a peer lives and is not heard, or somebody else has the address. */
function alarm(address: string, who: string, isPeer: boolean): string {
  return isPeer
    ? `${who} still answers for ${address}, though its adverts stay away: they are being lost, or its daemon died`
    : `${who} answers for ${address}, and is none of the nodes: another machine uses the address`;
}

function isSame(a: Present | undefined, b: Present): boolean {
  return a?.node === b.node && a?.interfaces === b.interfaces && a?.senders === b.senders;
}

function watchedOf(router: Router): readonly WatchedAddress[] {
  const { plan, heard } = router;
  const others = [...plan.rules.peers, ...[...heard.values()].map(({ source }) => source)];
  return plan.held.flatMap(({ interface: name, prefix }) =>
    [prefix.address, ...others.filter(({ family }) => family === prefix.address.family)]
      .map((address) => ({ interface: name, address }))
  );
}
