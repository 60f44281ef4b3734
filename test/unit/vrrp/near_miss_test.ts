/** Is an advert that came just in time told from one in time, and from a takeover that was wanted? */
import assert from "node:assert/strict";
import { toMilliseconds } from "../../../src/time.ts";
import { nearMiss } from "../../../src/vrrp/near_miss.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import { heard, HIGHER, LOWER, router, rules } from "../../support/vrrp/scene.ts";

/** Milliseconds of silence that the advert at `ms` ended almost too late; undefined: in time. */
function silenceEndedAt(ms: number, first: number, then: number, own: Rules = rules()) {
  const it = router(own);
  it.take(1000, heard(first, HIGHER));
  const before = it.state();
  it.take(ms, heard(then, HIGHER));
  const found = nearMiss(before, it.state(), own);
  return found === undefined ? undefined : toMilliseconds(found.silence);
}

Deno.test("near miss: two lost adverts are one, one lost advert is none", () => {
  assert.equal(silenceEndedAt(2000, 200, 200), undefined);
  assert.equal(silenceEndedAt(3000, 200, 200), undefined);
  assert.equal(silenceEndedAt(4000, 200, 200), 3000);
});

Deno.test("near miss: the limit is this node's own master-down interval", () => {
  // Priority 254 waits 3.008 s: after two lost adverts there were 8 ms left.
  assert.equal(silenceEndedAt(4000, 255, 255, rules({ priority: 254 })), 3000);
});

Deno.test("near miss: a farewell, and a master that is preempted anyway, are none", () => {
  assert.equal(silenceEndedAt(4000, 200, 0), undefined);
  assert.equal(silenceEndedAt(4000, 50, 50), undefined);
});

Deno.test("near miss: whoever takes over has not almost done so", () => {
  const it = router(rules());
  it.take(1000, heard(200));
  const before = it.state();
  it.take(4700, { kind: "deadline" });
  assert.equal(it.state().kind, "master");
  assert.equal(nearMiss(before, it.state(), rules()), undefined);
});

Deno.test("near miss: a dead master's successor is none", () => {
  const it = router(rules());
  it.take(1000, heard(200, HIGHER));
  const before = it.state();
  it.take(4200, heard(150, LOWER));
  assert.equal(nearMiss(before, it.state(), rules()), undefined);
});
