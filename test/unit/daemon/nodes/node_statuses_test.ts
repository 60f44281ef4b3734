/** Nodes in the status document: what advertises for an exclusive instance without a vote. */
import { deepStrictEqual } from "node:assert/strict";
import { type KnownNodes, votelessSenders } from "../../../../src/daemon/nodes/node_statuses.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { ip } from "../../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const KNOWN: KnownNodes = { told: new Map(), own: new Map(), ready: new Map() };
const NAMES = new Map([["10.77.0.2", "n2"]]);

/** What is said at `second` of machines whose adverts came at 10 s. */
function said(isExclusive: boolean, second: number): readonly string[] {
  const lease = { name: "instance/web", interval: seconds(1), by: "votes" } as const;
  const plan = aPlan({ names: NAMES });
  const router = createVirtualRouter(
    isExclusive ? { ...plan, exclusive: lease } : plan,
    0 as WallTime,
    0 as Instant,
  );
  for (const address of ["10.77.0.2", "10.77.0.9"]) {
    const heard = {
      priority: 200,
      checksum: undefined,
      otherAddresses: false,
      interval: seconds(1),
    };
    router.heard.set(address, {
      ...heard,
      source: ip(address),
      at: seconds(10) as number as Instant,
    });
  }
  const node = { node: "n1", known: true, names: NAMES, plans: [plan], checks: [] };
  return votelessSenders(router, { node, now: seconds(second) as number as Instant }, KNOWN);
}

Deno.test("a machine outside of the file that advertises for what is exclusive is named", () => {
  const words = "exclusivity cannot be had: 10.77.0.9 advertises for it, and is no node that " +
    "votes: stop VRRP there, or give it another vrid";
  deepStrictEqual(said(true, 11), [words]);
  deepStrictEqual(said(true, 60), [], "it has been silent for long");
  deepStrictEqual(said(false, 11), [], "VRRP alone decides");
});
