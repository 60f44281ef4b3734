/** Changes of health: told once each, to those who show it, and looked at only for them. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { HealthWatch } from "../../../../src/daemon/holders/health_watch.ts";
import { Neighbours } from "../../../../src/daemon/holders/neighbours.ts";
import { createVirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const at = (second: number): Instant => seconds(second) as number as Instant;
const WALL = 0 as WallTime;

Deno.test("health watch: each change is told once, and it looks once a second", () => {
  const told: string[] = [];
  let follows = true;
  const observer = {
    observe() {},
    observeHealth: ({ instance, health }: { instance: string; health: string }) =>
      void told.push(`${instance} ${health}`),
    followsHealth: () => follows,
  };
  const router = createVirtualRouter(aPlan(), WALL, at(0));
  const all = [router];
  const observers = [observer, { observe() {} }];
  const watch = new HealthWatch(observers, new Neighbours(), { all }, () => WALL);
  for (let second = 0; second < 10; second += 0.25) watch.tick(at(second));
  // Standing down: a master would have been heard within 3.6 s.
  deepStrictEqual(told, ["web listening", "web nobody"]);
  strictEqual(watch.nextDeadline(), at(10));
  follows = false;
  watch.tick(at(20));
  strictEqual(watch.nextDeadline(), undefined);
});
