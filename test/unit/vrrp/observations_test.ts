/**
 * What a step tells beside what is to be done: the rhythm of a master's adverts, near misses and
 * rivals.
 */
import assert from "node:assert/strict";
import type { Event } from "../../../src/vrrp/event.ts";
import type { Rules } from "../../../src/vrrp/rules.ts";
import {
  heard,
  HIGHER,
  LOWER,
  master,
  OWN,
  type Router,
  router,
  rules,
} from "../../support/vrrp/scene.ts";

function told(it: Router, ms: number, event: Event): readonly string[] {
  it.take(ms, event);
  return it.observations();
}

/** What is told of an advert at `ms` of priority `then`, after one at 1 s of priority `first`. */
function toldAt(ms: number, first: number, then: number, own: Rules = rules(), source = HIGHER) {
  const it = router(own);
  it.take(1000, heard(first, HIGHER));
  it.take(ms, heard(then, source));
  return it.observations();
}

Deno.test("gap: from one advert of a master to its next, obeyed or not", () => {
  assert.deepEqual(toldAt(2000, 200, 200), ["gap 1000"]);
  assert.deepEqual(toldAt(2000, 200, 50), ["gap 1000"]);
  assert.deepEqual(told(router(rules()), 1000, heard(200)), [], "the first one ends none");
});

Deno.test("gap: between two masters, and after a resignation, is none", () => {
  assert.deepEqual(toldAt(3500, 200, 150, rules(), LOWER), []);
  const it = router(rules());
  it.take(1000, heard(200));
  assert.deepEqual(told(it, 1500, heard(0)), []);
  assert.deepEqual(told(it, 1900, heard(200)), []);
});

Deno.test("near miss: two lost adverts are one, one lost advert is none", () => {
  assert.deepEqual(toldAt(3000, 200, 200), ["gap 2000"]);
  assert.deepEqual(toldAt(4000, 200, 200), ["gap 3000", "near miss 3000"]);
});

Deno.test("near miss: the limit is this node's own master-down interval", () => {
  // Priority 254 waits 3.008 s: after two lost adverts there were 8 ms left.
  const own = rules({ priority: 254 });
  assert.deepEqual(toldAt(4000, 255, 255, own), ["gap 3000", "near miss 3000"]);
});

Deno.test("near miss: priority 0, and a master that is preempted anyway, are none", () => {
  assert.deepEqual(toldAt(4000, 200, 0), []);
  assert.deepEqual(toldAt(4000, 50, 50), ["gap 3000"]);
});

Deno.test("near miss: a node that takes over has not almost done so", () => {
  const it = router(rules());
  it.take(1000, heard(200));
  assert.deepEqual(told(it, 4700, { kind: "deadline" }), []);
  assert.equal(it.state().kind, "master");
});

Deno.test("near miss: a dead master's successor is none", () => {
  assert.deepEqual(toldAt(4200, 200, 150, rules(), LOWER), []);
});

Deno.test("rival: a losing master, and one equal down to the address", () => {
  const { it, ms } = master();
  assert.deepEqual(told(it, ms + 1500, heard(50)), ["rival 50"]);
  assert.deepEqual(told(it, ms + 1600, heard(100, OWN)), ["rival 100"]);
});

Deno.test("rival: not the last word of the master that this node has just replaced", () => {
  const { it, ms } = master();
  assert.deepEqual(told(it, ms + 500, heard(50)), []);
});

Deno.test("rival: a better one is yielded to; after a stall one that took over is none", () => {
  for (const [after, priority] of [[1500, 200], [6000, 50]] as const) {
    const { it, ms } = master();
    assert.deepEqual(told(it, ms + after, heard(priority)), []);
    assert.equal(it.state().kind, "backup");
  }
});
