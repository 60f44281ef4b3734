/**
 * Address conflict detection: other machines are listened for that have the floating addresses, and
 * asked for.
 */
import { type Host, HostError, type HostEvent, type WatchedAddress } from "../../host.ts";
import type { NodePlan, Plan } from "../../config/plan/plan.ts";
import type { Interfaces } from "../../net/interfaces.ts";
import { formatIp, type Ip, ipKey, parseIp, sameIp } from "../../net/ip.ts";
import { formatMac } from "../../net/mac.ts";
import { after, earliest, type Instant, milliseconds, seconds } from "../../time.ts";
import { probesLeftOf, wasProbed } from "../../vrrp/acd.ts";
import { type Conflicts, isTakingOver, type Sight } from "./conflicts.ts";
import { describe } from "./evidence_text.ts";
import type { Inquiry } from "./inquiry.ts";
import type { Journal } from "../journal/journal.ts";
import type { Neighbours } from "./neighbours.ts";
import { askableLink, isAround } from "./questions.ts";
import type { Driver } from "../driver.ts";
import type { Routers, RouterWatcher } from "../routers.ts";
import { Slice } from "../slice.ts";
import type { Ticker } from "../ticker.ts";
import { isHolder } from "../../vrrp/state.ts";
import type { VirtualRouter } from "../virtual_router.ts";
import { sameBytes } from "../../net/bytes.ts";

type Claim = Extract<HostEvent, { readonly kind: "claim" }>;

/** When it is tried again to listen where that was refused. */
const LISTEN_AGAIN_AFTER = seconds(5);

/**
 * An address that is listened for in vain does no harm for so long: many are forgotten in one go.
 */
const FORGET_AFTER = milliseconds(100);

/** So many routers are looked at together. */
const TOGETHER = 8;

/** What an answer is worth where no machine can be asked again. */
const PATIENCE = seconds(10);

/**
 * Most addresses of other machines that are listened for beside the floating ones of a virtual
 * router.
 */
const MOST_OTHERS = 64;

/** What it works with. */
export interface AddressConflictsOptions {
  readonly host: Host;
  readonly routers: Routers;
  readonly driver: Driver;
  readonly node: () => NodePlan | undefined;
  readonly conflicts: Conflicts;
  readonly inquiry: Inquiry;
  readonly neighbours: Neighbours;
  readonly journal: Journal;
}

/** The watch of one node over its floating addresses. */
export class AddressConflicts implements RouterWatcher, Ticker {
  readonly #options: AddressConflictsOptions;
  /** Why claims are not heard; undefined: they are. */
  #deaf: string | undefined;
  /** Routers that are others than before. */
  readonly #changed = new Set<VirtualRouter>();
  /** May the list of watched addresses be another one? */
  #isListChanged = true;
  #watched: ReadonlySet<string> = new Set();
  /** That list while it is made: for many routers in several turns. */
  #list: Generator<void, void, void> | undefined;
  #listenAgainAt: Instant | undefined;
  /** What was answered before a claim, until the router is master. */
  readonly #answers = new Map<VirtualRouter, Sight>();

  constructor(options: AddressConflictsOptions) {
    this.#options = options;
  }

  /** Why claims are not heard, in words; undefined: they are. */
  get deaf(): string | undefined {
    return this.#deaf;
  }

  changed(router: VirtualRouter): void {
    this.#changed.add(router);
  }

  dropped(router: VirtualRouter): void {
    this.#changed.delete(router);
    this.#answers.delete(router);
    this.#options.inquiry.drop(router);
    this.listGrewOld();
  }

  /** The plans, or the network, are others: so may be the addresses that are listened for. */
  listChanged(): void {
    this.#isListChanged = true;
  }

  /**
   * Nothing is missing in the list of addresses that are listened for, but it may name others than
   * it has to.
   */
  listGrewOld(): void {
    this.#listenAgainAt ??= after(this.#options.host.now(), FORGET_AFTER);
  }

