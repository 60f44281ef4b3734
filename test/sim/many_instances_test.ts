/**
 * A reload that adds many instances: they start over several turns, all of them, and nothing else
 * waits.
 */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../src/time.ts";
import { Cluster, configFrom } from "./cluster.ts";

function toml(count: number): string {
  const others = Array.from(
    { length: count },
    (_, index) =>
      `[instance.i${index + 1}]\nvrid = ${index + 1}\naddresses = ["10.0.1.${index + 1}/16"]\n`,
  );
  return `[instance.web]\nvrid = 255\naddresses = ["10.0.0.100/16"]\n\n${others.join("\n")}`;
}

Deno.test("a reload that adds 100 instances starts all of them, a few in each turn", async () => {
  const made = new Cluster(7);
  made.createNode("n1", [{ name: "eth0", segment: "lan", addresses: ["10.0.0.1/16"] }]);
  made.setConfig("n1", configFrom(toml(0)));
  made.start("n1");
  await made.lan.run(seconds(10));
  made.reload("n1", configFrom(toml(100)));
  await made.lan.run(milliseconds(10));
  const states = () => made.status("n1")?.instances.map(({ state }) => state) ?? [];
  assert.equal(states().length, 101);
  assert.deepEqual(new Set(states()), new Set(["master", "backup"]), "nothing is left in init");
  await made.lan.run(seconds(10));
  assert.deepEqual(new Set(states()), new Set(["master"]));
});
