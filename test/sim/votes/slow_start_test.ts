/** A start that takes several turns: what a killed process has left stays behind its fence. */
import assert from "node:assert/strict";
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";
import { SimHost } from "../sim_host.ts";
import { Scene } from "./scene.ts";

Deno.test("votes: no two answer while a killed holder starts again, in several turns", async () => {
  const options = { nodes: ["pi-a", "pi-b"], witnesses: ["nas"], interval: "100ms" };
  const scene = new Scene({ seed: 1, ...options });
  scene.startAll();
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-a");
  scene.cluster.lan.kill("pi-a");
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(1)) !== undefined);
  using slow = slowed("pi-a");
  scene.cluster.start("pi-a");
  await scene.pass(milliseconds(600));
  assert.ok(slow.looks > 10);
  assert.deepEqual(scene.twice, [], scene.story());
});

/** Has the clock of a machine go on by 3 ms with each of the first looks: a turn is soon over. */
function slowed(name: string) {
  const { now } = SimHost.prototype;
  const slow = { looks: 0, [Symbol.dispose]: () => void Object.assign(SimHost.prototype, { now }) };
  SimHost.prototype.now = function () {
    const at = now.call(this);
    if (this.machine.name !== name) return at;
    return at + Math.min(++slow.looks, 20) * milliseconds(3) as Instant;
  };
  return slow;
}
