import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { ip } from "../../../src/net/ip.ts";
import { FLOATING, heard, HIGHER, LOWER, master, OWN, rules } from "../../support/vrrp/scene.ts";

Deno.test("master: advertises every interval without drift, on beats of quarters of it", () => {
  const { it, ms } = master();
  const lines = it.runTo(8500).filter((line) => line.endsWith("advert 100"));
  assert.deepEqual(lines, [ms + 1000, 5500, 6500, 7500, 8500].map((at) => `${at} advert 100`));
});

Deno.test("master: fast adverts keep the beats of their takeover", () => {
  const { it, ms } = master(rules({ advertInterval: milliseconds(90) }));
  const lines = it.runTo(ms + 270).filter((line) => line.endsWith("advert 100"));
  assert.deepEqual(lines, [90, 180, 270].map((after) => `${ms + after} advert 100`));
});

Deno.test("master: two of one interval share their beats, two of others do not drift", () => {
  const beats = [30, 70].map((takeover) => {
    const { it, ms } = master(rules({ advertInterval: milliseconds(400), priority: takeover }));
    it.runTo(ms + 10_000);
    return (it.deadline() ?? 0) % 100;
  });
  assert.deepEqual(beats, [0, 0]);
});

Deno.test("master: a late wake-up does not shift the rhythm", () => {
  const { it } = onBeat();
  assert.deepEqual(it.take(5800, { kind: "deadline" }), ["advert 100"]);
  assert.equal(it.deadline(), 6500);
});

Deno.test("master: a wake-up exactly one beat late leaves no deadline at the same moment", () => {
  const { it } = onBeat();
  assert.deepEqual(it.take(6500, { kind: "deadline" }), ["advert 100"]);
  assert.equal(it.deadline(), 7500);
});

/** A master of 1 s adverts whose next one is due at 5500 ms. */
function onBeat(): ReturnType<typeof master> {
  const made = master();
  made.it.runTo(made.ms + 1000);
  assert.equal(made.it.deadline(), 5500);
  return made;
}

Deno.test("master: after hours of standstill one advert, not thousands", () => {
  const { it, ms } = master();
  const hours = ms + 5 * 3600e3;
  assert.deepEqual(it.take(hours, { kind: "deadline" }), ["advert 100", "add", "announce 5"]);
  assert.equal(it.deadline(), hours + 1000);
  assert.deepEqual(it.take(hours, { kind: "deadline" }), []);
});

Deno.test("master: 4095 centiseconds do not drift in ten thousand adverts", () => {
  const { it, ms } = master(rules({ advertInterval: milliseconds(40_950) }));
  it.runTo(ms + 2 * 40_950);
  const first = it.deadline() ?? 0;
  it.runTo(first + 9_999 * 40_950);
  const state = it.state();
  assert.ok(state.kind === "master");
  assert.equal(state.advertAt / 1e6, first + 10_000 * 40_950);
});

Deno.test("master: yields to a better master without priority 0", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 100, heard(101, LOWER)), [
    "remove",
    "advert 100 (1000 ms)",
    "master->backup better-master",
  ]);
  assert.equal(it.deadline(), ms + 100 + 3609.375);
});

Deno.test("master: yields to a better master even without preempt on either side", () => {
  const { it, ms } = master(rules({ preempt: false }));
  assert.deepEqual(it.take(ms + 100, heard(101, HIGHER, 2000)), [
    "remove",
    "advert 100 (2000 ms)",
    "master->backup better-master",
  ]);
});

Deno.test("master: adopts the interval of the master it yields to", () => {
  const { it, ms } = master();
  it.take(ms + 100, heard(200, HIGHER, 100));
  assert.equal(it.deadline(), ms + 100 + 360.9375);
});

