/** What virtual routers want of their leases, and with which times. Pure. */
import type { LeaseSettings } from "../../cluster/exclusive.ts";
import { termsFor } from "../../config/plan/exclusive.ts";
import type { FenceState } from "../../host.ts";
import { isHolder } from "../../vrrp/state.ts";
import { isByLifetime } from "../machine/fence.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** The leases of `routers`, on a machine with this fence. */
export function leasesOf(
  routers: readonly VirtualRouter[],
  fence: FenceState,
): readonly LeaseSettings[] {
  const settings = new Map<string, LeaseSettings>();
  for (const router of routers) {
    const { exclusive } = router.plan;
    if (exclusive === undefined || settings.has(exclusive.name)) continue;
    const terms = termsFor(exclusive, isByLifetime(router, fence) ? "lifetime" : "nftables");
    if (terms !== undefined) settings.set(exclusive.name, { lease: exclusive.name, terms });
  }
  return [...settings.values()];
}

/** What `routers`, which are all of one lease, want of it. */
export function needOf(routers: readonly VirtualRouter[]): "hold" | "want" | "none" {
  if (routers.some(({ state }) => isHolder(state))) return "hold";
  const claims = routers.map(({ state }) => {
    return state.kind === "backup" && (state.claim === "asked" || state.claim === "due");
  });
  // Members of a sync group take over together, families of an instance one after the other.
  const isGrouped = routers.some(({ plan }) => plan.group !== undefined);
  return (isGrouped ? claims.every(Boolean) && claims.length > 0 : claims.includes(true))
    ? "want"
    : "none";
}
