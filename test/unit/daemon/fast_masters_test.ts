/** Masters with fast adverts have so much of a turn, however many of them are due. */
import assert from "node:assert/strict";
import { FastMasters } from "../../../src/daemon/fast_masters.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { after, type Instant, milliseconds, type WallTime } from "../../../src/time.ts";
import type { Vrid } from "../../../src/vrrp/rules.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";

type Made = ReturnType<typeof createVirtualRouter>;

const MASTERS = 10;

Deno.test("fast masters: they advertise for 2 ms of a turn, the others in the next ones", () => {
  let now = milliseconds(1000) as number as Instant;
  const routers = new Routers();
  const advertised: VirtualRouter[] = [];
  const fast = new FastMasters({
    host: { now: () => now },
    routers,
    isBusy: () => false,
    advertise: (router) => {
      advertised.push(router);
      master(router as Made);
      now = after(now, milliseconds(0.5));
    },
  });
  const master = (router: Made) => {
    router.state = becomeMaster("init", { kind: "start" }, now, router.rules).state;
  };
  for (let i = 0; i < MASTERS; i++) {
    const rules = { advertInterval: milliseconds(100), vrid: i + 1 as Vrid };
    const router = createVirtualRouter(aPlan({ name: `i${i}`, rules }), 0 as WallTime, now);
    master(router);
    routers.add(router);
    routers.schedule(router);
  }
  now = after(now, milliseconds(100));
  const counts = [0, 0, 0, 0].map(() => {
    fast.beginTurn();
    const before = advertised.length;
    for (let looks = 0; looks < 3; looks++) fast.let();
    return advertised.length - before;
  });
  assert.deepEqual(counts, [4, 4, 2, 0]);
  assert.equal(new Set(advertised).size, MASTERS);
});
