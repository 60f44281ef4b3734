/**
 * Clocks that go on within a turn, as real ones do: a deadline that is always the present time is
 * never met, and its daemon turns without a pause. The clock of the other simulations stands still.
 */
import assert from "node:assert/strict";
import { type Instant, seconds } from "../../../src/time.ts";
import { SimHost } from "../sim_host.ts";
import { Scene } from "./scene.ts";

/** Between two looks at a clock, in nanoseconds. */
const LOOK = 1000;
const TIME = seconds(20);
/** In a second of one machine; with adverts each 100 ms there are 85. */
const MOST_A_SECOND = 200;

for (const interval of ["100ms", "1s"]) {
  Deno.test(`votes: no machine turns without a pause, adverts each ${interval}`, async () => {
    using _clocks = runningClocks();
    const options = { nodes: ["pi-a", "pi-b"], witnesses: ["nas"], interval };
    const scene = new Scene({ seed: 1, ...options });
    for (const name of scene.names) scene.cluster.start(name);
    await scene.pass(TIME);
    assert.equal(scene.holder(), "pi-a");
    assert.equal(scene.cluster.status("pi-a")?.instances[0]?.votes?.have, 3);
  });
}

/** Has the clocks of all machines go on with each look; fails where turns do not end. */
function runningClocks() {
  const { now, wait } = SimHost.prototype;
  const last = new WeakMap<SimHost, number>();
  let turns = 0;
  SimHost.prototype.now = function () {
    const at = Math.max(now.call(this), (last.get(this) ?? 0) + LOOK);
    last.set(this, at);
    return at as Instant;
  };
  SimHost.prototype.wait = function (deadline) {
    const most = 3 * MOST_A_SECOND * TIME / 1e9;
    assert.ok(turns++ < most, `${most} turns at ${now.call(this) / 1e6} ms`);
    return wait.call(this, deadline);
  };
  return {
    [Symbol.dispose]() {
      Object.assign(SimHost.prototype, { now, wait });
    },
  };
}
