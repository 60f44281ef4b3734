import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { nameOf } from "../../../src/vrrp/state.ts";
import { heard, HIGHER, LOWER, master, router, rules } from "../../support/vrrp/scene.ts";

const BY_HAND = { kind: "hand-over", why: { kind: "handover" } } as const;
const STOP = { kind: "hand-over", why: { kind: "stop" } } as const;
/** The successor tells the neighbours. */
const CLAIMED = { kind: "address-conflict" } as const;
const MAINTENANCE = { kind: "hand-over", why: { kind: "maintenance" } } as const;

/** Priority 0 comes when every backup has had its time: 4 intervals and a little. */
const ASKING = 4200;
/** Every backup's skew, and a little. */
const OFFERING = 1200;
/** From a successor's first advert, where its announcement is not heard. */
const ARRIVAL = 200;

Deno.test("leaving: says priority 1 and keeps the addresses until a successor is heard", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 300, MAINTENANCE), ["advert 1", "renew"]);
  assert.deepEqual(it.runTo(ms + 2300), [`${ms + 1300} advert 1`, `${ms + 2300} advert 1`]);
  assert.deepEqual(it.take(ms + 2900, heard(90, HIGHER)), []);
  assert.deepEqual(it.take(ms + 2905, CLAIMED), ["remove", "master->init maintenance"]);
  assert.equal(nameOf(it.state()), "init");
});

Deno.test("leaving: by hand it stays in the election, as a backup of the successor", () => {
  const { it, ms } = master(rules({ preempt: false }));
  it.take(ms + 300, BY_HAND);
  it.take(ms + 800, heard(90));
  assert.deepEqual(it.take(ms + 850, CLAIMED), ["remove", "master->backup handover"]);
  assert.equal(it.deadline(), ms + 800 + 3609.375, "it obeys the successor");
});

Deno.test("leaving: a stop says priority 0, keeps the addresses until a successor is heard", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 300, STOP), ["advert 0", "renew"]);
  assert.deepEqual(it.runTo(ms + 900), [], "no advert while others are to claim");
  assert.deepEqual(it.take(ms + 900, heard(90)), []);
  assert.deepEqual(it.take(ms + 901, CLAIMED), ["remove", "master->init stop"]);
});

Deno.test("leaving: an announcement that is not heard is not waited for much longer", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  assert.deepEqual(it.take(ms + 500, heard(90)), []);
  const lines = it.runTo(ms + 500 + ARRIVAL);
  assert.deepEqual(
    lines,
    ["remove", "master->backup handover"].map((effect) => `${ms + 500 + ARRIVAL} ${effect}`),
    "and there is no advert meanwhile",
  );
});

Deno.test("leaving: with fast adverts an announcement is waited for until the next one", () => {
  const { it, ms } = master(rules({ advertInterval: milliseconds(100) }));
  it.take(ms, BY_HAND);
  assert.deepEqual(it.take(ms + 150, heard(90, HIGHER, 100)), []);
  assert.equal(it.runTo(ms + 250).length, 2);
  assert.equal(it.deadline(), ms + 150 + 360.9375, "it obeys the successor");
});

Deno.test("leaving: after a stall the successor is listened for again", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  it.take(ms + 500, heard(90));
  assert.deepEqual(it.take(ms + 9500, { kind: "deadline" }), [
    "remove",
    "master->backup handover",
  ]);
  assert.equal(it.deadline(), ms + 9500 + 3609.375);
});

Deno.test("leaving: a stranger's claim before anybody has taken over means nothing", () => {
  const { it, ms } = master();
  it.take(ms, STOP);
  assert.deepEqual(it.take(ms + 100, CLAIMED), []);
  assert.equal(it.state().kind, "handoff");
});

Deno.test("leaving: a stop is said twice, and it goes also without a successor", () => {
  const { it, ms } = master();
  it.take(ms, STOP);
  assert.deepEqual(it.runTo(ms + 2 * OFFERING), [
    `${ms + OFFERING} advert 0`,
    `${ms + OFFERING} renew`,
    `${ms + 2 * OFFERING} remove`,
    `${ms + 2 * OFFERING} master->init stop`,
  ]);
});

