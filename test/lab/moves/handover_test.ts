/** `floatip handover` moves an instance without a lost packet, to floatip and to keepalived. */
import assert from "node:assert/strict";
import type { HandoverAnswer } from "../../../src/control/api.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import type { Keepalived } from "../../support/interop/keepalived.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  assertUnnoticed,
  gapSince,
  LONG_ENOUGH_MS,
  lostSince,
  order,
  playScenes,
  type Scene,
  type SceneCase,
  transitionsOf,
} from "../../support/moves/scene.ts";

const CASES: readonly SceneCase[] = [
  {
    name: "away and back, between two floatips",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      const probe = await scene.probe();
      const away: number[] = [];
      const back: number[] = [];
      for (let round = 0; round < 2; round++) {
        const left = wallNow();
        const { outcome, routers } = await handOver(first, 0, "--to", "b");
        const handed = wallNow();
        assert.equal(outcome, "handed-over");
        assert.equal(routers[0]?.master?.node, "b");
        const took = routers[0]?.took_ms ?? NaN;
        const both = routers[0]?.overlap_ms ?? NaN;
        const seen = await scene.releaseOf("a", left) - await scene.arrivalAt("b", left);
        console.log(
          `  it says: took ${took} ms, both for ${both} ms; seen: both for ${seen.toFixed(1)} ms`,
        );
        assert.ok(both > 0 && both <= took, `${both} ms of ${took} ms`);
        away.push(await gapSince(probe, left));
        const { state, aside } = await first.instance();
        assert.deepEqual([state, aside], ["backup", { until: null }]);
        const returned = wallNow();
        if (round === 0) {
          // It stays where it is, though "a" is preferred.
          await scene.pass(LONG_ENOUGH_MS);
          assert.equal(scene.capture.advertsOf(scene.host("a").address, handed).length, 0);
          assert.equal((await handOver(first, 0, "--back")).outcome, "taken-back");
        } else {
          // Whoever has it may hand it back, too.
          assert.equal((await handOver(second, 0)).outcome, "handed-over");
        }
        await scene.claimOf("a", returned);
        await first.untilState("master");
        await second.untilState("backup");
        back.push(await gapSince(probe, returned));
        assert.equal((await first.instance()).aside, null);
      }
      assertUnnoticed("handover", away);
      assertUnnoticed("and back", back);
    },
  },
  {
    name: "for a while",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      const probe = await scene.probe();
      const left = wallNow();
      assert.equal((await handOver(first, 0, "--for", "5s")).outcome, "handed-over");
      const handed = wallNow();
      const claimed = await scene.claimOf("a", handed, 15_000);
      // Then it preempts like everybody: when its master-down interval has passed.
      const after = claimed - handed;
      assert.ok(after > 4500 && after < 9500, `it came back after ${after} ms`);
      await second.untilState("backup");
      assertUnnoticed("handover for 5 s, and its return", [await gapSince(probe, left)]);
    },
  },
  {
    name: "to keepalived, which preempts",
    play: async (scene) => {
      const second = await scene.keepalived("b");
      const first = await scene.floatip("a");
      await first.untilState("master");
      await second.untilState("BACKUP");
      const { probe, left } = await giveTo(second, "handover to keepalived", scene, first);
      const zeros = scene.capture.adverts.filter(({ advert }) => advert.priority === 0);
      assert.deepEqual(zeros, [], "for everyone there was a master all the time");
      await scene.pass(LONG_ENOUGH_MS);
      assert.equal((await first.instance()).state, "backup");
      assert.equal((await handOver(first, 0, "--back")).outcome, "taken-back");
      await scene.claimOf("a", left + 1000);
      await second.untilState("BACKUP");
      assertUnnoticed("and back", [await gapSince(probe, left)]);
    },
  },
  {
    name: "to keepalived with nopreempt, which priority 1 does not move",
    play: async (scene) => {
      const first = await scene.floatip("a");
      await first.untilState("master");
      const second = await scene.keepalived("b", { preempt: false });
      await second.untilState("BACKUP");
      await giveTo(second, "handover to keepalived with nopreempt", scene, first);
    },
  },
  {
    name: "no node there, none of that name, nothing to hand over: it stays, and says why",
    play: async (scene) => {
      const first = await scene.floatip("a");
      await first.untilState("master");
      const probe = await scene.probe();
      const left = wallNow();
      assert.match((await handOver(first, 1, "--to", "c")).words, /no other node c, only: b/);
      const { outcome, words } = await handOver(first, 1);
      assert.equal(outcome, "kept");
      assert.match(words, /no node took web over: this node keeps it/);
      const { state, counters, aside } = await first.instance();
      assert.deepEqual([state, counters.master_transitions, aside], ["master", 1, null]);
      assert.ok(await scene.host("a").holds(ADDRESS));
      assert.equal(await lostSince(probe, left), undefined, "nobody noticed");
      assert.deepEqual(transitionsOf(first.history(), left), []);
      const second = await scene.floatip("b");
      await second.untilState("backup");
      assert.equal((await handOver(second, 1)).outcome, "not-master");
      const plain = await first.command("handover", "wbe");
      assert.equal(plain.code, 1);
      assert.match(plain.stderr, /no instance wbe, only: web/);
    },
  },
];

/** `first` hands over to keepalived, and no client notices. */
async function giveTo(second: Keepalived, what: string, scene: Scene, first: Floatip) {
  const probe = await scene.probe();
  const left = wallNow();
  const { outcome, words } = await handOver(first, 0);
  console.log(`  ${words}`);
  assert.equal(outcome, "handed-over");
  await second.untilState("MASTER");
  assertUnnoticed(what, [await gapSince(probe, left)]);
  return { probe, left };
}

/** `floatip handover web ...` on that node, with its answer. */
function handOver(
  floatip: Floatip,
  code: number,
  ...words: readonly string[]
): Promise<HandoverAnswer> {
  return order(floatip, code, "handover", "web", ...words);
}

playScenes("handover", CASES);
