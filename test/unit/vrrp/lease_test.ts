import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { autoLease } from "../../../src/vrrp/lease.ts";
import { at, heard, HIGHER, master, router, rules } from "../../support/vrrp/scene.ts";

Deno.test("lease: auto is whole seconds within three intervals, and at least one", () => {
  const expected: readonly (readonly [intervalMs: number, leaseMs: number])[] = [
    [10, 1000],
    [100, 1000],
    [333, 1000],
    [400, 1000],
    [700, 2000],
    [1000, 3000],
    [1500, 4000],
    [40_950, 122_000],
  ];
  for (const [interval, lease] of expected) {
    assert.equal(autoLease(milliseconds(interval)), milliseconds(lease), `${interval} ms`);
  }
});

Deno.test("lease: renewed with each advert, so that it ends three seconds after the last", () => {
  const { it, ms } = master(rules({ lease: seconds(3) }));
  assert.deepEqual(
    it.runTo(6500),
    [ms + 1000, 5500, 6500].flatMap((beat) => [`${beat} advert 100`, `${beat} renew`]),
  );
});

Deno.test("lease: fast adverts do not renew it each time", () => {
  const { it, ms } = master(rules({ lease: seconds(1), advertInterval: milliseconds(10) }));
  const renewals = it.runTo(ms + 1000).filter((line) => line.endsWith("renew"));
  assert.equal(renewals.length, 8);
});

Deno.test("lease: between two farewells it is renewed at the pace of the adverts", () => {
  const { it, ms } = master(rules({ lease: seconds(1), advertInterval: milliseconds(10) }));
  it.take(ms + 5, { kind: "hand-over", why: { kind: "stop" } });
  assert.deepEqual(it.runTo(ms + 36), [15, 25, 35].map((later) => `${ms + later} renew`));
});

Deno.test("lease: shorter than two adverts it is renewed between them", () => {
  const { it, ms } = master(rules({ lease: seconds(3), advertInterval: seconds(10) }));
  const lines = it.runTo(ms + 4000);
  assert.deepEqual(lines.filter((line) => line.endsWith("renew")), [
    `${ms + 1000} renew`,
    `${ms + 2000} renew`,
    `${ms + 3000} renew`,
    `${ms + 4000} renew`,
  ]);
});

Deno.test("lease: an advert out of turn takes the renewal along at its next beat", () => {
  const { it, ms } = master(rules({ lease: seconds(3) }));
  it.take(ms + 700, heard(0, HIGHER));
  const renewals = it.runTo(6250).filter((line) => line.endsWith("renew"));
  assert.deepEqual(renewals, [ms + 1000, ms + 1700, 6250].map((at) => `${at} renew`));
});

Deno.test("lease: off, nothing is renewed; switched on by a reload, at once", () => {
  const { it, ms } = master(rules());
  assert.deepEqual(it.runTo(ms + 1000), [`${ms + 1000} advert 100`]);
  assert.deepEqual(it.replaceRules(ms + 1100, rules({ lease: seconds(3) })), ["renew"]);
  const state = it.state();
  assert.ok(state.kind === "master");
  assert.equal(state.renewAt, at(ms + 2100));
});

Deno.test("lease: a backup renews nothing", () => {
  const it = router(rules({ lease: seconds(3) }));
  it.take(100, heard(200));
  assert.deepEqual(it.take(1200, { kind: "deadline" }), []);
});
