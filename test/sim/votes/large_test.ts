/** Exclusive instances with so many addresses that each of their steps takes several turns. */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { Scene } from "./scene.ts";

/** Of each of the two instances of the group. */
const MANY = 40;

Deno.test("a large exclusive group: one takes all over from a dead holder", async () => {
  const scene = await held();
  scene.cluster.lan.kill("pi-a");
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(15)), scene.story());
  assert.deepEqual(scene.twice, [], scene.story());
});

Deno.test("a large exclusive group: a handover moves all, and no two answer", async () => {
  const scene = await held();
  handOver(scene);
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(5)), scene.story());
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-b");
  assert.deepEqual(scene.twice, [], scene.story());
});

Deno.test("a large exclusive group: a holder that is cut off is silent first", async () => {
  const scene = await held();
  isolate(scene);
  assert.ok(await scene.until(() => scene.silent(), seconds(5)), scene.story());
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(10)), scene.story());
  assert.deepEqual(scene.twice, [], scene.story());
});

Deno.test("a large exclusive group: whatever comes in the middle of a step", async () => {
  for (let ms = 0; ms < 32; ms += 8) {
    for (const [what, happen] of Object.entries(MIDDLE)) {
      const scene = await held(100 + ms);
      handOver(scene);
      await scene.pass(milliseconds(ms));
      happen(scene);
      const words = `${what} after ${ms} ms`;
      const took = await scene.until(() => scene.holder() !== undefined, seconds(30));
      await scene.pass(seconds(15));
      assert.ok(took !== undefined && scene.holder() !== undefined, `${words}\n${scene.story()}`);
      assert.deepEqual(scene.twice, [], `${words}\n${scene.story()}`);
    }
  }
});

/** What happens in the middle of a handover. */
const MIDDLE: Readonly<Record<string, (scene: Scene) => void>> = {
  "restart of the old holder": ({ cluster }) => cluster.restart("pi-a", milliseconds(300)),
  "restart of the new holder": ({ cluster }) => cluster.restart("pi-b", milliseconds(300)),
  "death of the old holder": ({ cluster }) => cluster.lan.kill("pi-a"),
  "death of the new holder": ({ cluster }) => cluster.lan.kill("pi-b"),
  "stop of the new holder": ({ cluster }) => cluster.stop("pi-b"),
  "cut": isolate,
};

function handOver({ cluster }: Scene): void {
  const order = { to: undefined, forTime: undefined, reply: () => {} };
  cluster.order("pi-a", { kind: "handover", instance: "db", ...order });
}

function isolate({ cluster }: Scene): void {
  for (const other of ["pi-b", "nas"]) {
    cluster.lan.paths.cut(other, "pi-a");
    cluster.lan.paths.cut("pi-a", other);
  }
}

async function held(seed = 3): Promise<Scene> {
  const nodes = ["pi-a", "pi-b"];
  const scene = new Scene({
    ...{ seed, nodes, witnesses: ["nas"], interval: "1s", grouped: true, many: MANY },
  });
  scene.startAll();
  const took = await scene.until(() => scene.holder() === "pi-a", seconds(30));
  assert.ok(took !== undefined, scene.story());
  await scene.pass(seconds(5));
  return scene;
}
