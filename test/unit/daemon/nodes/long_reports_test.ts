/** Nodes with so many instances that reports come in parts, and none is said to hold. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { atOnce } from "../../../../src/async.ts";
import { MOST_HELD } from "../../../../src/cluster/knowledge.ts";
import { milliseconds, seconds } from "../../../../src/time.ts";
import { file, TellingNodes } from "../../../support/cluster/telling.ts";

function instances(count: number): string {
  return Array.from(
    { length: count },
    (_, i) =>
      `[instance.i${i}]\nvrid = ${i + 52}\nprefer = ["n1", "n2", "n3"]\n` +
      `addresses = ["10.0.1.${i + 1}/16"]\n`,
  ).join("\n");
}

Deno.test("reports: a hundred instances are told part by part", async () => {
  const more = instances(100);
  const config = file(["[check.nginx]", `${more}\n[check.nginx]`]);
  const nodes = new TellingNodes(["n1", "n2"], config);
  await nodes.run(seconds(8));
  const states = nodes.node("n2", "n1").instances.map(({ state }) => state);
  deepStrictEqual([states.length, new Set(states)], [101, new Set(["master"])]);
  ok(nodes.node("n2", "n1").instances.every(({ heard_ms }) => heard_ms <= 1500));
  strictEqual(nodes.node("n1", "n2").config, "same");
  nodes.cluster.reload("n2", file(["[check.nginx]", `${more}\n[check.nginx]`], ["i99]", "z]"]));
  await nodes.run(seconds(2));
  deepStrictEqual(nodes.node("n1", "n2").differs_in, ["[instance.i99]", "[instance.z]"]);
});

Deno.test("reports: what a status is made of stays while others tell more", async () => {
  const config = file(["[check.nginx]", `${instances(MOST_HELD)}\n[check.nginx]`]);
  const nodes = new TellingNodes(["n1", "n2", "n3"], config);
  await nodes.run(seconds(10));
  const { lan } = nodes.cluster;
  for (const name of ["n2", "n3"]) lan.machine(name).setService("nginx", { ok: false, value: 0 });
  await nodes.run(seconds(9));
  lan.pause("n1");
  await nodes.run(seconds(5));
  const [before, parts] = [nodes.status("n3"), nodes.cluster.statusInParts("n3")];
  strictEqual(before.instances[0]?.last_holder?.node, "n1");
  ok(parts !== undefined);
  lan.resume("n1");
  await nodes.run(milliseconds(1500));
  deepStrictEqual(atOnce(parts), before);
});
