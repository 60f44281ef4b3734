/** A witness as the others see it, and as it sees itself. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { seconds, type WallTime } from "../../../../src/time.ts";
import { file, TellingNodes } from "../../../support/cluster/telling.ts";

Deno.test("reports: a witness in maintenance votes, and is up for all and for itself", async () => {
  const config = file(
    ['n3 = { address = "10.0.0.3", links = ["10.9.0.3"] }\n', ""],
    ["[cluster]\n", '[cluster]\nwitnesses = { n3 = "10.0.0.3" }\n'],
    [', "n3"]', "]"],
  );
  const nodes = new TellingNodes(["n1", "n2", "n3"], config);
  await nodes.run(seconds(15));
  const since = nodes.cluster.host("n3")?.wallTime() ?? 0 as WallTime;
  nodes.cluster.order("n3", {
    kind: "maintenance",
    wanted: { since, until: undefined, reason: "new disk" },
    force: false,
    reply: () => {},
  });
  await nodes.run(seconds(3));
  for (const by of ["n1", "n3"]) {
    const { state, words, witness, maintenance } = nodes.node(by, "n3");
    deepStrictEqual([state, words, witness], ["up", "up (witness)", true], by);
    strictEqual(maintenance?.reason, "new disk", by);
  }
});
