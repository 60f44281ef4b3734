/**
 * Clocks that go on within a turn, as real ones do: a deadline that is always the present time is
 * never met, and its daemon turns without a pause.
 */
import assert from "node:assert/strict";
import { nanoseconds, seconds } from "../../../src/time.ts";
import { PROMPT } from "../promptness.ts";
import { SimHost } from "../sim_host.ts";
import { Scene } from "./scene.ts";

const QUICK = { ...PROMPT, perLook: nanoseconds(1000) };
const TIME = seconds(20);
/** In a second of one machine; with adverts each 100 ms there are 85. */
const MOST_A_SECOND = 200;

for (const interval of ["100ms", "1s"]) {
  Deno.test(`votes: no machine turns without a pause, adverts each ${interval}`, async () => {
    using _turns = boundedTurns();
    const options = { nodes: ["pi-a", "pi-b"], witnesses: ["nas"], interval };
    const scene = new Scene({ seed: 1, ...options });
    for (const name of scene.names) {
      scene.cluster.setPromptness(name, QUICK);
      scene.cluster.start(name);
    }
    await scene.pass(TIME);
    assert.equal(scene.holder(), "pi-a");
    assert.equal(scene.cluster.status("pi-a")?.instances[0]?.votes?.have, 3);
  });
}

/** Fails where turns do not end. */
function boundedTurns() {
  const { wait } = SimHost.prototype;
  let turns = 0;
  SimHost.prototype.wait = function (deadline) {
    const most = 3 * MOST_A_SECOND * TIME / 1e9;
    assert.ok(turns++ < most, `${most} turns at ${this.now() / 1e6} ms`);
    return wait.call(this, deadline);
  };
  return { [Symbol.dispose]: () => void Object.assign(SimHost.prototype, { wait }) };
}