Deno.test("leaving: no preemption in the time of all: priority 0, the addresses stay", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  const lines = it.runTo(ms + ASKING);
  assert.deepEqual(lines.slice(-2), [`${ms + ASKING} advert 0`, `${ms + ASKING} renew`]);
  it.take(ms + ASKING + 600, heard(99));
  assert.deepEqual(it.take(ms + ASKING + 601, CLAIMED), ["remove", "master->backup handover"]);
});

Deno.test("leaving: where no backup preempts, or the interval is long: priority 0 first", () => {
  for (const own of [rules({ preempt: false }), rules({ advertInterval: seconds(40) })]) {
    const { it, ms } = master(own);
    assert.deepEqual(it.take(ms, BY_HAND), ["advert 0", "renew"]);
  }
});

Deno.test("leaving: a node asked to stand aside stays without a successor", () => {
  for (const event of [BY_HAND, MAINTENANCE]) {
    const { it, ms } = master(rules({ preempt: false }));
    it.take(ms, event);
    const back = ["advert 100", "add", "announce 5"];
    assert.deepEqual(it.runTo(ms + OFFERING), back.map((effect) => `${ms + OFFERING} ${effect}`));
    assert.deepEqual(it.runTo(ms + OFFERING + 1000), [`${ms + OFFERING + 1000} advert 100`]);
  }
});

Deno.test("leaving: the lease is renewed meanwhile", () => {
  const { it, ms } = master(rules({ lease: seconds(3), preempt: false }));
  it.take(ms + 500, STOP);
  assert.deepEqual(it.runTo(ms + 1600), [`${ms + 1500} renew`]);
});

Deno.test("leaving: with its group it waits for its own successor, as it would alone", () => {
  const release = { kind: "group-release", member: "inside" } as const;
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  assert.deepEqual(it.take(ms + 10, release), []);
  it.take(ms + 20, heard(90));
  assert.deepEqual(it.take(ms + 25, release), [], "said again, it changes nothing");
  assert.deepEqual(it.take(ms + 30, CLAIMED), ["remove", "master->backup handover"]);

  const { it: lonely } = master();
  lonely.take(ms, BY_HAND);
  lonely.take(ms + 10, release);
  assert.deepEqual(lonely.runTo(ms + 1000), [
    `${ms + 210} remove`,
    `${ms + 210} advert 0`,
    `${ms + 210} master->backup handover`,
  ]);
});

Deno.test("leaving: another one that leaves is no successor", () => {
  const { it, ms } = master();
  it.take(ms, STOP);
  assert.deepEqual(it.take(ms + 100, heard(0)), []);
  assert.equal(it.state().kind, "handoff");
});

Deno.test("leaving: a successor that leaves again is none: another comes, or none", () => {
  const { it, ms } = master();
  it.take(ms, STOP);
  it.take(ms + 1100, heard(90, HIGHER));
  assert.deepEqual(it.take(ms + 1110, heard(0, LOWER)), [], "a third one is none of its business");
  assert.deepEqual(it.take(ms + 1120, heard(0, HIGHER)), []);
  assert.deepEqual(it.take(ms + 1125, CLAIMED), [], "it is nobody's any more");
  const again = [`${ms + OFFERING} advert 0`, `${ms + OFFERING} renew`];
  assert.deepEqual(it.runTo(ms + 1999), again, "it waits as long as it would have without it");
  it.take(ms + 2000, heard(80, LOWER));
  assert.deepEqual(it.take(ms + 2010, CLAIMED), ["remove", "master->init stop"]);
});

Deno.test("leaving: by hand, and the successor leaves again: the addresses stay", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  it.take(ms + 500, heard(90));
  it.take(ms + 510, heard(0));
  const end = ms + ASKING + OFFERING;
  const lines = it.runTo(end);
  assert.deepEqual(
    lines.slice(-3),
    ["advert 100", "add", "announce 5"].map((effect) => `${end} ${effect}`),
  );
  assert.equal(it.state().kind, "master");
});

