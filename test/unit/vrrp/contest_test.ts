/** Two masters that know of each other by reports alone. */
import assert from "node:assert/strict";
import { heard, HIGHER, holds, LOWER, master, reports, rules } from "../../support/vrrp/scene.ts";

const OPINION = rules({ secondOpinion: true });
const NONE = reports(undefined);

Deno.test("contest: the worse master yields when reports have said it for a second", () => {
  const { it, ms } = master(OPINION);
  assert.deepEqual(it.take(ms + 100, reports(holds(ms + 100))), []);
  assert.deepEqual(it.take(ms + 900, reports(holds(ms + 900))), []);
  assert.deepEqual(it.take(ms + 1100, reports(holds(ms + 1100))), [
    "remove",
    "advert 100",
    "master->backup reported-master",
  ]);
  assert.deepEqual(it.observations(), []);
  const took = it.runTo(ms + 4000).find((line) => line.includes("->"));
  assert.equal(took, `${ms + 1100 + 1609.375} backup->master reports-ended`);
});

Deno.test("contest: the better master stays, says so, and announces itself afterwards", () => {
  const { it, ms } = master(OPINION);
  it.take(ms + 1500, reports(holds(ms + 1500, { priority: 50 })));
  assert.deepEqual(it.take(ms + 2500, reports(holds(ms + 2500, { priority: 50 }))), []);
  assert.deepEqual(it.observations(), ["rival 50"]);
  assert.deepEqual(it.take(ms + 3000, NONE), ["announce 5"]);
  assert.deepEqual(it.take(ms + 3100, NONE), []);
});

Deno.test("contest: equal priorities: the higher address stays, as with adverts", () => {
  for (const [source, kind] of [[HIGHER, "backup"], [LOWER, "master"]] as const) {
    const { it, ms } = master(OPINION);
    for (const late of [100, 1100]) {
      it.take(ms + late, reports(holds(ms + late, { source, priority: 100 })));
    }
    assert.equal(it.state().kind, kind);
  }
});

Deno.test("contest: the one without LAN or gateway yields, whatever its priority", () => {
  const { it, ms } = master(OPINION);
  for (const late of [100, 1100]) {
    it.take(ms + late, reports(holds(ms + late, { priority: 1, isBetterPlaced: true })));
  }
  assert.equal(it.state().kind, "backup");
});

Deno.test("contest: what was reported before a takeover is none", () => {
  const { it, ms } = master(OPINION);
  it.take(ms + 10, reports(holds(ms + 10)));
  it.take(ms + 200, NONE);
  it.take(ms + 1100, reports(holds(ms + 1100)));
  assert.equal(it.state().kind, "master");
});

Deno.test("contest: a break in the reports, or another node, begins anew", () => {
  const { it, ms } = master(OPINION);
  it.take(ms + 100, reports(holds(ms + 100)));
  it.take(ms + 3200, reports(holds(ms + 3200)));
  assert.equal(it.state().kind, "master");
  it.take(ms + 4300, reports(holds(ms + 4300, { source: LOWER })));
  assert.equal(it.state().kind, "master");
});

Deno.test("contest: a master on its way out is succeeded by the node that reports it", () => {
  for (const kind of ["stop", "handover"] as const) {
    const { it, ms } = master(OPINION);
    it.take(ms + 100, { kind: "hand-over", why: { kind } });
    assert.deepEqual(it.take(ms + 200, NONE), []);
    assert.deepEqual(it.take(ms + 300, reports(holds(ms + 300))), []);
    const next = kind === "stop" ? "init" : "backup";
    assert.deepEqual(it.runTo(ms + 1000), [
      `${ms + 500} remove`,
      `${ms + 500} master->${next} ${kind}`,
    ]);
  }
});

Deno.test("contest: in a sync group the loser has no last word", () => {
  const { it, ms } = master(rules({ secondOpinion: true }));
  it.replaceRules(ms, rules({ secondOpinion: true, grouped: true }));
  it.take(ms + 100, reports(holds(ms + 100)));
  assert.deepEqual(it.take(ms + 1100, reports(holds(ms + 1100))), [
    "remove",
    "master->backup reported-master",
  ]);
});

Deno.test("contest: one that yields again and again is held down", () => {
  const { it, ms } = master(OPINION);
  const rounds = Array.from({ length: 12 }, (_, round) => ms + round * 2710);
  const states = rounds.map((from) => {
    for (const late of [100, 1100]) it.take(from + late, reports(holds(from + late)));
    it.runTo(from + 2710);
    return it.state().kind;
  });
  assert.deepEqual(states.slice(0, 3), ["master", "master", "master"]);
  assert.ok(states.includes("backup"), states.join());
});

Deno.test("contest: the loser obeys the winner as soon as it is heard", () => {
  const { it, ms } = master(OPINION);
  for (const late of [100, 1100]) it.take(ms + late, reports(holds(ms + late)));
  it.take(ms + 1200, heard(200));
  assert.equal(it.deadline(), ms + 1200 + 3609.375 - 150);
});
