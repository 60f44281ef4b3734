/** Before a restart in place, every master has all wait for it, in slices. */
import assert from "node:assert/strict";
import { Parking, type ParkingOptions } from "../../../src/daemon/parking.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../src/daemon/virtual_router.ts";
import { after, type Instant, milliseconds, type WallTime } from "../../../src/time.ts";
import type { Vrid } from "../../../src/vrrp/rules.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { aPlan } from "../../support/daemon/plans.ts";

const MASTERS = 10;

/** Ten masters, of which each takes half a millisecond, and a backup. */
function desk() {
  let now = milliseconds(1000) as number as Instant;
  const routers = new Routers();
  const parked: string[] = [];
  let isBusy = false;
  const driver = {
    isBusy: () => isBusy,
    finishAll: () => {
      parked.push("finished");
      isBusy = false;
    },
    refreshMaster: ({ plan }: VirtualRouter) => {
      parked.push(plan.name);
      now = after(now, milliseconds(0.5));
    },
  } as unknown as ParkingOptions["driver"];
  const all = Array.from({ length: MASTERS + 1 }, (_, i) => {
    const plan = aPlan({ name: `i${i}`, rules: { vrid: i + 1 as Vrid } });
    const router = createVirtualRouter(plan, 0 as WallTime, now);
    const { state } = becomeMaster("init", { kind: "start" }, now, router.rules);
    if (i < MASTERS) router.state = state;
    routers.add(router);
    return router;
  });
  const parking = new Parking({ host: { now: () => now }, routers, driver });
  return {
    parking,
    parked,
    all,
    setBusy: () => isBusy = true,
    turn: (ms = 0) => {
      now = after(now, milliseconds(ms));
      parking.tick(now);
    },
    now: () => now,
  };
}

Deno.test("restart: masters are parked for 2 ms in each turn, each once", () => {
  const { parking, parked, turn, now } = desk();
  turn();
  assert.equal(parked.length, 0);
  assert.equal(parking.nextDeadline(), undefined);
  parking.begin();
  assert.equal(parking.nextDeadline(), now());
  const counts = [4, 8, MASTERS].map(() => {
    assert(!parking.isOver);
    turn();
    return parked.length;
  });
  assert.deepEqual(counts, [4, 8, MASTERS]);
  assert(parking.isOver);
  assert.deepEqual(parked, Array.from({ length: MASTERS }, (_, i) => `i${i}`));
});

Deno.test("restart: a step with many addresses that is under way goes on for half a second", () => {
  const { parking, parked, setBusy, turn } = desk();
  setBusy();
  parking.begin();
  turn(499);
  assert.deepEqual(parked, []);
  turn(1);
  assert.deepEqual(parked, ["finished", "i0", "i1", "i2", "i3"]);
});

Deno.test("restart: one that is no master any more by its turn has nothing to wait for", () => {
  const { parking, parked, all, turn } = desk();
  parking.begin();
  turn();
  const [last, backup] = all.slice(-2);
  assert(last !== undefined && backup !== undefined);
  last.state = backup.state;
  turn();
  turn();
  assert(parking.isOver);
  assert.equal(parked.length, MASTERS - 1);
});
