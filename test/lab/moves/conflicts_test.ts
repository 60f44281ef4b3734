/** Another machine has the address: it is seen, and the neighbours are told at once. */
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { parseMac } from "../../../src/net/mac.ts";
import { gratuitousArp } from "../../../src/wire/arp.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import { macOf } from "../../support/interop/holders.ts";
import { inject } from "../../support/interop/hostile.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { until } from "../../support/until.ts";
import {
  ADDRESS,
  assertUnnoticed,
  gapSince,
  playScenes,
  type Scene,
  type SceneCase,
} from "../../support/moves/scene.ts";

/** So often a stranger claims the address, and so many times: for 12 s. */
const CLAIM_EVERY_MS = 300;
const CLAIMS = 40;

const CASES: readonly SceneCase[] = [
  {
    name: "another machine has the address: told before it is claimed, and defended against",
    hosts: ["stranger"],
    play: async (scene) => {
      const stranger = scene.host("stranger");
      const mac = await macOf(stranger);
      await stranger.ip("addr", "add", `${ADDRESS}/24`, "dev", "eth0");
      const first = await scene.floatip("a");
      await first.untilState("master");
      // Its second answer may come just after the claim, and is told in other words then.
      await assertConflict(first, mac, mac);

      // The burst of a takeover and the one 5 s later are over.
      await until("two bursts", () => burstsOf(scene, mac).length === 2);
      // Bursts are a second apart.
      await scene.pass(1000);
      const start = wallNow();
      const claim = gratuitousArp(parseMac(mac) ?? new Uint8Array(6), ip(ADDRESS));
      await inject(stranger, Array.from({ length: CLAIMS }, () => claim), CLAIM_EVERY_MS);
      const claims = scene.capture.claims.filter((one) =>
        one.mac === mac && one.at >= start && one.kind === "announcement"
      );
      assert.equal(claims.length, CLAIMS);
      const since = claims[0]?.at ?? NaN;
      const answers = burstsOf(scene, mac).filter((at) => at >= since).map((at) => at - since);
      console.log(
        `  claimed every 0.3 s; defended after ${
          answers.map((at) => (at / 1000).toFixed(2)).join(", ")
        } s`,
      );
      const [at0 = NaN, at5 = NaN, at10 = NaN] = answers;
      assert.equal(answers.length, 3, "at once, some seconds later, and again after 10 s");
      assert.ok(at0 < 500 && Math.abs(at5 - 5000) < 700 && at10 - at0 > 9900, answers.join(" "));
      // It is the same conflict still: no news for the history, nor for the log.
      const { conflict, counters } = await first.instance();
      const words = `${mac} tells the neighbours that it has ${ADDRESS}`;
      assert.ok(conflict?.words.startsWith(words), conflict?.words);
      assert.ok(counters.conflicts <= 2);
    },
  },
  {
    name: "adverts are lost and ARP is not: told by the next master, and by a node that sees two",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      const [a, b] = [scene.host("a"), scene.host("b")];
      const rules =
        "table ip lost { chain in { type filter hook input priority 0; ip protocol 112 drop; }; }";
      const filtered = wallNow();
      await b.exec(["nft", "-f", "-"], { input: rules });
      await scene.claimOf("b", filtered);
      const words = `still answers for ${ADDRESS}, though its adverts stay away`;
      // Its status tells by now what that one does since.
      const who = `a (${a.address}, ${await macOf(a)})`;
      assert.ok((await second.instance()).conflicts.some((one) => one.includes(who)));
      await untilLogged(second, `conflict: ${who} ${words}`);
      const told = await until(
        "a conflict in the history",
        () => second.history().find(({ kind }) => kind === "conflict"),
      );
      assert.ok(told.kind === "conflict" && told.words.startsWith(`${who} ${words}`));
      assert.equal(told.rival, a.address);
      // Its adverts come a while: the first may be the last word of somebody who was replaced.
      await assertConflict(
        first,
        b.address,
        "claims to be master too, with priority 190",
      );
      assert.equal((await first.instance()).conflict?.address, b.address);

      const probe = await scene.probe();
      const healed = wallNow();
      await b.exec(["nft", "delete", "table", "ip", "lost"]);
      await second.untilState("backup");
      await assertReached(scene, a, healed);
      assertUnnoticed("two masters, of which one yields", [await gapSince(probe, healed)]);
    },
  },
  {
    name: "a partition heals: the winner tells of the other one, and clients are right at once",
    play: async (scene) => {
      const [first, second] = await scene.pair();
      const [a, b] = [scene.host("a"), scene.host("b")];
      const cut = wallNow();
      await a.isolate();
      await scene.claimOf("b", cut);
      const probe = await scene.probe();
      await assertReached(scene, b, cut);
      // Both are master, and neither can know.
      assert.equal((await first.instance()).state, "master");
      const healed = wallNow();
      await a.join();
      await second.untilState("backup");
      const yielded = wallNow();
      await assertReached(scene, a, healed);
      console.log(
        `  healed; the client's table is right ${
          (wallNow() - yielded).toFixed(0)
        } ms after b yielded`,
      );
      await assertConflict(
        first,
        b.address,
        "claims to be master too, with priority 190",
      );
      assert.match(await first.metrics(), /^floatip_conflict\{[^}]*\} 1$/m);
      assert.match(await first.metrics(), /^floatip_conflicts_total\{[^}]*\} 1$/m);
      assertUnnoticed("a healed partition", [await gapSince(probe, healed)]);
      // It is over, and remembered.
      await until(
        "the end of the conflict",
        async () => (await first.instance()).conflict === null,
      );
      assert.match(await first.metrics(), /^floatip_conflict\{[^}]*\} 0$/m);
      const events = ["events", "--state-dir", `${first.folder}/state`];
      const { stdout, stderr } = await a.exec([...FLOATIP, ...events]);
      assert.match(stdout, /conflict .*b \(10\.77\.0\.2\) claims to be master too/, stderr);
    },
  },
];

