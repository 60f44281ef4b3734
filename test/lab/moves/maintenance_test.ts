/** `floatip maintenance` takes a node out without a lost packet, also over restarts. */
import assert from "node:assert/strict";
import type { MaintenanceAnswer } from "../../../src/control/api.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  assertTold,
  assertUnnoticed,
  gapSince,
  LONG_ENOUGH_MS,
  lostSince,
  order,
  playScenes,
  type SceneCase,
  transitionsOf,
} from "../../support/moves/scene.ts";

const CASES: readonly SceneCase[] = [
  {
    name: "on, a restart, a crash, off",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      const probe = await scene.probe();
      const left = wallNow();
      const answer = await maintain(first, 0, "on", "--reason", "new SSD");
      const out = wallNow();
      assert.equal(answer.outcome, "on");
      assert.equal(answer.routers[0]?.master?.node, "b");
      await scene.releaseOf("a", left);
      assertUnnoticed("maintenance on", [await gapSince(probe, left)]);
      let present = first;
      for (const end of ["stop", "crash"] as const) {
        await present[end]();
        present = await scene.again(present);
        const { maintenance, instances } = await present.status();
        assert.equal(maintenance?.reason, "new SSD", `after a ${end}`);
        assert.deepEqual(instances.map(({ state }) => state), ["init"]);
      }
      const said = await present.command("maintenance", "status");
      assert.match(said.stdout, /maintenance is on since \d{4}-\d\d-\d\d [\d:.]{12}: new SSD\n/);
      await scene.pass(LONG_ENOUGH_MS);
      assert.equal(scene.capture.advertsOf(scene.host("a").address, out).length, 0);
      const over = wallNow();
      assert.equal((await maintain(present, 0, "off")).outcome, "off");
      await scene.claimOf("a", over);
      await present.untilState("master");
      await second.untilState("backup");
      assertUnnoticed("maintenance off, and its return", [await gapSince(probe, over)]);
      await assertTold(present, over, [
        "init -> backup (maintenance-over)",
        "backup -> master (preempted-master)",
      ]);
    },
  },
  {
    name: "refused where no node takes over, unless forced; for a while",
    play: async (scene) => {
      const first = await scene.floatip("a");
      await first.untilState("master");
      const probe = await scene.probe();
      const start = wallNow();
      const refusal = await maintain(first, 1, "on");
      assert.equal(refusal.outcome, "refused");
      assert.match(refusal.words, /no node took web over: this node keeps it/);
      assert.equal((await first.status()).maintenance, null);
      assert.equal((await first.instance()).state, "master");
      assert.equal(await lostSince(probe, start), undefined, "nobody noticed");
      assert.deepEqual(transitionsOf(first.history(), start), []);

      const forced = wallNow();
      const answer = await maintain(first, 0, "on", "--force", "--for", "3s");
      assert.equal(answer.outcome, "on");
      assert.match(answer.words, /NOBODY holds web now/);
      await scene.releaseOf("a", forced);
      assert.ok(!await scene.host("a").holds(ADDRESS));
      await first.untilState("master", 20_000);
      assert.equal((await first.status()).maintenance, null, "its time is over");
    },
  },
  {
    name: "keepalived takes over, with and without preemption",
    play: async (scene) => {
      const first = await scene.floatip("a");
      await first.untilState("master");
      for (const preempt of [true, false]) {
        const second = await scene.keepalived("b", { preempt });
        await second.untilState("BACKUP");
        const probe = await scene.probe();
        const left = wallNow();
        const { outcome, words } = await maintain(first, 0, "on");
        console.log(`  ${words}`);
        assert.equal(outcome, "on");
        await second.untilState("MASTER");
        assertUnnoticed(
          `maintenance on beside keepalived${preempt ? "" : " with nopreempt"}`,
          [await gapSince(probe, left)],
        );
        await probe.stop();
        await maintain(first, 0, "off");
        await first.untilState("master");
        await second.stop();
      }
    },
  },
  {
    name: "a backup that would be the only one left is told so",
    play: async (scene) => {
      const lone = await scene.floatip("b");
      await lone.untilState("backup");
      const { outcome, words } = await maintain(lone, 1, "on");
      assert.equal(outcome, "refused");
      assert.match(words, /no other node is known to hold web/);
      await lone.untilState("master");
    },
  },
];

/** `floatip maintenance ...` on that node, with its answer. */
function maintain(
  floatip: Floatip,
  code: number,
  ...words: readonly string[]
): Promise<MaintenanceAnswer> {
  return order(floatip, code, "maintenance", ...words);
}

playScenes("maintenance", CASES);
