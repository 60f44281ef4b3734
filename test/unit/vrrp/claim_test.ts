/** Claims of exclusive addresses: what a backup does when it gets its lease. */
import assert from "node:assert/strict";
import { heard, HIGHER, LOWER, master, router, rules } from "../../support/vrrp/scene.ts";

const EXCLUSIVE = rules({ exclusive: true });
const PERMIT = { kind: "permit" } as const;

Deno.test("claim: what a living master has given is answered for before it is advertised", () => {
  const it = router(EXCLUSIVE);
  for (let ms = 100; ms <= 9100; ms += 1000) {
    it.take(ms, heard(90, LOWER));
    it.runTo(ms + 999);
  }
  assert.equal(it.state().kind, "backup", "not without its lease");
  assert.deepEqual(it.take(10_100, PERMIT), [
    "add",
    "announce 5",
    "advert 100",
    "backup->master preempted-master",
  ]);
});

Deno.test("claim: of a dead one the advert goes first, for rivals wait for it", () => {
  const it = router(EXCLUSIVE);
  it.take(100, heard(200));
  it.runTo(10_000);
  assert.deepEqual(it.take(10_001, PERMIT), [
    "advert 100",
    "add",
    "announce 5",
    "backup->master master-silent",
  ]);
});

Deno.test("claim: a master that gives its lease says nothing that keeps its successor busy", () => {
  const wished = { kind: "wished", successor: HIGHER } as const;
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 10, wished), ["remove", "master->backup wished"]);
  const leaving = master();
  leaving.it.take(leaving.ms + 10, { kind: "hand-over", why: { kind: "maintenance" } });
  assert.deepEqual(leaving.it.take(leaving.ms + 11, wished), [
    "remove",
    "master->init maintenance",
  ]);
});
