/**
 * The fence of this machine: made for what the configuration needs, and kept open with the adverts,
 * so that a dead daemon's addresses are silent when its peers may take over (decision 0078).
 */
import { restAtLeast } from "../../cluster/votes/clocks.ts";
import type { Plan } from "../../config/plan/plan.ts";
import type { FenceState, FenceTimes, Host } from "../../host.ts";
import type { Link, VirtualAddress } from "../../net/interfaces.ts";
import { formatIp, type Ip } from "../../net/ip.ts";
import {
  after,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../../time.ts";
import { isOwner } from "../../vrrp/rules.ts";
import { isHolder } from "../../vrrp/state.ts";
import type { Journal } from "../journal/journal.ts";
import type { Routers, RouterWatcher } from "../routers.ts";
import type { Ticker } from "../ticker.ts";
import type { OwnedRouter } from "../virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"fenced" | "guardedUntil">;

/** The kernel removes an address so much after its lease at the latest (decision 0039). */
const LATE = seconds(2);

/**
 * Whether it still stands is looked at in a turn that there is anyhow after this time, as with an
 * advert each second, and in one of its own after that.
 */
const LOOK_AFTER = milliseconds(500), LOOK_WITHIN = milliseconds(1500);

/** Has a fence made for what the virtual routers are. */
export class FenceKeeper implements RouterWatcher, Ticker {
  readonly #host: Host;
  readonly #journal: Journal;
  readonly #routers: Routers;
  readonly #isStarting: () => boolean;
  /** What was last seen of each. */
  readonly #plans = new WeakMap<VirtualRouter, Plan>();
  readonly #changed = new Set<VirtualRouter>();
  #isDue = true;
  #links: readonly Link[] | undefined;
  #told = "";
  /** Is there to be one? */
  #isWanted = false;
  #lookedAt: Instant | undefined;

  /** `isStarting`: is there a virtual router of the file still that is not in `routers`? */
  constructor(host: Host, journal: Journal, routers: Routers, isStarting: () => boolean) {
    this.#host = host;
    this.#journal = journal;
    this.#routers = routers;
    this.#isStarting = isStarting;
  }

  changed(router: VirtualRouter): void {
    if (this.#plans.get(router) === router.plan) return;
    this.#plans.set(router, router.plan);
    this.#changed.add(router);
    this.#isDue = true;
  }

  dropped(router: VirtualRouter): void {
    this.#changed.delete(router);
    this.#isDue = true;
  }

  nextDeadline(): Instant | undefined {
    return this.#isWanted ? after(this.#lookedAt ?? this.#host.now(), LOOK_WITHIN) : undefined;
  }

  tick(now: Instant): void {
    // A start may take several turns. Until then the table of the process before this one stays: it
    // is all that silences the addresses that one has left.
    if (this.#isStarting()) return;
    const { links } = this.#host.interfaces();
    if (this.#isDue || links !== this.#links) this.#settle(links);
    if (this.#isWanted) this.#look(now);
    this.#tell(this.#host.fence.state);
  }

  #look(now: Instant): void {
    this.#lookedAt ??= now;
    if (now < after(this.#lookedAt, LOOK_AFTER)) return;
    this.#lookedAt = now;
    const { fence } = this.#host;
    const stood = fence.state.kind === "stands";
    fence.look();
    if (!stood || fence.state.kind === "stands") return;
    // What was open in it is not guarded until it is kept open again.
    const routers: readonly VirtualRouter[] = this.#routers.all;
    for (const router of routers) {
      router.fenced = false;
      router.guardedUntil = undefined;
    }
  }

  #settle(links: readonly Link[]): void {
    this.#isDue = false;
    this.#links = links;
    const fenced = this.#routers.all.map(({ plan }) => plan)
      .filter((plan) => timesOf(plan) !== undefined);
    const { fence } = this.#host;
    this.#isWanted = fenced.length > 0;
    fence.settle(
      fenced.length === 0 ? undefined : {
        interfaces: [
          ...new Set(fenced.flatMap((plan) => plan.virtualAddresses.map((one) => one.interface))),
        ],
        times: fenced.flatMap((plan) => timesOf(plan) ?? []),
      },
    );
    // What a process before this one, or the configuration before, has left in it.
    for (const { plan } of this.#changed) {
      if (timesOf(plan) === undefined) fence.forget(addressesOf(plan.virtualAddresses));
    }
    this.#changed.clear();
  }

  #tell(state: FenceState): void {
    const words = state.kind === "none" ? state.words : "";
    if (words === this.#told) return;
    this.#told = words;
    const lives = "when this daemon dies, its addresses live on for whole seconds";
    if (words !== "") this.#journal.write("warning", `no fence by nf_tables: ${words}; ${lives}`);
  }
}

/** Is it the kernel's lifetimes alone that silence the addresses of a dead daemon? */
export function isByLifetime({ plan }: Pick<VirtualRouter, "plan">, fence: FenceState): boolean {
  // At first it is not known; a fence of the process before this one may stand.
  return plan.fence === undefined || (fence.kind === "none" && fence.words !== "");
}

/** For how long `router` may hold its addresses from now at least; undefined: it needs no lease. */
export function restOfLease(
  { plan, heldUntil }: VirtualRouter,
  host: Pick<Host, "clocks">,
): Nanoseconds | undefined {
  if (plan.exclusive === undefined) return undefined;
  return heldUntil === undefined ? nanoseconds(0) : restAtLeast(heldUntil, host.clocks());
}

/**
 * Opens the fence for all addresses of `router`, which is about to hold them by its lease. False:
 * it does not stand yet, or the lease does not last until it would shut.
 */
export function openAhead(router: VirtualRouter, host: Pick<Host, "clocks" | "fence">): boolean {
  const { plan } = router;
  if (isByLifetime(router, host.fence.state)) return true;
  const times = timesOf(plan);
  if (times === undefined || (restOfLease(router, host) ?? 0) < times.open) return false;
  if (!host.fence.keepOpen(addressesOf(plan.virtualAddresses), times)) return false;
  router.guardedUntil = nanoseconds(host.clocks().boot + times.guarded);
  return true;
}

/**
 * May the kernel keep the addresses of `router` for its lease from now? Not where they would still
 * be there when what is left of a dead program is not guarded any more.
 */
export function isGuarded(router: VirtualRouter, host: Pick<Host, "clocks">): boolean {
  const { guardedUntil, rules: { lease } } = router;
  if (guardedUntil === undefined || lease === undefined) return false;
  return host.clocks().boot + lease + LATE <= guardedUntil;
}

/** The addresses that floatip holds for `router` are answered for from now, until their time. */
export function keepOpen(router: VirtualRouter, host: Pick<Host, "clocks" | "fence">): void {
  const times = timesOf(router.plan);
  // What is open shuts by itself, not later than the lease ends.
  const rest = restOfLease(router, host);
  if (times !== undefined && rest !== undefined && rest < times.open) return;
  const addresses = times === undefined || !isHolder(router.state) ? [] : placedOf(router);
  router.fenced = times !== undefined && addresses.length > 0 &&
    host.fence.keepOpen(addresses, times);
  if (router.fenced && times !== undefined) {
    router.guardedUntil = nanoseconds(host.clocks().boot + times.guarded);
  }
}

/** The fence has nothing to do with `addresses` of `router` any more. */
export function forgetOpen(
  addresses: readonly VirtualAddress[],
  router: VirtualRouter,
  host: Host,
): void {
  if (timesOf(router.plan) === undefined || addresses.length === 0) return;
  host.fence.forget(addressesOf(addresses));
}

/** What makes the addresses of `router` silent when this daemon dies; null: nothing does. */
export function fenceOf(
  { plan, rules, state, fenced }: VirtualRouter,
  fence: FenceState,
): "nftables" | "lifetime" | null {
  if (rules.lease === undefined || isOwner(plan.rules)) return null;
  if (timesOf(plan) === undefined) return "lifetime";
  const stands = isHolder(state) ? fenced : fence.kind === "stands";
  return stands ? "nftables" : "lifetime";
}

/** An owner's addresses are its machine's, and without a lease they stay. */
function timesOf({ fence: open, rules, exclusive }: Plan): FenceTimes | undefined {
  const { lease } = rules;
  if (open === undefined || lease === undefined || isOwner(rules)) return undefined;
  // What is held by a lease of votes is renewed with the adverts, also between two openings.
  const between = exclusive === undefined ? 0 : rules.advertInterval;
  return { open, guarded: nanoseconds(longer(open, lease) + between) };
}

function longer(open: Nanoseconds, lease: Nanoseconds): Nanoseconds {
  return nanoseconds(Math.max(open, lease, seconds(1)) + LATE);
}

/** Made once for each list of addresses: it is needed with each advert. */
const placed = new WeakMap<
  VirtualRouter,
  { readonly plan: Plan; readonly count: number; readonly addresses: readonly Ip[] }
>();

function placedOf(router: VirtualRouter): readonly Ip[] {
  const { plan, placed: { size: count } } = router;
  const known = placed.get(router);
  if (known?.plan === plan && known.count === count) return known.addresses;
  const addresses = addressesOf(plan.virtualAddresses)
    .filter((address) => router.placed.has(formatIp(address)));
  placed.set(router, { plan, count, addresses });
  return addresses;
}

function addressesOf(held: readonly VirtualAddress[]): readonly Ip[] {
  return held.map(({ prefix }) => prefix.address);
}
