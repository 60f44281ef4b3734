/** Restart in place: a daemon killed and started in time keeps its role, and only in time. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import type { Floatip } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { until } from "../../support/until.ts";
import { Hook } from "../../support/moves/hook.ts";
import {
  ADDRESS,
  assertTold,
  lostSince,
  playScenes,
  type Scene,
  type SceneCase,
  transitionsOf,
} from "../../support/moves/scene.ts";
import { Supervisor } from "../../support/moves/supervisor.ts";

/** Longer than any backup waits for a silent master. */
const LONG_ENOUGH_MS = 4500;

const CASES: readonly SceneCase[] = [
  {
    name: "killed and started again, three times",
    play: async (scene) => {
      using hooks = new Hooks();
      let present = await scene.floatip("a", hooks.settings("a"));
      const second = await scene.floatip("b", hooks.settings("b"));
      await present.untilState("master");
      await second.untilState("backup");
      const watch = await Unnoticed.open(scene, hooks, present, second);
      for (let round = 0; round < 3; round++) {
        const killed = wallNow();
        await present.crash();
        present = await scene.again(present);
        const back = await scene.claimOf("a", killed + 1);
        console.log(`  killed, its next advert after ${(back - killed).toFixed(0)} ms`);
        await watch.assert(present);
      }
      await scene.pass(LONG_ENOUGH_MS);
      await watch.assert(present);
    },
  },
  {
    name: "killed under a supervisor, and `floatip restart`",
    play: async (scene) => {
      using hooks = new Hooks();
      const supervisor = await Supervisor.start(scene, "a", hooks.settings("a"));
      const second = await scene.floatip("b", hooks.settings("b"));
      await supervisor.present.untilState("master");
      await second.untilState("backup");
      const watch = await Unnoticed.open(scene, hooks, supervisor.present, second);
      const killed = wallNow();
      supervisor.present.child.kill("SIGKILL");
      await until("a new process", () => supervisor.count === 2);
      console.log(
        `  killed, and back after ${(await scene.claimOf("a", killed) - killed).toFixed(0)} ms`,
      );
      await watch.assert(supervisor.present);

      const asked = wallNow();
      const { code, stdout, stderr } = await supervisor.present.command("restart");
      assert.equal(code, 0, stderr);
      assert.match(stdout, /^restarted in [\d.]+ m?s: floatip \S+; still master of web\n$/);
      await until("a new process", () => supervisor.count === 3);
      const adverts = scene.capture.advertsOf(scene.host("a").address, asked).map(({ at }) => at);
      console.log(`  ${stdout.trim()}, ${adverts.length} adverts meanwhile`);
      await scene.pass(LONG_ENOUGH_MS);
      await watch.assert(supervisor.present);
    },
  },
  {
    name: "`floatip restart` where nothing would start it again is refused",
    play: async (scene) => {
      const lone = await scene.floatip("a");
      await lone.untilState("master");
      const { code, stderr } = await lone.command("restart");
      assert.equal(code, 1);
      assert.match(stderr, /systemd did not start this daemon/);
      assert.equal((await lone.instance()).state, "master");
    },
  },
  {
    name: "too late, another VRID, another start of the machine, said farewell",
    play: async (scene) => {
      let present = await scene.floatip("a", { lines: ['lease = "off"'] });
      const restart = async (what: string, meanwhile: () => unknown): Promise<void> => {
        await present.untilState("master");
        const killed = wallNow();
        await present.crash();
        assert.ok(await scene.host("a").holds(ADDRESS), "the address is there still");
        await meanwhile();
        present = await scene.again(present);
        await assertStartsAnew(scene, present, what, killed);
      };
      await restart("too late", () => scene.pass(3050));
      await restart("another VRID", () => rewrite(present, "vrid = 51", "vrid = 52"));
      await restart("another start of the machine", () => {
        const note = `${present.folder}/run/resume.json`;
        const { boot, ...rest } = JSON.parse(readFileSync(note, "utf8"));
        writeFileSync(note, JSON.stringify({ ...rest, boot: `${boot}`.replace(/^./, "x") }));
      });
      await present.untilState("master");
      const stopped = wallNow();
      present.child.kill("SIGTERM");
      await scene.said(0, stopped);
      await restart("said farewell", () => {});
    },
  },
  {
    name: "another address: the old one goes by its lease",
    play: async (scene) => {
      const first = await scene.floatip("a");
      await first.untilState("master");
      const killed = wallNow();
      await first.crash();
      rewrite(first, ADDRESS, "10.77.0.101");
      const again = await scene.again(first);
      assert.ok(await scene.host("a").holds(ADDRESS));
      await assertStarts(again, "another address", killed);
      await scene.releaseOf("a", killed);
      await again.untilState("master");
      assert.ok(await scene.host("a").holds("10.77.0.101"));
    },
  },
  {
    name: "killed in the middle of a handover",
    play: async (scene) => {
      const second = await scene.keepalived("b");
      const first = await scene.floatip("a", { lines: ['lease = "off"'] });
      await first.untilState("master");
      await second.untilState("BACKUP");
      const asked = wallNow();
      const handover = first.command("handover", "web");
      await scene.said(1, asked);
      const killed = wallNow();
      await first.crash();
      assert.notEqual((await handover).code, 0);
      const again = await scene.again(first);
      await assertStartsAnew(scene, again, "in the middle of a handover", killed);
    },
  },
];

