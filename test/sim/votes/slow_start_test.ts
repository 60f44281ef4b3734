/** Machines on which turns last: what one turn does elsewhere, a start among it, takes several. */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { PROMPT } from "../promptness.ts";
import { votesRun } from "./run.ts";
import { Scene } from "./scene.ts";

Deno.test("votes: no two answer while a killed holder starts again, in several turns", async () => {
  const options = { nodes: ["pi-a", "pi-b"], witnesses: ["nas"], interval: "100ms" };
  const scene = new Scene({ seed: 1, ...options });
  scene.startAll();
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-a");
  scene.cluster.lan.kill("pi-a");
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(1)) !== undefined);
  scene.cluster.setPromptness("pi-a", { ...PROMPT, perLook: milliseconds(3) });
  scene.cluster.start("pi-a");
  await scene.pass(milliseconds(600));
  assert.deepEqual(scene.twice, [], scene.story());
});

Deno.test("votes: no two answer on machines on which turns last", async () => {
  for (let seed = 1; seed <= 40; seed++) {
    const { complaints, log } = await votesRun(seed, { isSlow: true });
    assert.deepEqual(complaints, [], `seed ${seed}\n${log.slice(-40).join("\n")}`);
  }
});
