import assert from "node:assert/strict";
import { milliseconds } from "../../../src/time.ts";
import { heard, router, rules } from "../../support/vrrp/scene.ts";

const ASKING = rules({ duplicateCheck: true });

Deno.test("duplicate: asks twice within the last 150 ms before a claim, and claims in time", () => {
  const it = router(ASKING);
  it.take(500, heard(200));
  const claim = 500 + 3609.375;
  assert.deepEqual(it.runTo(claim).slice(0, 3), [
    `${claim - 150} probe`,
    `${claim - 75} probe`,
    `${claim} advert 100`,
  ]);
});

Deno.test("duplicate: an advert in between ends the asking, the next silence restarts it", () => {
  const it = router(ASKING);
  it.take(500, heard(200));
  it.runTo(500 + 3609.375 - 100);
  it.take(4050, heard(200));
  assert.equal(it.deadline(), 4050 + 3609.375 - 150);
});

Deno.test("duplicate: a node that leaves or is preempted has the address: no question", () => {
  const left = router(ASKING);
  left.take(500, heard(200));
  left.take(1000, heard(0));
  assert.equal(left.deadline(), 3609.375, "still listening");
  const preempted = router(ASKING);
  preempted.take(500, heard(50));
  assert.equal(preempted.deadline(), 3609.375);
});

Deno.test("duplicate: fast adverts leave no time, an owner needs not ask, can be off", () => {
  assert.equal(
    router(rules({ duplicateCheck: true, advertInterval: milliseconds(100) })).deadline(),
    360.9375,
  );
  assert.equal(router(rules()).deadline(), 3609.375);
  const owner = router(rules({ duplicateCheck: true, priority: 255 }));
  assert.equal(owner.state().kind, "master");
});

Deno.test("duplicate: what was missed is not made up for", () => {
  const it = router(ASKING);
  assert.deepEqual(it.take(3609.375 - 10, { kind: "deadline" }), ["probe"]);
  assert.equal(it.deadline(), 3609.375);
});
