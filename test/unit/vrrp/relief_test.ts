/** When a master that resigns, or says that it has fallen, is relieved. */
import assert from "node:assert/strict";
import { seconds } from "../../../src/time.ts";
import { ip } from "../../../src/net/ip.ts";
import { heard, HIGHER, LOWER, router, rules } from "../../support/vrrp/scene.ts";

Deno.test("backup: a master that says itself that it has fallen is relieved after a skew", () => {
  const it = router(rules());
  it.take(4000, heard(150));
  it.take(5000, heard(90));
  assert.equal(it.deadline(), 5609.375);
  it.take(5500, heard(80));
  assert.equal(it.deadline(), 5609.375, "what it says further puts nothing off");
  it.runTo(5609.375);
  const last = it.transitions().at(-1);
  assert.deepEqual(last?.cause, {
    kind: "preempted-master",
    master: HIGHER,
    priority: 80,
  });
});

Deno.test("backup: a master that has fallen and recovers within the skew stays", () => {
  const it = router(rules());
  it.take(4000, heard(150));
  it.take(5000, heard(90));
  it.take(5600, heard(150));
  assert.equal(it.deadline(), 9209.375);
});

Deno.test("backup: a low advert of a master never obeyed, or of another, is no fall", () => {
  const never = router(rules());
  never.take(1000, heard(90));
  never.take(2000, heard(80));
  assert.equal(never.deadline(), 3609.375);
  const other = router(rules());
  other.take(4000, heard(150, LOWER));
  other.take(5000, heard(90, HIGHER));
  assert.equal(other.deadline(), 7609.375);
});

Deno.test("backup: a fallen master hurries no node that is new, held or does not preempt", () => {
  const arrived = router(rules());
  arrived.take(1000, heard(150));
  arrived.take(2000, heard(90));
  assert.equal(arrived.deadline(), 3609.375);
  const patient = router(rules({ preemptDelay: seconds(60) }));
  patient.take(4000, heard(150));
  patient.take(5000, heard(90));
  assert.equal(patient.deadline(), 8609.375);
  const content = router(rules({ preempt: false }));
  content.take(4000, heard(150));
  content.take(5000, heard(90));
  assert.equal(content.deadline(), 8609.375);
});

Deno.test("backup: a certain successor does not wait when the master leaves or has fallen", () => {
  const rivals = [{ source: HIGHER, priority: 200 }, { source: LOWER, priority: 99 }];
  for (const last of [0, 99]) {
    const it = router(rules({ rivals }));
    it.take(4000, heard(200));
    it.take(4500, heard(last));
    assert.equal(it.deadline(), 4500);
    assert.deepEqual(it.runTo(4500).at(0), "4500 advert 100");
  }
});

Deno.test("backup: not certain where another is as good, the leaver unknown or no master", () => {
  const leaving = (left: typeof LOWER, ...others: readonly (readonly [typeof LOWER, number])[]) => {
    const it = router(
      rules({ rivals: others.map(([source, priority]) => ({ source, priority })) }),
    );
    it.take(4000, heard(200));
    it.take(4500, heard(0, left));
    return it.deadline();
  };
  assert.equal(leaving(HIGHER, [HIGHER, 200], [LOWER, 100]), 5109.375);
  assert.equal(leaving(HIGHER, [ip("10.0.0.9"), 200], [LOWER, 99]), 5109.375);
  assert.equal(leaving(LOWER, [HIGHER, 99], [LOWER, 200]), 5109.375);
});

Deno.test("backup: priority 1 asks to be relieved, also by a node that does not preempt", () => {
  const it = router(rules({ preempt: false }));
  it.take(4000, heard(90));
  it.take(5000, heard(1));
  assert.equal(it.deadline(), 5609.375);
  it.take(5500, heard(1));
  assert.equal(it.deadline(), 5609.375, "saying so again puts nothing off");
  it.take(5600, heard(90));
  assert.equal(it.deadline(), 9209.375, "it has changed its mind");
});

Deno.test("backup: a master that never was more than priority 1 asks for nothing", () => {
  const it = router(rules({ preempt: false }));
  it.take(4000, heard(1));
  it.take(5000, heard(1));
  assert.equal(it.deadline(), 8609.375);
});
