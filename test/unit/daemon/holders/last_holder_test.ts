/** The latest holder that was known, where none is known now. */
import assert from "node:assert/strict";
import type { Told } from "../../../../src/cluster/knowledge.ts";
import { lastHolder } from "../../../../src/daemon/holders/last_holder.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { routerReport } from "../../../support/cluster/reports.ts";
import { aPlan, PEER } from "../../../support/daemon/plans.ts";

type VirtualRouter = ReturnType<typeof createVirtualRouter>;

type Tales = ReadonlyMap<string, { told: Pick<Told, "routers"> }>;

const NONE: Tales = new Map();

function at(second: number): Instant {
  return seconds(second) as number as Instant;
}

/** In fault; `heard`: when the latest advert of pi-b came, and with which priority. */
function aRouter(heard?: readonly [number, number]): VirtualRouter {
  const plan = aPlan({ names: new Map([["10.77.0.2", "pi-b"]]) });
  const router = createVirtualRouter(plan, 0 as WallTime, at(0));
  router.state = { kind: "fault", faults: [{ kind: "link-down", message: "no carrier" }] } as never;
  if (heard === undefined) return router;
  const [second, priority] = heard;
  const rest = { checksum: undefined, otherAddresses: false, interval: seconds(1) };
  router.heard.set("10.77.0.2", { source: PEER, priority, at: at(second), ...rest });
  return router;
}

function told(second: number): Tales {
  const report = routerReport({ name: "web", state: "master" });
  const routers = new Map([["web/ipv4", { report, number: 1, at: at(second) }]]);
  return new Map([["pi-c", { told: { routers } }]]);
}

Deno.test("last holder: by adverts, by reports, by itself: what is newest", () => {
  const said = (router: VirtualRouter, tales = NONE) => lastHolder(router, "pi-a", tales, at(60));
  assert.equal(said(aRouter()), null);
  assert.deepEqual(said(aRouter([50, 200])), { node: "pi-b", ago_ms: 10_000 });
  assert.deepEqual(said(aRouter([50, 200]), told(55)), { node: "pi-c", ago_ms: 5000 });
  assert.equal(said(aRouter([50, 0])), null, "its last word was that it leaves");
  const own = aRouter([50, 200]);
  own.releasedAt = at(58);
  assert.deepEqual(said(own)?.node, "pi-b", "at its start a node clears what is left of before");
  own.counters.masterTransitions = 1;
  assert.deepEqual(said(own), { node: "pi-a", ago_ms: 2000 });
});

Deno.test("last holder: none where the holder is heard", () => {
  assert.equal(lastHolder(aRouter([59, 200]), "pi-a", NONE, at(60)), null);
});