Deno.test("master: of equals the higher address stays", () => {
  const lost = master();
  assert.deepEqual(lost.it.take(lost.ms + 100, heard(100, HIGHER)), [
    "remove",
    "advert 100 (1000 ms)",
    "master->backup tie-lost",
  ]);
  const won = master();
  assert.deepEqual(won.it.take(won.ms + 1500, heard(100, LOWER)), ["advert 100", "announce 5"]);
});

Deno.test("master: of two owners the higher address stays", () => {
  const lost = master(rules({ priority: 255 }));
  assert.deepEqual(lost.it.take(100, heard(255, HIGHER)), [
    "remove",
    "advert 255 (1000 ms)",
    "master->backup tie-lost",
  ]);
  const won = master(rules({ priority: 255 }));
  assert.deepEqual(won.it.take(1500, heard(255, LOWER)), ["advert 255", "announce 5"]);
});

Deno.test("master: an equal from our own address is neither obeyed nor answered", () => {
  const { it, ms } = master();
  const before = it.state();
  assert.deepEqual(it.take(ms + 100, heard(100, OWN)), []);
  assert.equal(it.state(), before);
});

Deno.test("master: answers a loser at once and keeps its rhythm", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 1500, heard(99)), ["advert 100", "announce 5"]);
  const state = it.state();
  assert.ok(state.kind === "master");
  assert.equal(state.advertAt / 1e6, ms + 1000, "the overdue beat is still owed");
});

Deno.test("master: bursts against a loser: once a second at most, after its last advert", () => {
  const { it, ms } = master();
  const from = ms + 10_000;
  it.runTo(from);
  const bursts: number[] = [];
  for (let t = 0; t < 950; t += 100) {
    const effects = it.take(from + t, heard(99));
    assert.ok(effects.includes("advert 100"), "each is answered");
    if (effects.includes("announce 5")) bursts.push(t);
  }
  assert.deepEqual(bursts, [0]);
  assert.ok(it.runTo(from + 1000).includes(`${from + 1000} announce 5`));
  assert.ok(it.runTo(from + 6000).includes(`${from + 6000} announce 5`), "and 5 s later");
});

Deno.test("master: a second loser, which may have missed the first answer, gets one soon", () => {
  const { it, ms } = master();
  const from = Math.ceil(ms / 1000) * 1000 + 10_500;
  it.runTo(from);
  assert.ok(it.take(from + 100, heard(99, LOWER)).includes("advert 100"));
  assert.deepEqual(it.take(from + 102, heard(99, HIGHER)), []);
  const sent = it.runTo(from + 900).filter((line) => line.includes("advert 100"));
  assert.deepEqual(sent, [`${from + 105} advert 100`]);
});

Deno.test("master: a backlog of a loser's adverts is answered once", () => {
  const { it, ms } = master();
  const answers = Array.from({ length: 10 }, (_, i) => it.take(ms + 2000 + i / 10, heard(99)));
  assert.equal(answers.flat().filter((effect) => effect === "advert 100").length, 1);
});

Deno.test("master: answers priority 0 at once, announces, counts the interval from there", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 1400, heard(0)), ["advert 100", "announce 5"]);
  assert.equal(it.deadline(), ms + 2400);
});

Deno.test("master: a stop removes the addresses before it invites others to take them", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 100, { kind: "stop" }), [
    "remove",
    "advert 0",
    "master->init stop",
  ]);
  assert.equal(it.deadline(), undefined);
});

Deno.test("master: a fault, too", () => {
  const { it, ms } = master();
  const faults = [{ kind: "check" as const, message: "nginx is down" }];
  assert.deepEqual(it.take(ms + 100, { kind: "faults", faults: [] }), []);
  assert.deepEqual(it.take(ms + 100, { kind: "faults", faults }), [
    "remove",
    "advert 0",
    "master->fault fault",
  ]);
});