Deno.test("leaving: a second word to stop is obeyed at once", () => {
  const { it, ms } = master();
  it.take(ms, STOP);
  assert.deepEqual(it.take(ms + 100, { kind: "stop" }), [
    "remove",
    "advert 0",
    "master->init stop",
  ]);
});

Deno.test("leaving: a fault does not wait for a successor", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  const faults = [{ kind: "no-carrier", message: "eth0 has no carrier" }] as const;
  assert.deepEqual(it.take(ms + 100, { kind: "faults", faults }), [
    "remove",
    "advert 0",
    "master->fault fault",
  ]);
});

Deno.test("leaving: a stop overrides a handover that is under way", () => {
  const { it, ms } = master();
  it.take(ms, BY_HAND);
  assert.deepEqual(it.take(ms + 100, STOP), ["advert 0", "renew"]);
  it.take(ms + 200, heard(50, LOWER));
  assert.deepEqual(it.take(ms + 201, CLAIMED), ["remove", "master->init stop"]);
});

Deno.test("leaving: a backup stops at once, and a handover of it means nothing", () => {
  const it = router(rules());
  assert.deepEqual(it.take(10, BY_HAND), []);
  assert.deepEqual(it.take(20, STOP), ["backup->init stop"]);
  assert.deepEqual(it.take(30, { kind: "start", cause: { kind: "maintenance-over" } }), [
    "remove",
    "init->backup maintenance-over",
  ]);
});

Deno.test("leaving to a node by its name: priority 1 only, and without it all is as before", () => {
  const { it, ms } = master(rules({ preempt: false }));
  const why = { kind: "handover", chosen: true } as const;
  assert.deepEqual(it.take(ms + 300, { kind: "hand-over", why }), ["advert 1", "renew"]);
  const lines = it.runTo(ms + 6000).map((line) => line.replace(/^\S+ /, ""));
  assert.ok(!lines.includes("advert 0"), "those that stand aside are not to take over");
  assert.deepEqual(lines.filter((line) => line.startsWith("advert")).slice(-2), [
    "advert 100",
    "advert 100",
  ]);
  assert.equal(it.state().kind, "master");
});

Deno.test("leaving to a node by its name: that one claims at once", () => {
  for (const preempt of [true, false]) {
    const it = router(rules({ priority: 90, preempt }));
    it.take(100, heard(200));
    it.replaceRules(150, rules({ priority: 90, preempt, asked: "claim" }));
    it.take(200, heard(1));
    assert.equal(it.deadline(), 200);
    assert.ok(it.runTo(200).includes("200 advert 90"));
    assert.equal(it.state().kind, "master");
  }
});

Deno.test("leaving to a node by its name: the others obey both masters, whatever they are", () => {
  const it = router(rules({ priority: 150, initialState: "master" }));
  it.take(100, heard(200));
  it.replaceRules(150, rules({ priority: 150, asked: "aside" }));
  it.take(1100, heard(1));
  it.take(1101, heard(90, LOWER));
  for (let ms = 2100; ms < 20_000; ms += 1000) {
    assert.deepEqual(it.runTo(ms), []);
    it.take(ms, heard(90, LOWER));
  }
  assert.equal(it.state().kind, "backup");
  // It is over: the priorities decide again.
  it.replaceRules(20_000, rules({ priority: 150 }));
  it.take(20_100, heard(90, LOWER));
  it.runTo(25_000);
  assert.equal(it.state().kind, "master");
});

Deno.test("leaving to a node by its name: those that stand aside replace a dead one", () => {
  const it = router(rules({ priority: 150, asked: "aside" }));
  it.take(4000, heard(90, LOWER));
  assert.ok(it.runTo(9000).some((line) => line.endsWith("backup->master master-silent")));
  const other = router(rules({ priority: 150, asked: "aside" }));
  other.take(4000, heard(90, LOWER));
  other.take(5000, heard(0, LOWER));
  assert.ok(other.runTo(6000).some((line) => line.endsWith("backup->master master-left")));
});
