/** RFC 9568 section 6: timers and states. */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../src/time.ts";
import { ip } from "../../src/net/ip.ts";
import { masterDown, skew } from "../../src/vrrp/intervals.ts";
import { heard, HIGHER, LOWER, master, router, rules } from "../support/vrrp/scene.ts";

Deno.test("RFC 9568 6.1: the skew is a part of the master's interval", () => {
  assert.equal(skew(3, 100, seconds(1)), 156 * 1e9 / 256);
  assert.equal(skew(3, 100, milliseconds(100)), 156 * 1e8 / 256);
  assert.equal(skew(3, 255, seconds(1)), 1e9 / 256);
});

Deno.test("RFC 9568 6.1: a master counts as gone after three of its intervals and the skew", () => {
  assert.equal(masterDown(3, 100, seconds(1)), 3e9 + 156 * 1e9 / 256);
  assert.equal(masterDown(3, 100, milliseconds(100)), 3e8 + 156 * 1e8 / 256);
});

Deno.test("RFC 9568 6.4.1: an owner that starts is master at once", () => {
  const it = router(rules({ priority: 255, advertInterval: seconds(2) }), false);
  assert.deepEqual(it.take(0, { kind: "start" }), [
    "advert 255",
    "add",
    "announce 5",
    "init->master owner",
  ]);
  assert.equal(it.deadline(), 2000);
});

Deno.test("RFC 9568 6.4.1: everyone else starts as backup and waits a master-down interval", () => {
  const it = router(rules({ advertInterval: seconds(2) }));
  assert.equal(it.state().kind, "backup");
  assert.equal(it.deadline(), 6000 + 1218.75);
});

Deno.test("RFC 9568 6.4.2: a backup has not got the addresses", () => {
  const started = router(rules());
  assert.deepEqual(started.effects()[0], { kind: "remove-addresses" });
  const { it, ms } = master();
  assert.ok(it.take(ms + 1, heard(200)).includes("remove"));
});

Deno.test("RFC 9568 6.4.2: a backup that is stopped forgets its timer and sends nothing", () => {
  const it = router(rules());
  assert.deepEqual(it.take(100, { kind: "stop" }), ["backup->init stop"]);
  assert.equal(it.deadline(), undefined);
});

Deno.test("RFC 9568 6.4.2: after the master-down time it advertises, announces, is master", () => {
  const it = router(rules());
  assert.deepEqual(it.take(3609.375, { kind: "deadline" }), [
    "advert 100",
    "add",
    "announce 5",
    "backup->master nobody-heard",
  ]);
  assert.equal(it.deadline(), 4609.375);
});

Deno.test("RFC 9568 6.4.2: priority 0 sets the timer to the skew", () => {
  const it = router(rules());
  it.take(4000, heard(200));
  it.take(4500, heard(0));
  assert.equal(it.deadline(), 4500 + 609.375);
});

Deno.test("RFC 9568 6.4.2: without preempt any master is obeyed, with its interval", () => {
  const it = router(rules({ preempt: false }));
  it.take(4000, heard(1, HIGHER, 2000));
  assert.equal(it.deadline(), 4000 + 6000 + 1218.75);
});

Deno.test("RFC 9568 6.4.2: a better or equal master is obeyed, with its interval", () => {
  for (const priority of [100, 101]) {
    const it = router(rules());
    it.take(4000, heard(priority, LOWER, 2000));
    assert.equal(it.deadline(), 4000 + 6000 + 1218.75);
  }
});

Deno.test("RFC 9568 6.4.2: with preempt a lower advert leaves the timer alone", () => {
  const it = router(rules());
  it.take(3000, heard(99));
  assert.equal(it.deadline(), 3609.375);
});

Deno.test("RFC 9568 6.4.3: a master has the addresses as long as it is one", () => {
  const { it, ms } = master();
  it.runTo(ms + 60_000);
  const changes = () =>
    it.effects().map((effect) => effect.kind).filter((kind) => kind.endsWith("addresses"));
  assert.deepEqual(changes(), ["remove-addresses", "add-addresses"]);
  it.take(ms + 60_001, { kind: "stop" });
  assert.deepEqual(changes(), ["remove-addresses", "add-addresses", "remove-addresses"]);
});

Deno.test("RFC 9568 6.4.3: a master that is stopped says so with priority 0", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 1, { kind: "stop" }), ["remove", "advert 0", "master->init stop"]);
  assert.equal(it.deadline(), undefined);
});

Deno.test("RFC 9568 6.4.3: a master advertises every interval", () => {
  const { it, ms } = master(rules({ advertInterval: milliseconds(100) }));
  const adverts = it.runTo(ms + 1000).filter((line) => line.endsWith("advert 100"));
  assert.equal(adverts.length, 10);
});

Deno.test("RFC 9568 6.4.3: a master answers priority 0 and restarts its interval", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 1700, heard(0)), ["advert 100", "announce 5"]);
  assert.equal(it.deadline(), ms + 2700);
});

Deno.test("RFC 9568 6.4.3: a master yields to a higher priority, with its interval", () => {
  const { it, ms } = master();
  it.take(ms + 700, heard(101, LOWER, 2000));
  assert.equal(it.state().kind, "backup");
  assert.equal(it.deadline(), ms + 700 + 6000 + 1218.75);
});

Deno.test("RFC 9568 6.4.3: a master yields to an equal of a numerically higher address", () => {
  for (const address of ["10.0.0.3", "10.0.0.10", "200.0.0.1"]) {
    const { it, ms } = master();
    it.take(ms + 700, heard(100, ip(address)));
    assert.equal(it.state().kind, "backup", address);
  }
  const { it, ms } = master();
  it.take(ms + 700, heard(100, LOWER));
  assert.equal(it.state().kind, "master");
});

Deno.test("RFC 9568 6.4.3: a master answers a loser at once and its timer goes on", () => {
  for (const loser of [heard(99, HIGHER), heard(100, LOWER)]) {
    const { it, ms } = master();
    assert.equal(it.take(ms + 700, loser)[0], "advert 100");
    assert.equal(it.deadline(), ms + 1000);
  }
});
