/**
 * A dead or frozen master: its address goes in time, and what wakes up yields to the new master.
 */
import assert from "node:assert/strict";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  assertTold,
  lostSince,
  playScenes,
  type Scene,
  type SceneCase,
  transitionsOf,
} from "../../support/moves/scene.ts";

/**
 * A lease of 3 s, and what a busy machine's kernel may add: without one the address would stay for
 * ever.
 */
const GONE_MS = 4500;
const BOTH_MS = 1500;

/** Longer than a backup of any priority waits for a master that is silent. */
const FROZEN_MS = 6000;

const CASES: readonly SceneCase[] = [
  {
    name: "SIGKILL without a restart: the kernel lets go, the other one takes over",
    play: async (scene) => {
      let present = await scene.floatip("a");
      const second = await scene.floatip("b");
      for (let round = 0; round < 3; round++) {
        await present.untilState("master");
        await second.untilState("backup");
        const killed = wallNow();
        await present.crash();
        const claimed = await scene.claimOf("b", killed);
        const [gone, there] = [
          await scene.releaseOf("a", killed),
          await scene.arrivalAt("b", killed),
        ];
        console.log(
          `  killed: gone after ${ms(gone - killed)}, ${
            ms(gone - lastAdvertOf(scene, killed))
          } after its last ` +
            `advert; b claims after ${ms(claimed - killed)}; both for ${
              ms(Math.max(0, gone - there))
            }`,
        );
        assert.ok(gone - killed <= GONE_MS, `gone after ${ms(gone - killed)}`);
        assert.ok(gone - there <= BOTH_MS, `both for ${ms(gone - there)}`);
        assert.ok(!await scene.host("a").holds(ADDRESS));
        present = await scene.again(present);
      }
    },
  },
  ...["true", "false"].map((preempt): SceneCase => ({
    name: `SIGSTOP for 6 s, then SIGCONT, preempt = ${preempt}`,
    play: async (scene) => {
      const settings = { lines: [`preempt = ${preempt}`] };
      const [first, second] = await scene.pair(settings);
      const probe = await scene.probe();
      const frozen = wallNow();
      first.child.kill("SIGSTOP");
      const [gone, there] = [
        await scene.releaseOf("a", frozen),
        await scene.arrivalAt("b", frozen),
      ];
      console.log(
        `  stopped: gone after ${ms(gone - frozen)}, both for ${ms(Math.max(0, gone - there))}`,
      );
      assert.ok(gone - frozen <= GONE_MS, `gone after ${ms(gone - frozen)}`);
      assert.ok(gone - there <= BOTH_MS, `both for ${ms(gone - there)}`);
      await scene.pass(FROZEN_MS - (wallNow() - frozen));
      const woken = wallNow();
      first.child.kill("SIGCONT");
      await first.untilState("backup");
      await assertTold(first, woken, ["master -> backup (stalled)"]);
      if (preempt === "true") {
        // It listens for a whole master-down interval, as anybody who is better does, and preempts
        // then.
        const claimed = await scene.claimOf("a", woken);
        assert.ok(claimed - woken > 3000, `it claimed ${ms(claimed - woken)} after it woke up`);
        await second.untilState("backup");
      } else {
        await scene.pass(8000);
        assert.deepEqual(scene.capture.advertsOf(scene.host("a").address, woken), []);
        assert.equal((await second.instance()).state, "master");
      }
      assert.equal(await lostSince(probe, woken), undefined, "nobody noticed that it woke up");
      // Before that the frozen one's kernel may have answered the question who has the address: a
      // true alarm.
      const since = second.log.lines.filter(({ at }) => at >= woken);
      assert.ok(!since.some(({ text }) => text.includes("conflict")), second.log.text);
    },
  })),
  {
    name: "SIGSTOP beside keepalived, then SIGCONT",
    play: async (scene) => {
      const first = await scene.floatip("a", { lines: ["preempt = false"] });
      await first.untilState("master");
      const second = await scene.keepalived("b");
      await second.untilState("BACKUP");
      const probe = await scene.probe();
      const frozen = wallNow();
      first.child.kill("SIGSTOP");
      const gone = await scene.releaseOf("a", frozen);
      assert.ok(gone - frozen <= GONE_MS, `gone after ${ms(gone - frozen)}`);
      await second.untilState("MASTER");
      await scene.pass(FROZEN_MS - (wallNow() - frozen));
      const woken = wallNow();
      first.child.kill("SIGCONT");
      await first.untilState("backup");
      await scene.pass(5000);
      assert.deepEqual(scene.capture.advertsOf(scene.host("a").address, woken), []);
      assert.equal(second.state(), "MASTER");
      assert.equal(await lostSince(probe, woken), undefined, "nobody noticed that it woke up");
    },
  },
  {
    name: "a backup that was frozen does not claim when it wakes up",
    play: async (scene) => {
      const [, second] = await scene.pair();
      const probe = await scene.probe();
      const frozen = wallNow();
      second.child.kill("SIGSTOP");
      await scene.pass(FROZEN_MS);
      second.child.kill("SIGCONT");
      await scene.pass(5000);
      assert.equal((await second.instance()).state, "backup");
      assert.deepEqual(scene.capture.advertsOf(scene.host("b").address, frozen), []);
      assert.equal(await lostSince(probe, frozen), undefined);
      assert.deepEqual(transitionsOf(second.history(), frozen), []);
    },
  },
];

function lastAdvertOf(scene: Scene, before: number): number {
  const { address } = scene.host("a");
  return scene.capture.advertsOf(address).findLast(({ at }) => at <= before)?.at ?? NaN;
}

/** "3.31 s". */
function ms(milliseconds: number): string {
  return `${(milliseconds / 1000).toFixed(3)} s`;
}

playScenes("death and freeze", CASES);