Deno.test("master: follows its sync group into backup and fault", () => {
  const released = master();
  const release = { kind: "group-release", member: "inside" } as const;
  assert.deepEqual(released.it.take(released.ms + 100, release), [
    "remove",
    "advert 0",
    "master->backup group",
  ]);
  assert.equal(released.it.deadline(), released.ms + 100 + 3609.375);
  const patient = master();
  patient.it.take(patient.ms + 100, { ...release, patience: 2 });
  assert.equal(patient.it.deadline(), patient.ms + 100 + 2 * 3609.375);
  patient.it.take(patient.ms + 200, heard(0));
  assert.equal(patient.it.deadline(), patient.ms + 100 + 2 * 3609.375, "not to be hurried");
  const faulty = master();
  const fault = { kind: "group-fault", member: "inside" } as const;
  assert.deepEqual(faulty.it.take(faulty.ms + 100, fault), [
    "remove",
    "advert 0",
    "master->fault fault",
  ]);
});

Deno.test("master: released for a better node, it leaves willingly and listens", () => {
  const { it, ms } = master();
  const cause = { kind: "outranked", priority: 150, by: ["pi-b"], reason: "" } as const;
  assert.deepEqual(it.take(ms + 100, { kind: "release", cause }), [
    "remove",
    "advert 0",
    "master->backup outranked",
  ]);
  assert.equal(it.deadline(), ms + 100 + 1000 + 609.375, "back if nobody takes over");
});

Deno.test("master: puts a deleted address back and stays master", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 2000, { kind: "addresses-lost" }), ["add", "announce 5"]);
  assert.equal(it.state().kind, "master");
  assert.deepEqual(it.take(ms + 2500, { kind: "addresses-lost" }), ["add", "announce 1"]);
  assert.ok(it.runTo(ms + 3000).includes(`${ms + 3000} announce 5`), "announced all the same");
});

Deno.test("master: announces again where a link changed, and once more after 5 s", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 2000, { kind: "link-changed" }), ["announce 5"]);
  assert.deepEqual(it.take(ms + 2500, { kind: "link-changed" }), ["announce 1"]);
  const later = it.runTo(ms + 8100).filter((line) => line.includes("announce"));
  assert.deepEqual(later, [`${ms + 3000} announce 5`, `${ms + 8000} announce 5`]);
});

Deno.test("master: a new priority is told at once and the rhythm stays", () => {
  const { it, ms } = master();
  assert.deepEqual(it.replaceRules(ms + 300, rules({ priority: 50 })), ["advert 50"]);
  assert.equal(it.deadline(), ms + 1000);
  assert.ok(it.runTo(ms + 1000).includes(`${ms + 1000} advert 50`));
});

Deno.test("master: a shorter interval counts at once, a longer one after the next beat", () => {
  const shorter = master();
  shorter.it.replaceRules(shorter.ms + 300, rules({ advertInterval: milliseconds(100) }));
  assert.equal(shorter.it.deadline(), shorter.ms + 400);
  const longer = master();
  longer.it.replaceRules(longer.ms + 300, rules({ advertInterval: seconds(3) }));
  assert.equal(longer.it.deadline(), longer.ms + 1000);
  longer.it.runTo(longer.ms + 1000);
  assert.equal(longer.it.deadline(), 7500, "the beat before 7609 ms");
});

Deno.test("master: new addresses are added, told and announced", () => {
  const { it, ms } = master();
  const more = rules({ addresses: [FLOATING, ip("10.0.0.101")] });
  assert.deepEqual(it.replaceRules(ms + 2000, more), ["advert 100", "add", "announce 5"]);
});

Deno.test("master: a new password is used at once; what adverts lack changes nothing", () => {
  const secret = (text: string) => new TextEncoder().encode(text.padEnd(8, "\0"));
  const { it, ms } = master(rules({ version: 2, password: secret("one") }));
  const two = rules({ version: 2, password: secret("two") });
  assert.deepEqual(it.replaceRules(ms + 300, two), ["advert 100"]);
  const before = it.state();
  assert.deepEqual(it.replaceRules(ms + 400, { ...two, preempt: false }), []);
  assert.equal(it.state(), before);
});
