import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import type { Cause } from "../../../src/vrrp/event.ts";
import { ip } from "../../../src/net/ip.ts";
import {
  FLOATING,
  heard,
  HIGHER,
  LOWER,
  type Router,
  router,
  rules,
} from "../../support/vrrp/scene.ts";

/** The cause of the last transition. */
function lastCause(it: Router): Cause | undefined {
  return it.transitions().at(-1)?.cause;
}

Deno.test("backup: no master heard for a master-down interval: master", () => {
  const it = router(rules());
  assert.deepEqual(it.runTo(3609.374999), []);
  assert.deepEqual(it.take(3609.375, { kind: "deadline" }), [
    "advert 100",
    "add",
    "announce 5",
    "backup->master nobody-heard",
  ]);
  assert.deepEqual(lastCause(it), { kind: "nobody-heard", listened: 3_609_375_000 });
});

Deno.test("backup: too early a deadline changes nothing", () => {
  const it = router(rules());
  const before = it.state();
  assert.deepEqual(it.take(3609, { kind: "deadline" }), []);
  assert.equal(it.state(), before);
});

Deno.test("backup: a better or equal master is obeyed, each advert restarts the wait", () => {
  for (const priority of [100, 101, 255]) {
    const it = router(rules());
    assert.deepEqual(it.take(3000, heard(priority)), []);
    assert.equal(it.deadline(), 6609.375);
    it.take(4000, heard(priority));
    assert.equal(it.deadline(), 7609.375);
  }
});

Deno.test("backup: a silent master is replaced, with the evidence", () => {
  const it = router(rules());
  it.take(1000, heard(200));
  assert.deepEqual(it.runTo(10_000).slice(0, 4), [
    "4609.375 advert 100",
    "4609.375 add",
    "4609.375 announce 5",
    "4609.375 backup->master master-silent",
  ]);
  assert.deepEqual(
    it.transitions().find(({ to }) => to === "master"),
    {
      from: "backup",
      to: "master",
      cause: { kind: "master-silent", master: HIGHER, silence: 3_609_375_000 },
    },
  );
});

Deno.test("backup: v3 adopts the master's interval, for the skew too", () => {
  const it = router(rules());
  it.take(3600, heard(200, HIGHER, 100));
  assert.equal(it.deadline(), 3600 + 360.9375);
});

Deno.test("backup: v2 goes by its own interval", () => {
  const it = router(rules({ version: 2, advertInterval: seconds(2) }));
  assert.equal(it.deadline(), 6609.375);
  it.take(5000, heard(200, HIGHER, 2000));
  assert.equal(it.deadline(), 11_609.375);
});

Deno.test("backup: its own interval is in force again once it is master", () => {
  const it = router(rules());
  it.take(3600, heard(200, HIGHER, 100));
  it.runTo(3960.9375);
  assert.equal(it.state().kind, "master");
  assert.equal(it.deadline(), 4960.9375);
});

Deno.test("backup: priority 0 shortens the wait to the skew", () => {
  const it = router(rules());
  it.take(3600, heard(200));
  it.take(4600, heard(200));
  it.take(5000, heard(0));
  assert.equal(it.deadline(), 5609.375);
  it.runTo(5609.375);
  assert.deepEqual(lastCause(it), { kind: "master-left", master: HIGHER });
});

Deno.test("backup: priority 0 counts from anyone", () => {
  const it = router(rules());
  it.take(4000, heard(200, HIGHER));
  it.take(5000, heard(0, LOWER));
  assert.equal(it.deadline(), 5609.375);
});

Deno.test("backup: the master that answers a rival's priority 0 sets the wait right again", () => {
  const it = router(rules());
  it.take(4000, heard(200, HIGHER));
  it.take(5000, heard(0, LOWER));
  it.take(5000.2, heard(200, HIGHER));
  assert.equal(it.deadline(), 5000.2 + 3609.375);
});

Deno.test("backup: the skew after priority 0 goes by the learnt interval", () => {
  const it = router(rules());
  it.take(3900, heard(200, HIGHER, 100));
  it.take(3950, heard(0, HIGHER, 100));
  assert.equal(it.deadline(), 3950 + 60.9375);
});

Deno.test("backup: a new node listens to the end, even after priority 0", () => {
  const it = router(rules());
  it.take(100, heard(200));
  it.take(200, heard(0));
  assert.equal(it.deadline(), 3609.375);
});

Deno.test("backup: a new node listens to the end, even to a fast master", () => {
  const it = router(rules());
  it.take(100, heard(200, HIGHER, 10));
  assert.equal(it.deadline(), 3609.375);
});

Deno.test("backup: a losing master is preempted when the wait is over, no sooner or later", () => {
  const it = router(rules());
  for (let ms = 500; ms < 3600; ms += 1000) assert.deepEqual(it.take(ms, heard(99)), []);
  assert.equal(it.deadline(), 3609.375);
  it.runTo(3609.375);
  assert.deepEqual(lastCause(it), { kind: "preempted-master", master: HIGHER, priority: 99 });
});

