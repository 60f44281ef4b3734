/** Rejected packets leave a master alone: twenty wrong adverts a second, and a stranger. */
import assert from "node:assert/strict";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Capture, type CapturedAdvert } from "../../support/interop/capture.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import {
  type Attack,
  hostileFrame,
  inject,
  kindsFor,
  strangersFrame,
} from "../../support/interop/hostile.ts";
import { Keepalived } from "../../support/interop/keepalived.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { until } from "../../support/until.ts";

const reason = missing("keepalived", "tcpdump");

const EVERY_MS = 50;
const ATTACK_SECONDS = 6;
const INTERVAL_MS = 1000;
const RHYTHM_MS = 150;

const V2: Attack = { version: 2, vrid: 51, address: "10.77.0.100", password: "secret12" };
const V3: Attack = { version: 3, vrid: 52, address: "10.77.0.101" };

/** What both programs are told of the attacked. */
function instanceOf(attack: Attack, name: string) {
  const { version, vrid, password, address } = attack;
  return {
    ...{ name, version, vrid, password, addresses: [`${address}/24`] },
    ...{ priority: 100, intervalMs: INTERVAL_MS },
  };
}

/**
 * Twenty frames a second for the attack's time, all kinds in turn, each through a sender of its own
 * per version.
 */
async function attackAll(lan: Lan): Promise<ReadonlyMap<Attack, number>> {
  const attacker = lan.host("attacker");
  const count = ATTACK_SECONDS * 1000 / EVERY_MS;
  const rounds = [V2, V3].map(async (attack) => {
    const kinds = kindsFor(attack.version);
    const cycle = await Promise.all(
      kinds.map(([, spoiler]) => hostileFrame(attacker, attack, spoiler)),
    );
    const frames = Array.from({ length: Math.ceil(count / cycle.length) }, () => cycle).flat();
    await inject(attacker, frames.slice(0, count), EVERY_MS);
    return [attack, Math.floor(count / kinds.length)] as const;
  });
  return new Map(await Promise.all(rounds));
}

function gapsOf(adverts: readonly CapturedAdvert[], vrid: number): readonly number[] {
  const times = adverts.filter(({ advert }) => advert.vrid === vrid).map(({ at }) => at);
  return times.slice(1).map((at, i) => at - (times[i] ?? NaN));
}

Deno.test({
  ...nameWith("hostile packets: the master keeps its rhythm and counts each kind", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "attacker"] });
    await using capture = await Capture.open(lan);
    const a = lan.host("a");
    await using floatip = await Floatip.run(a, instanceOf(V2, "two"), instanceOf(V3, "three"));
    await Promise.all([
      floatip.untilState("master", 10_000, "two"),
      floatip.untilState("master", 10_000, "three"),
    ]);
    // The first interval may be a quarter shorter (decision 0080).
    const count = (vrid: number) =>
      capture.advertsOf(a.address).filter(({ advert }) => advert.vrid === vrid).length;
    await until("both beat", () => [V2, V3].every(({ vrid }) => count(vrid) >= 2), 5000);
    const start = wallNow();
    const sent = await attackAll(lan);
    const end = wallNow();
    for (const [attack, name] of [[V2, "two"], [V3, "three"]] as const) {
      const seen = capture.advertsOf(a.address, start).filter(({ at }) => at <= end);
      const gaps = gapsOf(seen, attack.vrid);
      console.log(
        `  v${attack.version} under attack: gaps ${gaps.map((gap) => gap.toFixed(1)).join(" ")} ms`,
      );
      assert.ok(gaps.length >= ATTACK_SECONDS - 2, `${gaps.length + 1} adverts`);
      for (const gap of gaps) assert.ok(Math.abs(gap - INTERVAL_MS) < RHYTHM_MS, `a gap of ${gap}`);
      const status = await floatip.instance(name);
      assert.equal(status.state, "master");
      assert.equal(status.counters.master_transitions, 1);
      for (const [kind, spoiler] of kindsFor(attack.version)) {
        const counted = status.rejects[spoiler.reason] ?? 0;
        assert.ok(
          counted >= (sent.get(attack) ?? Infinity),
          `${kind}: ${counted} counted as ${spoiler.reason}: ${JSON.stringify(status.rejects)}`,
        );
      }
      assert.ok(await a.holds(attack.address));
    }
    assert.ok(!floatip.log.text.includes("secret12"), "no secret in any line");
    const mentions = floatip.log.lines.filter(({ text }) => text.includes("checksum")).length;
    assert.ok(mentions <= 4, `one line per reason and peer, not ${mentions}`);
  },
});

Deno.test({
  ...nameWith("hostile packets: keepalived for comparison", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "attacker"] });
    await using capture = await Capture.open(lan);
    const a = lan.host("a");
    await using keepalived = await Keepalived.start(
      a,
      instanceOf(V2, "two"),
      instanceOf(V3, "three"),
    );
    await keepalived.untilState("MASTER", 10_000, "two");
    await keepalived.untilState("MASTER", 10_000, "three");
    const start = wallNow();
    await attackAll(lan);
    const end = wallNow();
    const seen = capture.advertsOf(a.address, start).filter(({ at }) => at <= end);
    for (const { version, vrid } of [V2, V3]) {
      const count = seen.filter(({ advert }) => advert.vrid === vrid).length;
      console.log(
        `  keepalived 2.2.7, v${version}: ${count} adverts in ${ATTACK_SECONDS} s of attack`,
      );
    }
  },
});

Deno.test({
  ...nameWith(
    "a stranger's advert with other addresses does not take the address away, and shows",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a", "attacker"] });
    await using capture = await Capture.open(lan);
    const [a, attacker] = [lan.host("a"), lan.host("attacker")];
    const instance = { ...instanceOf(V3, "web"), intervalMs: 100 };
    await using floatip = await Floatip.run(a, instance);
    await floatip.untilState("master");
    const start = wallNow();
    const frame = await strangersFrame(attacker, V3, ["10.77.0.66"]);
    await inject(attacker, Array.from({ length: 30 }, () => frame), 20);
    const status = await until("the stranger in status", async () => {
      const found = await floatip.instance();
      return (found.rejects["addresses"] ?? 0) >= 30 ? found : undefined;
    });
    assert.equal(status.state, "master");
    assert.equal(status.counters.master_transitions, 1);
    assert.ok(await a.holds(V3.address));
    assert.ok(status.conflicts.some((words) => words.includes(attacker.address)), "a conflict");
    const { attention } = await floatip.status();
    assert.ok(attention.some((words) => words.includes(attacker.address)), "and a sentence");
    assert.ok(capture.advertsOf(a.address, start).length > 3, "its adverts go on");
  },
});
