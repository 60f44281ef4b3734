/** Records of transitions for history, hooks and messages, made from the router at that moment. */
import { nameIn, type Plan } from "../../config/plan/plan.ts";
import { formatPrefix } from "../../net/prefix.ts";
import { formatWallTime, toMilliseconds, type WallTime } from "../../time.ts";
import { causeText } from "./log.ts";
import type { AdvertsLost, Cause, NearMiss, Transition } from "../../vrrp/event.ts";
import type { NearMissRecord, TransitionRecord } from "./record.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** Causes that an operator wanted; the others happen. */
const PLANNED: ReadonlySet<Cause["kind"]> = new Set([
  "start",
  "stop",
  "owner",
  "reconfigured",
  "handover",
  "maintenance",
  "maintenance-over",
]);

/** The record of `transition`, which `router` of the node called `node` has just made. */
export function recordOf(
  transition: Transition,
  router: VirtualRouter,
  node: string,
  now: WallTime,
): TransitionRecord {
  const { plan, rules } = router;
  const { from, to, cause } = transition;
  return {
    time: formatWallTime(now),
    node,
    instance: plan.name,
    family: plan.family,
    vrid: rules.vrid,
    interface: plan.interface ?? null,
    addresses: plan.virtualAddresses.map((held) => formatPrefix(held.prefix)),
    from,
    to,
    priority: rules.priority,
    reason: cause.kind,
    cause: causeText(plan, cause),
    planned: PLANNED.has(cause.kind),
    silence_ms: silenceOf(cause),
    ...(to === "master" && router.epoch !== undefined ? { epoch: router.epoch } : {}),
  };
}

/** The record of a near miss at `now`. */
export function nearMissRecordOf(
  miss: NearMiss | AdvertsLost,
  plan: Plan,
  now: WallTime,
): NearMissRecord {
  return {
    time: formatWallTime(now),
    instance: plan.name,
    family: plan.family,
    master: nameIn(plan, miss.master),
    late_ms: toMilliseconds(miss.silence),
    limit_ms: toMilliseconds(miss.limit),
    ...(miss.kind === "adverts-lost" ? { adverts_lost: true } : {}),
  };
}

function silenceOf(cause: Cause): number | null {
  if (cause.kind === "master-silent") return toMilliseconds(cause.silence);
  return cause.kind === "nobody-heard" ? toMilliseconds(cause.listened) : null;
}
