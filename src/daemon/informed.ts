/** What the engine is told with an event beside the event itself. */
import type { Instant } from "../time.ts";
import type { Event, Opinion } from "../vrrp/event.ts";
import type { LeaseGate } from "./exclusive/gate.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/** Where it comes from. */
interface Sources {
  readonly opinionOf?: (router: VirtualRouter) => Opinion | undefined;
  readonly leases?: () => LeaseGate | undefined;
}

/** A backup whose time has come hears what the nodes report, and whether it has its lease. */
export function informed(
  router: VirtualRouter,
  event: Event,
  now: Instant,
  { opinionOf, leases }: Sources,
): Event {
  const { state, rules, plan } = router;
  if (state.kind !== "backup") return event;
  if (event.kind !== "deadline" && event.kind !== "group-claim") return event;
  const isAsked = event.kind === "deadline" && rules.secondOpinion === true;
  const told = isAsked ? { ...event, opinion: opinionOf?.(router) } : event;
  // Before its time it is not to open what it has been granted already.
  const isOver = (state.masterDownAt ?? 0) <= now;
  if (plan.exclusive === undefined || !isOver) return told;
  return { ...told, permit: leases?.()?.permits(router) ?? false };
}
