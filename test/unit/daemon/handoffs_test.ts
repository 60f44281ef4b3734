/** Orders to leave for many virtual routers: each turn of the loop has its part. */
import assert from "node:assert/strict";
import { Handoffs } from "../../../src/daemon/handoffs.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { Instant, WallTime } from "../../../src/time.ts";
import { aPlan } from "../../support/daemon/plans.ts";

Deno.test("handoffs: no turn is idle while some are left to be stopped", () => {
  const routers = new Routers();
  const now = 0 as Instant;
  for (let at = 0; at < 40; at++) {
    const plan = aPlan({ name: `web${at}` });
    const router = createVirtualRouter(plan, 0 as WallTime, now);
    router.state = { kind: "backup", masterDownAt: now, master: "unknown" } as never;
    routers.add(router);
  }
  let told = 0;
  const driver = { dispatch: () => void told++, isBusy: () => false };
  const reconciler = { standDown: () => {}, node: undefined };
  const handoffs = new Handoffs({ host: { now: () => now }, routers, driver, reconciler });
  handoffs.stop();
  for (let turn = 0; turn < 12; turn++) {
    const before = told;
    handoffs.tick();
    assert.ok(turn === 0 || told > before, `turn ${turn}`);
  }
});
