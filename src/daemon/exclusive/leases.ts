/**
 * Leases of exclusive instances: what the engine wants of them, what the arbiter says, and the
 * fence between (decisions 0081 and 0088).
 *
 * Nothing is answered for without a lease that lasts: each step of a holder is preceded by a look
 * at its end, the fence is opened only until then, and a lease is given up only when the addresses
 * are off the machine.
 */
import type { CallResult } from "../../cluster/etcd/gateway.ts";
import type { Arbiter, ArbiterEvents, LeaseNote, LeaseView } from "../../cluster/exclusive.ts";
import { mayBeOver } from "../../cluster/votes/clocks.ts";
import { isVote } from "../../cluster/votes/message.ts";
import type { Config } from "../../config/config.ts";
import type { Plan } from "../../config/plan/plan.ts";
import type { FenceState, Host } from "../../host.ts";
import { formatIp, type Ip, parseIp } from "../../net/ip.ts";
import type { Instant } from "../../time.ts";
import { heardOf, isHolder } from "../../vrrp/state.ts";
import type { Driver } from "../driver.ts";
import { openAhead } from "../machine/fence.ts";
import { leftoverAddresses } from "../machine/readiness.ts";
import type { LeaseGate } from "./gate.ts";
import type { Routers } from "../routers.ts";
import type { Ticker } from "../ticker.ts";
import type { OwnedRouter } from "../virtual_router.ts";
import { leasesOf, needOf } from "./needs.ts";
import { renewByLease } from "./lifetimes.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"heldUntil" | "epoch">;

type MakeArbiter = (config: Config, self: string, events: ArbiterEvents) => Arbiter | undefined;

/** What it works with. */
export interface LeasesOptions {
  readonly host: Pick<Host, "now" | "clocks" | "fence" | "interfaces" | "addAddresses">;
  readonly routers: Pick<Routers, "all" | "changed">;
  readonly driver: () => Pick<Driver, "dispatch" | "isBusy">;
  readonly config: () => Config;
  readonly self: () => string | undefined;
  /** Makes what decides, for this node; undefined: nothing is exclusive, it votes on nothing. */
  readonly makeArbiter: MakeArbiter;
  /** Have two living processes the name of this node? What they say of leases is not heard. */
  readonly isTwice: (peer: string) => boolean;
  /** A change of holder has this number: it is written down. */
  readonly saveEpoch: (lease: string, epoch: number) => void;
}