Deno.test("backup: without preempt a losing master is obeyed", () => {
  const it = router(rules({ preempt: false }));
  it.take(3500, heard(1));
  assert.equal(it.deadline(), 7109.375);
});

Deno.test("backup: without preempt a dead master is replaced", () => {
  const it = router(rules({ preempt: false }));
  it.take(3500, heard(1));
  it.runTo(7109.375);
  assert.deepEqual(lastCause(it), {
    kind: "master-silent",
    master: HIGHER,
    silence: 3_609_375_000,
  });
});

Deno.test("backup: an owner preempts whatever preempt says", () => {
  // An owner is in backup only where it waits for its sync group, or lost against another owner.
  const it = router(rules({ priority: 255, preempt: false, preemptDelay: seconds(60) }));
  it.take(10, heard(255, HIGHER));
  assert.equal(it.state().kind, "backup");
  it.take(20, heard(254));
  assert.equal(it.deadline(), 20 + 3.90625);
});

Deno.test("preempt_delay: armed by the first losing advert, not by the start", () => {
  const it = router(rules({ preemptDelay: seconds(10) }));
  it.take(1000, heard(99));
  assert.equal(it.deadline(), 4609.375);
  for (let ms = 2000; ms < 11_000; ms += 1000) it.take(ms, heard(99));
  assert.equal(it.deadline(), 13_609.375, "the advert at 10 s was the last that counted");
  for (let ms = 11_000; ms < 13_600; ms += 1000) it.take(ms, heard(99));
  it.runTo(13_609.375);
  assert.deepEqual(lastCause(it), { kind: "preempted-master", master: HIGHER, priority: 99 });
});

Deno.test("preempt_delay: does not delay the replacing of a dead master", () => {
  const it = router(rules({ preemptDelay: seconds(3600) }));
  it.take(5, heard(99));
  assert.equal(it.deadline(), 3614.375);
  it.runTo(3614.375);
  assert.equal(it.state().kind, "master");
});

Deno.test("preempt_delay: a better or equal advert cancels it, a losing one restarts it", () => {
  for (const priority of [100, 200]) {
    const it = router(rules({ preemptDelay: seconds(10) }));
    it.take(1000, heard(99));
    it.take(9000, heard(priority));
    it.take(10_000, heard(99));
    it.take(12_000, heard(99));
    assert.equal(it.deadline(), 15_609.375, "held until 20 s");
  }
});

Deno.test("initial_state master: the first election preempts, whatever preempt says", () => {
  for (const changes of [{ preempt: false }, { preemptDelay: seconds(60) }]) {
    const it = router(rules({ ...changes, initialState: "master" }));
    it.take(3000, heard(99));
    assert.equal(it.deadline(), 3609.375);
  }
});

Deno.test("initial_state master: the election is over once a better master was heard", () => {
  const it = router(rules({ preempt: false, initialState: "master" }));
  it.take(3000, heard(200));
  it.take(4000, heard(99));
  assert.equal(it.deadline(), 7609.375);
});

Deno.test("initial_state master: does not hold after a fault", () => {
  const it = router(rules({ preempt: false, initialState: "master" }));
  it.take(100, { kind: "faults", faults: [{ kind: "link-down", message: "eth0 is down" }] });
  it.take(200, { kind: "faults", faults: [] });
  it.take(3000, heard(99));
  assert.equal(it.deadline(), 6609.375);
});

Deno.test("backup: a new priority shifts the wait by the difference of the skews", () => {
  const it = router(rules({ priority: 100 }));
  it.take(4000, heard(200));
  assert.deepEqual(it.replaceRules(5000, rules({ priority: 150 })), []);
  assert.equal(it.deadline(), 4000 + 3000 + 414.0625);
  it.replaceRules(5000, rules({ priority: 1 }));
  assert.equal(it.deadline(), 4000 + 3000 + 996.09375);
});

Deno.test("backup: a new priority never puts the deadline into the past", () => {
  const it = router(rules({ priority: 1 }));
  it.take(4000, heard(200));
  it.replaceRules(7900, rules({ priority: 254 }));
  assert.equal(it.deadline(), 7900);
});

Deno.test("backup: a new priority shifts the skew after priority 0, too", () => {
  const it = router(rules({ priority: 100 }));
  it.take(4000, heard(200));
  it.take(5000, heard(0));
  it.replaceRules(5100, rules({ priority: 150 }));
  assert.equal(it.deadline(), 5000 + 414.0625);
});

