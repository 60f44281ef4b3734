/**
 * Resuming a virtual router: it goes on where the process before this one ended, where that is safe
 * (resume.ts).
 */
import type { Host } from "../host.ts";
import { addressEntries, linkNamed } from "../net/interfaces.ts";
import { formatIp } from "../net/ip.ts";
import { after, type Nanoseconds, nanoseconds, type WallTime } from "../time.ts";
import type { Driver } from "./driver.ts";
import type { Journal } from "./journal/journal.ts";
import { causeText, labelOf } from "./journal/log.ts";
import { mayResume, type ResumeState, routerResumeOf, wasHolding } from "./resume.ts";
import type { Routers } from "./routers.ts";
import type { OwnedRouter } from "./virtual_router.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"handedTo" | "links" | "since" | "cause">;

/** What it works with. */
export interface Resuming {
  readonly host: Host;
  readonly routers: Routers;
  readonly driver: Driver;
  readonly journal: Journal;
  /** May it go on with what it held by a lease? */
  readonly mayGoOn: (router: VirtualRouter, state: ResumeState) => boolean;
}

/**
 * Brings `router` to what `state` says of it; `setNoPreempt` is called where it was handed over by
 * hand.
 */
export function resumeRouter(
  router: VirtualRouter,
  state: ResumeState,
  { host, routers, driver, journal, mayGoOn }: Resuming,
  setNoPreempt: (until: VirtualRouter["noPreemptUntil"]) => void,
): void {
  const boot = host.boot();
  const before = routerResumeOf(router.plan, state, boot);
  if (before === undefined) return;
  if (before.aside !== null && before.master === null) {
    const { until, to } = before.aside;
    router.handedTo = to;
    setNoPreempt(until === null ? "asked" : after(host.now(), nanoseconds(until - boot.now)));
  }
  const elapsed = silenceOf(router, state, host);
  if (before.master === null || elapsed === undefined) return;
  // A sync group goes on together, or not at all: one that could not would make the others leave at
  // once.
  const { group } = router.plan;
  const members = group === undefined ? [] : routers.members(group);
  if (members.some((member) => silenceOf(member, state, host) === undefined)) return;
  if (!mayGoOn(router, state)) return;
  driver.dispatch(router, { kind: "resume" });
  if (router.state.kind !== "master") return;
  // Where they are others now, another MAC perhaps, the neighbours are told.
  router.links = before.master.links;
  router.since = before.master.since as WallTime;
  router.counters.masterTransitions = before.master.transitions;
  router.cause = { kind: "resumed", elapsed };
  const cause = causeText(router.plan, router.cause);
  journal.write("info", `${labelOf(router.plan)}: master still: ${cause}`);
}

/**
 * The addresses that the process before this one put there for `router`, as far as they are there
 * still, are this one's, on the links that they are on now.
 */
export function takeOverPlaced(router: VirtualRouter, state: ResumeState, host: Host): void {
  if (!wasHolding(router.plan, state, host.boot())) return;
  const interfaces = host.interfaces();
  for (const { interface: name, prefix: { address } } of router.plan.virtualAddresses) {
    const link = linkNamed(interfaces, name);
    const there = addressEntries(interfaces, address).find(({ index }) => index === link?.index);
    if (there !== undefined) router.placed.set(formatIp(address), there.index);
  }
}

/**
 * How long ago the process before this one advertised for `router`, where this one may go on:
 * {@link mayResume}.
 */
function silenceOf(
  { plan }: VirtualRouter,
  state: ResumeState,
  host: Host,
): Nanoseconds | undefined {
  const boot = host.boot();
  const master = routerResumeOf(plan, state, boot)?.master ?? undefined;
  return master && mayResume(plan, master, host.interfaces(), boot);
}
