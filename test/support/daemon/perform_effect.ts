/** Effects of one virtual router, carried out at once. */
import { Announcer } from "../../../src/daemon/announcer.ts";
import { performEffect as inParts } from "../../../src/daemon/effects.ts";
import type { Journal } from "../../../src/daemon/journal/journal.ts";
import type { VirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { Host } from "../../../src/host.ts";
import type { Action } from "../../../src/vrrp/event.ts";

/** Carries `effect` out for `router` on the network as it is now. */
export function performEffect(
  effect: Action,
  router: VirtualRouter,
  host: Host,
  journal: Journal,
  announcer: Announcer = new Announcer(host, journal),
): void {
  const interfaces = host.interfaces();
  const parts = inParts(effect, router, host, journal, announcer, () => interfaces);
  for (const _ of parts ?? []);
}