Deno.test("backup: a new interval changes nothing about the skew of v2 after priority 0", () => {
  const it = router(rules({ version: 2 }));
  it.take(4000, heard(200));
  it.take(5000, heard(0));
  it.replaceRules(5100, rules({ version: 2, advertInterval: seconds(3) }));
  assert.equal(it.deadline(), 5609.375);
});

Deno.test("backup: what was learnt from a master that has left stays learnt", () => {
  const it = router(rules());
  it.take(4000, heard(200, HIGHER, 100));
  it.take(4050, heard(0, HIGHER, 100));
  it.replaceRules(4051, rules({ priority: 150 }));
  assert.equal(it.deadline(), 4050 + 41.40625);
});

Deno.test("backup: a losing master that fell silent was replaced, not preempted", () => {
  const it = router(rules());
  it.take(500, heard(99));
  // Late, but not by so much that the node itself was asleep.
  it.take(4500, { kind: "deadline" });
  assert.deepEqual(lastCause(it), {
    kind: "master-silent",
    master: HIGHER,
    silence: 4_000_000_000,
  });
});

Deno.test("backup: a new own interval counts where none was learnt", () => {
  const fast = { advertInterval: milliseconds(100) };
  const alone = router(rules());
  alone.replaceRules(100, rules(fast));
  assert.equal(alone.deadline(), 360.9375);
  const led = router(rules());
  led.take(4000, heard(200));
  led.replaceRules(4100, rules(fast));
  assert.equal(led.deadline(), 7609.375);
});

Deno.test("backup: a new preempt_delay moves the end of the one that runs", () => {
  const it = router(rules({ preemptDelay: seconds(10) }));
  it.take(1000, heard(99));
  it.replaceRules(2000, rules({ preemptDelay: seconds(2) }));
  it.take(2500, heard(99));
  assert.equal(it.deadline(), 6109.375, "still held");
  it.take(3000, heard(99));
  assert.equal(it.deadline(), 6109.375, "no longer");
});

Deno.test("backup: a stop or a fault is a transition and nothing else", () => {
  const stopped = router(rules());
  assert.deepEqual(stopped.take(10, { kind: "stop" }), ["backup->init stop"]);
  assert.equal(stopped.deadline(), undefined);
  const reloaded = router(rules());
  assert.deepEqual(
    reloaded.take(10, { kind: "stop", cause: { kind: "reconfigured", what: "removed" } }),
    [
      "backup->init reconfigured",
    ],
  );
  const faulty = router(rules());
  const faults = [{ kind: "link-down" as const, message: "eth0 is down" }];
  assert.deepEqual(faulty.take(10, { kind: "faults", faults }), ["backup->fault fault"]);
});

Deno.test("backup: floating addresses that vanish are none of its business", () => {
  const it = router(rules());
  assert.deepEqual(it.take(10, { kind: "addresses-lost" }), []);
  assert.deepEqual(it.take(10, { kind: "link-changed" }), []);
  assert.deepEqual(it.replaceRules(20, rules({ addresses: [FLOATING, ip("10.0.0.101")] })), []);
});

Deno.test("group: a backup whose wait is over waits for the others", () => {
  const it = router(rules({ grouped: true }));
  assert.deepEqual(it.runTo(3609.375), []);
  assert.equal(it.deadline(), undefined);
  assert.deepEqual(it.take(9000, { kind: "group-claim", member: "outside" }), [
    "advert 100",
    "add",
    "announce 5",
    "backup->master nobody-heard",
  ]);
});

Deno.test("group: a claim that comes when the wait is not over is refused", () => {
  const it = router(rules({ grouped: true }));
  assert.deepEqual(it.take(3000, { kind: "group-claim", member: "outside" }), []);
  it.runTo(3609.375);
  it.take(4000, heard(200));
  assert.deepEqual(it.take(4000, { kind: "group-claim", member: "outside" }), []);
});

Deno.test("group: a losing master's adverts do not take the readiness back", () => {
  const it = router(rules({ grouped: true }));
  it.runTo(3609.375);
  it.take(4000, heard(99));
  assert.equal(it.deadline(), undefined);
  it.take(4100, { kind: "group-claim", member: "a" });
  assert.deepEqual(lastCause(it), { kind: "preempted-master", master: HIGHER, priority: 99 });
});

Deno.test("group: an owner is ready at once, but not alone", () => {
  const it = router(rules({ grouped: true, priority: 255 }));
  assert.equal(it.state().kind, "backup");
  assert.equal(it.deadline(), undefined);
  it.take(0, { kind: "group-claim", member: "a" });
  assert.deepEqual(lastCause(it), { kind: "owner" });
});

Deno.test("group: taken out of its group, a ready backup claims at once", () => {
  const it = router(rules({ grouped: true }));
  it.runTo(5000);
  it.replaceRules(6000, rules());
  assert.equal(it.deadline(), 6000);
  assert.ok(it.runTo(6000).includes("6000 backup->master nobody-heard"));
});