/** It is a backup, has taken the address away, and says that it has just started. */
async function assertStartsAnew(
  scene: Scene,
  floatip: Floatip,
  what: string,
  since: number,
): Promise<void> {
  await assertStarts(floatip, what, since);
  assert.ok(!await scene.host("a").holds(ADDRESS), `${what}: it holds nothing`);
}

async function assertStarts(floatip: Floatip, what: string, since: number): Promise<void> {
  const { state, cause } = await floatip.instance();
  assert.deepEqual([state, cause], ["backup", "started"], what);
  await assertTold(floatip, since, ["init -> backup (start)"], what);
}

function rewrite(floatip: Floatip, from: string, to: string): void {
  const text = readFileSync(floatip.configFile, "utf8");
  assert.ok(text.includes(from));
  writeFileSync(floatip.configFile, text.replace(from, to));
}

/** Two nodes' hooks. */
class Hooks implements Disposable {
  readonly a = new Hook();
  readonly b = new Hook();

  settings(node: "a" | "b") {
    return { sections: `[notify]\ncommand = [${JSON.stringify(this[node].path)}]` };
  }

  /** How often they were called. */
  get calls(): number {
    return this.a.calls.length + this.b.calls.length;
  }

  [Symbol.dispose](): void {
    this.a[Symbol.dispose]();
    this.b[Symbol.dispose]();
  }
}

/**
 * From {@link Unnoticed.open} on nothing is to be noticed: no packet lost, no transition, no hook
 * called.
 */
class Unnoticed {
  private constructor(
    readonly scene: Scene,
    readonly hooks: Hooks,
    readonly second: Floatip,
    readonly probe: Awaited<ReturnType<Scene["probe"]>>,
    readonly since: number,
    readonly masterSince: string,
  ) {}

  static async open(
    scene: Scene,
    hooks: Hooks,
    first: Floatip,
    second: Floatip,
  ): Promise<Unnoticed> {
    // Each was told of two transitions, or of one.
    await until("the hooks", () => hooks.calls === 3);
    const probe = await scene.probe();
    const { since } = await first.instance();
    return new Unnoticed(scene, hooks, second, probe, wallNow(), since);
  }

  async assert(first: Floatip): Promise<void> {
    const { scene, second, probe, since, masterSince, hooks } = this;
    const lost = await lostSince(probe, since);
    assert.equal(lost, undefined, lost && scene.story(lost.from - 3000, lost.lengthMs + 3100));
    for (const floatip of [first, second]) {
      assert.deepEqual(
        transitionsOf(floatip.history(), since),
        [],
        `history of ${floatip.host.name}`,
      );
    }
    const mine = await first.instance();
    assert.equal(mine.state, "master");
    assert.match(mine.cause, /^restarted within .* of its last advert$/);
    assert.deepEqual([mine.since, mine.counters.master_transitions], [masterSince, 1]);
    assert.equal((await second.instance()).state, "backup");
    assert.equal(hooks.calls, 3, "no hook was called");
    const zeros = scene.capture.adverts.filter(({ at, advert }) =>
      at > since && advert.priority < 200
    );
    assert.deepEqual(zeros, []);
  }
}

playScenes("restart in place", CASES);