/** The leases of one node. */
export class Leases implements Ticker, LeaseGate {
  readonly #options: LeasesOptions;
  #arbiter: Arbiter | undefined;
  #settled: { readonly config: Config; readonly self: string } | undefined;
  /** What was settled last, as text, and what it was made of. */
  #known = "";
  #plans: readonly Plan[] = [];
  #fence: FenceState | undefined;
  /** What each lease was wanted for: "hold", "want", or "want NAME" of a living holder. */
  readonly #needs = new Map<string, string>();
  /** Leases of which the arbiter has said something new. */
  readonly #changed = new Set<string>();
  readonly #wishes = new Map<string, string>();
  readonly #unsaved = new Set<string>();
  /** The highest that were written down. */
  readonly #epochs = new Map<string, number>();
  readonly #events: ArbiterEvents = {
    onChange: (lease) => void this.#changed.add(lease),
    onWish: (lease, by) => void this.#wishes.set(lease, by),
  };
  /** To which node a lease is being given up. */
  readonly #giving = new Map<string, string>();

  constructor(options: LeasesOptions) {
    this.#options = options;
  }

  /** A message of `peer`, if it is about leases. */
  take(peer: string, text: Uint8Array): boolean {
    if (this.#arbiter === undefined) return false;
    return isVote(text) && this.#options.isTwice(peer) || this.#arbiter.take(peer, text);
  }

  /** What became of a call of etcd's. */
  answered(id: number, result: CallResult): void {
    this.#arbiter?.answered?.(id, result);
  }

  ended(router: VirtualRouter): string | undefined {
    const { exclusive } = router.plan;
    if (exclusive === undefined || !isHolder(router.state)) return undefined;
    if (this.#holds(exclusive.name)) return undefined;
    return this.#words(exclusive.name);
  }

  permits(router: VirtualRouter): boolean {
    const { exclusive } = router.plan;
    if (exclusive === undefined) return true;
    if (!this.#holds(exclusive.name)) return false;
    this.#tellHeld(exclusive.name);
    return openAhead(router, this.#options.host);
  }

  stepped(router: VirtualRouter): void {
    const { exclusive } = router.plan;
    if (exclusive !== undefined) this.#follow(exclusive.name);
  }

  advertised({ plan: { exclusive }, state }: VirtualRouter): void {
    if (exclusive === undefined || !isHolder(state)) return;
    this.#arbiter?.ask(exclusive.name);
  }

  /** For a status; undefined: it needs no lease. */
  viewOf({ plan: { exclusive } }: VirtualRouter): LeaseView | undefined {
    return exclusive && this.#arbiter?.viewOf(exclusive.name);
  }

  /** What to write down for the next process: of the leases of masters that stay. */
  notes(masters: readonly VirtualRouter[]): readonly LeaseNote[] {
    const names = new Set(masters.flatMap(({ plan }) => plan.exclusive?.name ?? []));
    return [...names].flatMap((name) => this.#arbiter?.noteOf(name) ?? []);
  }

  /** May `router` go on with what the process before this one held, by its `notes`? */
  resume(router: VirtualRouter, notes: readonly LeaseNote[]): boolean {
    const { exclusive } = router.plan;
    if (exclusive === undefined) return true;
    this.#settle();
    if (this.#holds(exclusive.name)) return true;
    const note = notes.find(({ lease }) => lease === exclusive.name);
    const isResumed = note !== undefined && this.#arbiter?.resume(exclusive.name, note) === true;
    if (isResumed) this.#tellHeld(exclusive.name);
    return isResumed;
  }

  nextDeadline(): Instant | undefined {
    if (this.#changed.size + this.#wishes.size > 0) return this.#options.host.now();
    return this.#arbiter?.nextDeadline();
  }

  tick(now: Instant): void {
    this.#settle();
    if (this.#arbiter === undefined) return;
    this.#arbiter.tick(now);
    const [changed, wishes] = [[...this.#changed], [...this.#wishes]];
    this.#changed.clear();
    this.#wishes.clear();
    for (const lease of changed) this.#apply(lease);
    for (const [lease, by] of wishes) this.#give(lease, by);
    // Last: a disk may be slow, and nothing rests on it.
    for (const lease of this.#unsaved) {
      this.#options.saveEpoch(lease, this.#epochs.get(lease) ?? 0);
    }
    this.#unsaved.clear();
  }

  #settle(): void {
    const [config, self] = [this.#options.config(), this.#options.self()];
    if (self === undefined) return;
    if (this.#settled?.config !== config || this.#settled.self !== self) {
      const before = this.#arbiter;
      const isRenamed = this.#settled !== undefined && this.#settled.self !== self;
      this.#settled = { config, self };
      this.#arbiter = this.#options.makeArbiter(config, self, this.#events);
      // Then nothing is asked for any more, whatever is wanted.
      if (this.#arbiter !== before || isRenamed) this.#needs.clear();
      this.#known = "";
      this.#fence = undefined;
    }
    if (this.#arbiter === undefined) return;
    const { routers: { all }, host: { fence: { state } } } = this.#options;
    const isAsBefore = state === this.#fence && all.length === this.#plans.length &&
      all.every(({ plan }, at) => plan === this.#plans[at]);
    if (isAsBefore) return;
    this.#fence = state;
    this.#plans = all.map(({ plan }) => plan);
    const leases = leasesOf(all, state);
    // With a fence that stands now, what waited for one may be done.
    const known = JSON.stringify([leases, state.kind]);
    if (known === this.#known) return;
    this.#known = known;
    this.#arbiter.settle(leases);
    for (const { lease } of leases) {
      this.#changed.add(lease);
      this.#follow(lease);
    }
  }

  #routersOf(lease: string): readonly VirtualRouter[] {
    return this.#options.routers.all.filter(({ plan }) => plan.exclusive?.name === lease);
  }

  #holds(lease: string): boolean {
    const end = this.#arbiter?.endOf(lease);
    return end !== undefined && !mayBeOver(end, this.#options.host.clocks());
  }

  /** Asks for `lease`, or gives it up, as its routers want it. */
  #follow(lease: string): void {
    const arbiter = this.#arbiter;
    if (arbiter === undefined) return;
    const routers = this.#routersOf(lease);
    const need = needOf(routers);
    const before = this.#needs.get(lease) ?? "none";
    const wishTo = need === "want" ? this.#livingHolder(routers) : undefined;
    const now = wishTo === undefined ? need : `${need} ${wishTo}`;
    if (now === before) return;
    this.#needs.set(lease, now);
    if (need === "hold") return;
    const to = this.#giving.get(lease);
    if (before !== "hold") {
      if (need === "none") arbiter.release(lease);
    } else if (!this.#isGone(routers)) arbiter.lapse(lease);
    else if (to !== undefined) arbiter.transfer(lease, to);
    else arbiter.release(lease);
    this.#tellHeld(lease);
    if (wishTo !== undefined) arbiter.wish(lease, wishTo);
    else if (need === "want") arbiter.ask(lease);
  }

  /** Are the addresses of `routers` off this machine? Else their lease ends by itself. */
  #isGone(routers: readonly VirtualRouter[]): boolean {
    const interfaces = this.#options.host.interfaces();
    return routers.every(({ plan }) => leftoverAddresses(plan, interfaces).length === 0);
  }

  /** The node that holds what `routers` want, as they hear it, and may be asked for it. */
  #livingHolder(routers: readonly VirtualRouter[]): string | undefined {
    for (const { state, plan } of routers) {
      if (state.kind !== "backup" || state.claim !== "due") continue;
      const { master } = state;
      const source = master.kind === "resigned"
        ? master.source
        : master.kind === "outranked"
        ? heardOf(state)?.source
        : undefined;
      const name = source === undefined ? undefined : plan.names.get(formatIp(source));
      if (name !== undefined) return name;
    }
    return undefined;
  }

  /** What the arbiter has said is done. */
  #apply(lease: string): void {
    const driver = this.#options.driver();
    const isHeld = this.#holds(lease);
    this.#tellHeld(lease);
    for (const router of this.#routersOf(lease)) {
      if (!isHeld && isHolder(router.state)) {
        driver.dispatch(router, { kind: "lease-ended", words: this.#words(lease) });
      } else if (isHeld && isHolder(router.state)) renewByLease(router, this.#options.host);
      else if (router.state.kind === "backup" && router.state.claim === "due") {
        if (this.permits(router)) driver.dispatch(router, { kind: "permit" });
      }
    }
  }

  /** Another node asked for it: it gets it when this one does not answer for it any more. */
  #give(lease: string, by: string): void {
    const driver = this.#options.driver();
    const routers = this.#routersOf(lease);
    if (!routers.some(({ state }) => isHolder(state))) return;
    this.#giving.set(lease, by);
    for (const router of routers) {
      if (!isHolder(router.state)) continue;
      const successor = addressOf(router, by);
      if (successor !== undefined) driver.dispatch(router, { kind: "wished", successor });
    }
    this.#giving.delete(lease);
  }

  /** Its routers know until when they may hold their addresses, and under which number. */
  #tellHeld(lease: string): void {
    const arbiter = this.#arbiter;
    const view = arbiter?.viewOf(lease);
    const until = arbiter?.endOf(lease);
    for (const router of this.#routersOf(lease)) {
      router.heldUntil = until;
      if (router.epoch === view?.epoch) continue;
      router.epoch = view?.epoch;
      this.#options.routers.changed(router);
    }
    const { epoch } = view ?? {};
    if (epoch === undefined || (this.#epochs.get(lease) ?? 0) >= epoch) return;
    this.#epochs.set(lease, epoch);
    this.#unsaved.add(lease);
  }

  #words(lease: string): string {
    const view = this.#arbiter?.lossOf(lease);
    if (view === undefined) return "nothing decides on its lease";
    const { have, need, of, refusals } = view;
    const isEtcd = this.#routersOf(lease).some(({ plan }) => plan.exclusive?.by === "etcd");
    if (isEtcd) {
      return refusals.length === 0 ? "etcd does not know that it holds it" : refusals.join("; ");
    }
    return [`has ${have} of ${of.length} votes and needs ${need}`, ...refusals].join("; ");
  }
}

/** The address of `node` by which it sends adverts of the family of `router`. */
function addressOf({ plan: { names, family } }: VirtualRouter, node: string): Ip | undefined {
  const all = [...names].filter(([, name]) => name === node).flatMap(([text]) =>
    parseIp(text) ?? []
  );
  return all.find((one) => one.family === family) ?? all[0];
}
