/** Lifetimes in the kernel of addresses that are held by a lease. */
import type { Host } from "../../host.ts";
import { formatIp } from "../../net/ip.ts";
import { type Nanoseconds, nanoseconds, seconds } from "../../time.ts";
import { isByLifetime, isGuarded, keepOpen, restOfLease } from "../machine/fence.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/** The kernel counts whole seconds. */
const SECOND = seconds(1);

/**
 * For how long the kernel is to keep the addresses of `router` from now; undefined: without end.
 * Where there is nothing else that silences them, not longer than its lease; 0: not at all.
 */
export function lifetimeOf(
  router: VirtualRouter,
  host: Pick<Host, "clocks" | "fence">,
): Nanoseconds | undefined {
  const { lease } = router.rules;
  if (lease === undefined || router.plan.exclusive === undefined) return lease;
  if (!isByLifetime(router, host.fence.state)) {
    return isGuarded(router, host) ? lease : nanoseconds(0);
  }
  const rest = restOfLease(router, host) ?? lease;
  return nanoseconds(Math.floor(Math.min(lease, rest) / SECOND) * SECOND);
}

/** The lease of `router`, a holder, was renewed: its addresses are answered for as long. */
export function renewByLease(
  router: VirtualRouter,
  host: Pick<Host, "clocks" | "fence" | "addAddresses">,
): void {
  keepOpen(router, host);
  if (!isByLifetime(router, host.fence.state)) return;
  const lifetime = lifetimeOf(router, host);
  if (lifetime === undefined || lifetime === 0) return;
  const held = router.plan.virtualAddresses.filter(({ prefix }) =>
    router.placed.has(formatIp(prefix.address))
  );
  host.addAddresses(held, lifetime);
}