/** Status, log, history and metrics of `floatip` tell that `rival` is in the way. */
async function assertConflict(floatip: Floatip, rival: string, words: string): Promise<void> {
  const status = await until(
    () => `${words} in status\n${floatip.log.text}`,
    async () => {
      const found = await floatip.instance();
      return found.conflicts.some((one) => one.includes(words)) ? found : undefined;
    },
  );
  assert.ok(status.counters.conflicts > 0);
  const { attention } = await floatip.status();
  assert.ok(attention.some((one) => one.includes(words)), attention.join("; "));
  assert.match(await floatip.metrics(), /^floatip_conflict\{[^}]*\} 1$/m);
  await untilLogged(floatip, words);
  const told = await until(
    `${words} in the history`,
    () =>
      floatip.history().find((entry) => entry.kind === "conflict" && entry.words.includes(words)),
  );
  assert.equal(told.kind === "conflict" && told.rival, rival);
}

/** What its status tells is in its log too, which comes another way. */
async function untilLogged(floatip: Floatip, words: string): Promise<void> {
  await until(() => `${words}\n${floatip.log.text}`, () => floatip.log.text.includes(words));
}

/** When bursts of announcements began, but those from `other`: five frames are one. */
function burstsOf(scene: Scene, other: string): readonly number[] {
  const times = scene.capture.claims.filter(({ kind, address, mac }) =>
    kind === "announcement" && address === ADDRESS && mac !== other
  ).map(({ at }) => at);
  return times.filter((at, i) => at - (times[i - 1] ?? -Infinity) > 500);
}

/** The client has the address in its table at `host`'s MAC. */
async function assertReached(scene: Scene, host: LabHost, since: number): Promise<void> {
  const mac = await macOf(host);
  await until(
    () => `the client's table right\n${scene.story(since, 5000)}`,
    async () => (await scene.host("client").ip("neigh", "show", ADDRESS)).includes(mac),
    2000,
  );
}

playScenes("conflicts", CASES);
