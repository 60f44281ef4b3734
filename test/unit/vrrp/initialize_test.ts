import assert from "node:assert/strict";
import type { Event, Fault } from "../../../src/vrrp/event.ts";
import { nameOf } from "../../../src/vrrp/state.ts";
import { heard, router, rules } from "../../support/vrrp/scene.ts";

const CARRIER: Fault = { kind: "no-carrier", message: "eth0 has no carrier" };
const KERNEL: Fault = { kind: "kernel", message: "the kernel says no" };

Deno.test("init: a start removes what a crash left behind and listens for one master-down", () => {
  const it = router(rules(), false);
  assert.deepEqual(it.take(0, { kind: "start" }), ["remove", "init->backup start"]);
  assert.equal(it.deadline(), 3609.375);
});

Deno.test("init: an owner is master at once and removes nothing", () => {
  const it = router(rules({ priority: 255 }), false);
  assert.deepEqual(it.take(0, { kind: "start" }), [
    "advert 255",
    "add",
    "announce 5",
    "init->master owner",
  ]);
});

Deno.test("init: an owner is master at once after a fault, too", () => {
  const it = router(rules({ priority: 255 }));
  it.take(10, { kind: "faults", faults: [CARRIER] });
  assert.deepEqual(it.take(20, { kind: "faults", faults: [] }), [
    "advert 255",
    "add",
    "announce 5",
    "fault->master faults-cleared",
  ]);
});

Deno.test("init: a start with a fault is the state fault, and leaves nothing behind either", () => {
  const it = router(rules(), false);
  assert.deepEqual(it.take(0, { kind: "faults", faults: [CARRIER] }), []);
  assert.equal(nameOf(it.state()), "init");
  assert.deepEqual(it.take(0, { kind: "start" }), ["remove", "init->fault fault"]);
  assert.equal(nameOf(it.state()), "fault");
  assert.equal(it.deadline(), undefined);
});

Deno.test("init: from fault to backup when the last fault is gone, a whole wait ahead", () => {
  const it = router(rules());
  it.take(3600, { kind: "faults", faults: [CARRIER, KERNEL] });
  assert.deepEqual(it.take(3700, { kind: "faults", faults: [KERNEL] }), []);
  assert.deepEqual(it.take(5000, { kind: "faults", faults: [] }), [
    "remove",
    "fault->backup faults-cleared",
  ]);
  assert.equal(it.deadline(), 8609.375);
});

Deno.test("init: a fault of the group survives the own faults' going, and goes by itself", () => {
  const it = router(rules({ grouped: true }));
  it.take(10, { kind: "faults", faults: [CARRIER] });
  it.take(20, { kind: "group-fault", member: "inside" });
  assert.deepEqual(it.take(30, { kind: "faults", faults: [] }), []);
  assert.equal(nameOf(it.state()), "fault");
  assert.deepEqual(it.take(40, { kind: "group-fault", member: undefined }), [
    "remove",
    "fault->backup faults-cleared",
  ]);
});

Deno.test("init: a stop in fault is a transition, a stop in init is nothing", () => {
  const it = router(rules());
  it.take(10, { kind: "faults", faults: [CARRIER] });
  assert.deepEqual(it.take(20, { kind: "stop" }), ["fault->init stop"]);
  assert.deepEqual(it.take(30, { kind: "stop" }), []);
  assert.deepEqual(it.take(40, { kind: "start" }), ["remove", "init->fault fault"]);
});

const MEANINGLESS: readonly Event[] = [
  heard(100),
  heard(0),
  { kind: "deadline" },
  { kind: "rules", before: rules({ priority: 1 }) },
  { kind: "addresses-lost" },
  { kind: "link-changed" },
  { kind: "group-claim", member: "a" },
  { kind: "group-release", member: "a" },
];

for (const event of MEANINGLESS) {
  Deno.test(`init: ${event.kind} means nothing, in init and in fault`, () => {
    const it = router(rules(), false);
    const before = it.state();
    assert.deepEqual(it.take(0, event), []);
    assert.equal(it.state(), before);
    it.take(0, { kind: "start" });
    it.take(0, { kind: "faults", faults: [CARRIER] });
    const fault = it.state();
    assert.deepEqual(it.take(99_999, event), []);
    assert.equal(it.state(), fault);
  });
}

Deno.test("resume: master at once, told to rivals but not as a transition", () => {
  const it = router(rules(), false);
  assert.deepEqual(it.take(100, { kind: "resume" }), ["advert 100", "add"]);
  assert.equal(it.state().kind, "master");
  assert.deepEqual(it.runTo(1100), ["1100 advert 100"]);
});

Deno.test("resume: not in fault, and not twice", () => {
  const faulty = router(rules(), false);
  faulty.take(0, { kind: "faults", faults: [{ kind: "no-carrier", message: "no carrier" }] });
  assert.deepEqual(faulty.take(100, { kind: "resume" }), []);
  const started = router(rules());
  assert.deepEqual(started.take(100, { kind: "resume" }), []);
});
