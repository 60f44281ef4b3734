import assert from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import { Neighbours } from "../../../src/daemon/holders/neighbours.ts";
import { type Moment, stillOf } from "../../../src/daemon/moment.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { Instant, WallTime } from "../../../src/time.ts";
import { aPlan } from "../../support/daemon/plans.ts";

Deno.test("a moment that stands still knows nothing of what comes after it", () => {
  const now = 0 as Instant;
  const router = createVirtualRouter(aPlan({ name: "web" }), 0 as WallTime, now);
  const neighbours = new Neighbours();
  const still = stillOf({
    routers: [router],
    checks: new Checks(),
    neighbours,
    reports: { wordsOn: () => [] },
    now,
  } as unknown as Moment);
  const [copy] = still.routers;
  const before = structuredClone({ ...copy, plan: undefined });
  router.counters.sent++;
  router.rejects.set("checksum", 1);
  router.heard.set("10.77.0.12", {} as never);
  router.conflicts.set("answer x", {} as never);
  router.look.unanswered++;
  router.look.macs = ["02:00:00:00:00:01"];
  Object.assign(router, { state: { kind: "fault", faults: [] }, since: 7 });
  neighbours.learn("10.77.0.12", "02:00:00:00:00:01", now);
  assert.deepEqual(structuredClone({ ...copy, plan: undefined }), before);
  assert.deepEqual(still.neighbours.macsOf("10.77.0.12", now), []);
});

Deno.test("a moment that stands still has the votes of that moment", () => {
  const now = 0 as Instant;
  const plan = { ...aPlan({ name: "web" }), exclusive: {} as never };
  let have = 2;
  const still = stillOf({
    routers: [createVirtualRouter(plan, 0 as WallTime, now)],
    checks: new Checks(),
    neighbours: new Neighbours(),
    reports: { wordsOn: () => [] },
    leases: { viewOf: () => ({ have }) },
    now,
  } as unknown as Moment);
  have = 1;
  assert.deepEqual(still.routers.map((router) => still.leases.viewOf(router)?.have), [2]);
});
