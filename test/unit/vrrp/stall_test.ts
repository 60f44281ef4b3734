import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { heard, HIGHER, LOWER, master, router, rules } from "../../support/vrrp/scene.ts";

Deno.test("stall: a master that slept gives way to the node that took over, however low", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 6000, heard(50)), ["remove", "master->backup stalled"]);
  assert.equal(it.deadline(), ms + 6000 + 3609.375, "preempts like anybody, after listening");
  assert.deepEqual(it.transitions().at(-1), {
    from: "master",
    to: "backup",
    cause: { kind: "stalled", master: HIGHER, priority: 50, silence: seconds(6) },
  });
});

Deno.test("stall: without preempt it obeys the node that took over", () => {
  const { it, ms } = master(rules({ preempt: false }));
  it.take(ms + 6000, heard(50));
  it.take(ms + 7000, heard(50));
  assert.equal(it.deadline(), ms + 7000 + 3609.375);
});

Deno.test("stall: a better one's advert behind it is heard by a backup", () => {
  const { it, ms } = master();
  it.take(ms + 6000, heard(50, LOWER));
  assert.deepEqual(it.take(ms + 6000, heard(200, HIGHER)), []);
});

Deno.test("stall: an expired lease is not put back before all adverts were looked at", () => {
  const { it, ms } = master(rules({ lease: seconds(3) }));
  assert.deepEqual(it.take(ms + 6000, { kind: "addresses-lost" }), []);
  assert.deepEqual(it.take(ms + 6000, { kind: "link-changed" }), []);
  assert.deepEqual(it.take(ms + 6000, { kind: "deadline" }), ["advert 100", "add", "announce 5"]);
});

Deno.test("stall: a shorter one is no node's chance: loser answered, address put back", () => {
  const { it, ms } = master();
  assert.deepEqual(it.take(ms + 3000, heard(99)), ["advert 100", "announce 5"]);
  assert.deepEqual(it.take(ms + 3000, { kind: "addresses-lost" }), ["add", "announce 1"]);
});

Deno.test("stall: exactly when the best of backups would claim, not before", () => {
  const limit = 3000 + 1000 / 256;
  const early = master();
  assert.deepEqual(early.it.take(early.ms + limit - 0.01, heard(50)), ["advert 100", "announce 5"]);
  const late = master();
  assert.deepEqual(late.it.take(late.ms + limit + 0.01, heard(50)), [
    "remove",
    "master->backup stalled",
  ]);
});

Deno.test("stall: a backup that slept listens for an interval before it claims", () => {
  const it = router(rules());
  it.take(500, heard(200));
  assert.deepEqual(it.take(20_000, { kind: "deadline" }), []);
  assert.equal(it.deadline(), 20_000 + 1609.375);
  assert.deepEqual(it.runTo(30_000).at(3), "21609.375 backup->master master-silent");
});

Deno.test("stall: a backup that is merely late claims", () => {
  const it = router(rules({ advertInterval: milliseconds(10) }));
  const due = it.deadline() ?? 0;
  assert.equal(it.take(due + 900, { kind: "deadline" }).at(-1), "backup->master nobody-heard");
});
