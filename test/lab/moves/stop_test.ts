/** An orderly stop leaves no gap: the address stays until the successor's first advert. */
import assert from "node:assert/strict";
import type { Floatip } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  assertTold,
  assertUnnoticed,
  gapSince,
  playScenes,
  type Scene,
  type SceneCase,
} from "../../support/moves/scene.ts";

const ROUNDS = 3;

const CASES: readonly SceneCase[] = [
  {
    name: "SIGTERM, floatip to floatip, and its return",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      await leaveAndReturn(scene, first, () => second.untilState("backup"));
      const round = ["backup -> master (master-left)", "master -> backup (better-master)"];
      const rounds = Array.from({ length: ROUNDS }, () => round).flat();
      await assertTold(second, 0, ["init -> backup (start)", ...rounds]);
    },
  },
  {
    name: "SIGTERM, floatip to keepalived, and its return",
    play: async (scene) => {
      const second = await scene.keepalived("b");
      const first = await scene.floatip("a");
      await first.untilState("master");
      await second.untilState("BACKUP");
      await leaveAndReturn(scene, first, () => second.untilState("BACKUP"));
    },
  },
  {
    name: "SIGTERM, floatip to keepalived with nopreempt, and back by its priority 0",
    play: async (scene) => {
      const first = await scene.floatip("a", { lines: ["preempt = false"] });
      await first.untilState("master");
      const second = await scene.keepalived("b", { preempt: false });
      await second.untilState("BACKUP");
      const probe = await scene.probe();
      const left = wallNow();
      assert.equal(await first.stop(), 0);
      await scene.claimOf("b", left);
      assert.ok(!await scene.host("a").holds(ADDRESS));
      assertUnnoticed("SIGTERM to keepalived with nopreempt", [await gapSince(probe, left)]);
      const again = await scene.again(first);
      await again.untilState("backup");
      // Whoever has just come up listens first.
      await scene.pass(3300);
      const back = wallNow();
      const stopped = second.stop();
      const claimed = await scene.claimOf("a", back);
      await stopped;
      console.log(
        `  keepalived leaves to floatip: a gap of ${
          (await gapSince(probe, back)).toFixed(0)
        } ms, ` +
          `claimed after ${(claimed - back).toFixed(0)} ms`,
      );
      // Its file names all nodes: nobody else can be meant. Else it would wait for a skew, 219 ms.
      assert.ok(claimed - back < 200, `it claimed after ${claimed - back} ms`);
    },
  },
  {
    name: "SIGTERM without a successor: it waits, then goes; a second one hurries it",
    play: async (scene) => {
      const lone = await scene.floatip("a");
      await lone.untilState("master");
      const left = wallNow();
      assert.equal(await lone.stop(), 0);
      const gone = await scene.releaseOf("a", left) - left;
      // Said twice, each time for the longest skew and the way of an advert.
      assert.ok(gone > 2000 && gone < 3000, `gone after ${gone} ms`);
      const again = await scene.again(lone);
      await again.untilState("master");
      const since = wallNow();
      again.child.kill("SIGTERM");
      await scene.said(0, since);
      assert.ok(await scene.host("a").holds(ADDRESS));
      const hurried = wallNow();
      assert.equal(await again.stop(), 0);
      const after = await scene.releaseOf("a", since) - hurried;
      assert.ok(after < 1000, `after the second signal it went within ${after} ms`);
    },
  },
  {
    name: 'stop = "release": at once, without a wait',
    play: async (scene) => {
      const lone = await scene.floatip("a", { lines: ['stop = "release"'] });
      await lone.untilState("master");
      const left = wallNow();
      assert.equal(await lone.stop(), 0);
      const gone = await scene.releaseOf("a", left) - left;
      assert.ok(gone < 1000, `gone after ${gone} ms`);
    },
  },
];

/**
 * Stops the preferred `first` and starts it again, some times; both moves are to pass unnoticed.
 */
async function leaveAndReturn(
  scene: Scene,
  first: Floatip,
  untilYielded: () => Promise<void>,
): Promise<void> {
  const probe = await scene.probe();
  const leaving: number[] = [];
  const returning: number[] = [];
  let present = first;
  for (let round = 0; round < ROUNDS; round++) {
    const left = wallNow();
    assert.equal(await present.stop(), 0);
    assert.ok(!await scene.host("a").holds(ADDRESS), "it holds nothing any more");
    const claimed = await scene.claimOf("b", left);
    const gone = await scene.releaseOf("a", left);
    assert.ok(gone >= claimed, `it let go before it heard so:\n${scene.story(left, 4000)}`);
    leaving.push(await gapSince(probe, left));
    const back = wallNow();
    present = await scene.again(present);
    await scene.claimOf("a", back);
    await untilYielded();
    returning.push(await gapSince(probe, back));
    await present.untilState("master");
  }
  assertUnnoticed("SIGTERM", leaving);
  assertUnnoticed("its return", returning);
}

playScenes("an orderly stop leaves no gap", CASES);