  /** A sender was heard that was not known before: it is listened for, too. */
  newSender(source: Ip): void {
    if (!this.#watched.has(ipKey(source))) this.#isListChanged = true;
  }

  /** When it wants to be called again. */
  nextDeadline(): Instant | undefined {
    if (this.#list !== undefined || this.#changed.size > 0) return this.#options.host.now();
    return earliest(this.#options.inquiry.nextDeadline(), this.#listenAgainAt);
  }

  /**
   * Listens for the addresses of now, asks for those that are due, and draws conclusions from what
   * was answered.
   */
  tick(now: Instant): void {
    this.#listen(now);
    const { host, inquiry, conflicts } = this.#options;
    const slice = new Slice(() => host.now());
    for (const router of this.#changed) {
      if (slice.isFull) return;
      this.#changed.delete(router);
      if (!inquiry.follow(router, now)) continue;
      const answer = this.#answers.get(router);
      this.#answers.delete(router);
      if (answer !== undefined && isHolder(router.state)) conflicts.note(router, answer);
    }
    for (const router of conflicts.takeNews()) {
      inquiry.hurry(router, now);
      this.#isListChanged = true;
    }
    inquiry.settle(othersOf, this.#deaf !== undefined, now);
  }

  /** Takes one claim in. */
  take(claim: Claim): void {
    const { routers, neighbours } = this.#options;
    const holders = [...routers.withAddress(claim.address)].filter(({ plan }) =>
      plan.virtualAddresses.some((held) =>
        held.interface === claim.interface && sameIp(held.prefix.address, claim.address)
      )
    );
    if (holders.length === 0 && !claim.leaving) {
      neighbours.learn(formatIp(claim.address), formatMac(claim.mac), claim.at);
    }
    for (const router of holders) this.#judge(router, claim);
  }

  /** Makes the list of now where it may be another one, as far as it fits into this turn. */
  #listen(now: Instant): void {
    const isAgain = this.#listenAgainAt !== undefined && this.#listenAgainAt <= now;
    if (this.#list === undefined && (this.#isListChanged || isAgain)) this.#list = this.#begin();
    const { host } = this.#options;
    const slice = new Slice(() => host.now());
    while (this.#list !== undefined) {
      if (this.#list.next().done === true) {
        this.#list = this.#isListChanged ? this.#begin() : undefined;
      }
      if (slice.isFull) return;
    }
  }

  #begin(): Generator<void, void, void> {
    this.#isListChanged = false;
    this.#listenAgainAt = undefined;
    return this.#listening();
  }

  /** What cannot be listened for is told once: the election does not rest on it. */
  *#listening(): Generator<void, void, void> {
    const { host, journal, routers, node } = this.#options;
    const watched: WatchedAddress[] = [];
    const keys = new Set<string>();
    for (const [index, router] of [...routers.all].entries()) {
      if (index > 0 && index % TOGETHER === 0) yield;
      for (const one of watchedOf(router, node(), host.interfaces())) {
        watched.push(one);
        keys.add(ipKey(one.address));
      }
    }
    this.#watched = keys;
    try {
      host.watchClaims(watched);
      this.#deaf = undefined;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      const words = `claims of our addresses are not heard: ${error.message}`;
      if (this.#deaf === undefined) journal.write("warning", words);
      this.#deaf = words;
      this.#listenAgainAt = after(host.now(), LISTEN_AGAIN_AFTER);
    }
  }

  #judge(router: VirtualRouter, claim: Claim): void {
    const { host, driver, conflicts, inquiry } = this.#options;
    const { state } = router;
    if (claim.leaving) {
      if (state.kind === "master" || state.kind === "backup") {
        conflicts.note(router, sightOf(claim, host.interfaces()));
      }
      return;
    }
    // Its successor: no conflict, but what it waits for.
    if (state.kind === "handoff") return driver.dispatch(router, { kind: "address-conflict" });
    const sight = sightOf(claim, host.interfaces());
    inquiry.answered(router, sight, claim.direct);
    if (state.kind === "master") {
      const givesWay = sight.unasked && !sight.own && isTakingOver(router, claim.at);
      if (!givesWay) conflicts.note(router, sight);
      // An answer to this node is told to no other.
      if (!claim.answer) driver.dispatch(router, { kind: "address-conflict" });
    } else if (sight.own) {
      conflicts.note(router, sight);
    } else if (state.kind === "backup" && wasProbed(state, router.rules)) {
      this.#alarm(router, sight);
    }
  }

  /**
   * An answer to the question before a claim: a peer lives and is not heard, or another machine has
   * the address.
   */
  #alarm(router: VirtualRouter, sight: Sight): void {
    const { conflicts, neighbours } = this.#options;
    if (router.state.kind !== "backup" || this.#answers.has(router)) return;
    const isKnown = neighbours.addressesOf(sight.who).length > 0;
    // Nodes are asked together with the address: whose MAC this is may be told by the next answer.
    if (!isKnown && (probesLeftOf(router.state) ?? 0) > 0) return;
    this.#answers.set(router, sight);
    const conflict = { ...sight, since: sight.at, free: 0 };
    const told = describe(conflict, router, neighbours, sight.at);
    const guess = isKnown
      ? `${told.machine} still answers for ${sight.words}, ` +
        "though its adverts stay away: they are being lost, or its daemon died"
      : `${told.machine} answers for ${sight.words}, ` +
        "and is none of the nodes: another machine uses the address";
    conflicts.warn(router, told.rival, told.isExplained ? told.words : guess, sight.at);
  }
}

function sightOf(
  { address, mac, interface: name, answer, leaving, at }: Claim,
  interfaces: Interfaces,
): Sight {
  const own = askableLink(interfaces, name)?.mac;
  return {
    kind: "answer",
    who: formatMac(mac),
    words: formatIp(address),
    unasked: !answer,
    own: sameBytes(own, mac),
    leaving,
    stranger: false,
    at,
    patience: PATIENCE,
  };
}

function watchedOf(
  router: VirtualRouter,
  node: NodePlan | undefined,
  interfaces: Interfaces,
): readonly WatchedAddress[] {
  const { floating, names } = floatingOf(router.plan);
  const others = names.flatMap((name) =>
    othersOf(router, node, name, interfaces).map((address) => ({ interface: name, address }))
  );
  return [...floating, ...others];
}

interface Floating {
  readonly floating: readonly WatchedAddress[];
  readonly names: readonly string[];
  /** As texts. */
  readonly texts: ReadonlySet<string>;
}

const FLOATING = new WeakMap<Plan, Floating>();

/** The floating addresses of `plan`, and their links: of each plan once, since they may be many. */
function floatingOf(plan: Plan): Floating {
  const before = FLOATING.get(plan);
  if (before !== undefined) return before;
  const found = {
    floating: plan.virtualAddresses.map(({ interface: name, prefix: { address } }) => ({
      interface: name,
      address,
    })),
    names: [...new Set(plan.virtualAddresses.map((held) => held.interface))],
    texts: new Set(plan.virtualAddresses.map(({ prefix }) => formatIp(prefix.address))),
  };
  FLOATING.set(plan, found);
  return found;
}

/** Every router asks for them. */
const ADDRESSES = new WeakMap<NodePlan, readonly Ip[]>();

/** The addresses of all nodes of the file. */
function addressesOf(node: NodePlan): readonly Ip[] {
  const before = ADDRESSES.get(node);
  if (before !== undefined) return before;
  const addresses = [...node.names.keys()].flatMap((text) => parseIp(text) ?? []);
  ADDRESSES.set(node, addresses);
  return addresses;
}

/**
 * Addresses on the link called `name` by which machines are known that may hold the addresses of
 * `router`: its own source, peers, senders, and the nodes of the file, each once.
 */
export function othersOf(
  { plan, source, heard, conflicts }: VirtualRouter,
  node: NodePlan | undefined,
  name: string,
  interfaces: Interfaces,
): readonly Ip[] {
  const known = node === undefined ? [] : addressesOf(node);
  const claimants = [...conflicts.values()].flatMap(({ kind, who }) =>
    kind === "answer" ? [] : parseIp(who) ?? []
  );
  const all = [
    ...(source === undefined ? [] : [source]),
    ...[...heard.values()].map((one) => one.source),
    ...claimants,
    ...plan.rules.peers,
    ...known,
  ];
  const floating = floatingOf(plan).texts;
  const found = new Map<string, Ip>();
  for (const address of all) {
    const text = formatIp(address);
    if (found.has(text) || floating.has(text)) continue;
    if (isAround(interfaces, name, address)) found.set(text, address);
    if (found.size >= MOST_OTHERS) break;
  }
  return [...found.values()];
}
