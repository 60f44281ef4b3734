/**
 * What anybody on the LAN can provoke has a bound: takeovers, answers, farewells, and the interval
 * that is believed.
 */
import assert from "node:assert/strict";
import { milliseconds } from "../../../src/time.ts";
import { learntInterval } from "../../../src/vrrp/intervals.ts";
import { heard, HIGHER, LOWER, master, router, rules } from "../../support/vrrp/scene.ts";

/** Transitions to master among `lines`. */
function takeovers(lines: readonly string[]): number {
  return lines.filter((line) => line.includes("->master")).length;
}

/** Priority 255 and 0 in turn every `ms` milliseconds, for `duration` ms from `start` on. */
function flap(it: ReturnType<typeof router>, start: number, duration: number, ms: number) {
  const lines: string[] = [];
  let priority = 255;
  for (let now = start; now < start + duration; now += ms) {
    lines.push(...it.runTo(now), ...it.take(now, heard(priority, HIGHER, 10)));
    priority = 255 - priority;
  }
  return lines;
}

for (const intervalMs of [10, 100, 1000]) {
  Deno.test(`255 and 0 in turn change the master a few times only: ${intervalMs} ms`, () => {
    const { it, ms } = master(rules({ priority: 150, advertInterval: milliseconds(intervalMs) }));
    const first = takeovers(flap(it, ms + 10, 10_000, 20));
    assert(first >= 3, `the first follow RFC 9568: ${first}`);
    assert(first <= 8, `${first} times in 10 s`);
    const later = takeovers(flap(it, ms + 10_010, 60_000, 20));
    assert(later <= 6, `${later} times in the minute after`);
    const end = ms + 70_010;
    it.runTo(end + 34_000);
    assert.equal(it.state().kind, "master", "afterwards it takes over, within 30 s and some");
  });
}

Deno.test("a node that was quiet for some time follows RFC 9568 again", () => {
  const { it, ms } = master(rules({ priority: 150 }));
  flap(it, ms + 10, 10_000, 20);
  it.runTo(ms + 200_000);
  const again = takeovers(flap(it, ms + 200_010, 200, 20));
  assert.equal(again, 3);
});

Deno.test("a better node that starts, fails and starts again is followed at once each time", () => {
  const { it, ms } = master(rules());
  let now = ms;
  for (let round = 0; round < 20; round++) {
    // It listened for a master-down interval, was master for a moment, and left.
    now += 3400;
    it.runTo(now);
    assert.equal(it.state().kind, "master", `round ${round}`);
    it.take(now, heard(200));
    it.take(now + 200, heard(0));
  }
});

Deno.test("a held-down node obeys the better, and relieves the worse after the hold", () => {
  const { it, ms } = master(rules({ priority: 150 }));
  flap(it, ms + 10, 400, 20);
  assert.equal(it.state().kind, "backup");
  const due = it.deadline() ?? 0;
  assert(due > ms + 2000);
  for (let now = ms + 1000; now < due; now += 100) it.take(now, heard(100, LOWER, 100));
  assert.deepEqual(it.runTo(due).map((line) => line.replace(/^\S+ /, "")), [
    "advert 150",
    "add",
    "announce 5",
    "backup->master preempted-master",
  ]);
});

Deno.test("losing adverts and farewells without end: the first answered at once, all soon", () => {
  for (const priority of [50, 0]) {
    const { it, ms } = master(rules({ priority: 150 }));
    it.runTo(ms + 10_000);
    const start = ms + 10_100;
    assert.equal(it.take(start, heard(priority))[0], "advert 150");
    const lines: string[] = [];
    for (let now = start + 1; now < start + 10_000; now += 1) {
      lines.push(...it.runTo(now), ...it.take(now, heard(priority)));
    }
    const adverts = lines.filter((line) => line.endsWith("advert 150")).length;
    assert(adverts <= 8 + 1000 + 10, `${adverts} adverts in 10 s`);
    assert(adverts >= 10, "it goes on as a master does");
    assert((it.deadline() ?? Infinity) <= start + 10_010, "the last one is answered too");
  }
});

Deno.test("farewells of others than the master: so many count, then only the master's", () => {
  const it = router(rules({ priority: 200 }));
  it.take(3000, heard(250, HIGHER));
  for (let now = 4000; now < 5000; now += 10) {
    it.take(now, heard(250, HIGHER));
    it.take(now + 5, heard(0, LOWER));
  }
  assert.equal(it.deadline(), 4990 + 3218.75, "the master stays, though it did not answer");
  it.take(5000, heard(0, HIGHER));
  assert.equal(it.deadline(), 5000 + 218.75);
});

Deno.test("one advert with 40.95 s leaves no gap beyond the file's interval, no minutes", () => {
  const { it, ms } = master(rules({ priority: 150, intervalKnown: true }));
  it.take(ms + 100, heard(255, HIGHER, 40_950));
  assert.equal(it.state().kind, "backup");
  assert((it.deadline() ?? Infinity) <= ms + 100 + 4300);
  it.runTo(ms + 5000);
  assert.equal(it.state().kind, "master");
});

Deno.test("without [nodes] too: a slow master is waited for, one advert with 40.95 s not", () => {
  const it = router(rules());
  for (let ms = 100; ms < 60_000; ms += 10_000) {
    assert.equal(takeovers(it.runTo(ms)), 0);
    it.take(ms, heard(200, HIGHER, 10_000));
  }
  const { it: attacked, ms } = master(rules({ priority: 150 }));
  attacked.take(ms + 100, heard(255, HIGHER, 40_950));
  attacked.runTo(ms + 12_200);
  assert.equal(attacked.state().kind, "master");
});

Deno.test("a longer interval than the file's is believed as far as its master was there", () => {
  const believed = (
    own: number,
    advertised: number,
    changes: { readonly known?: boolean; readonly for?: number; readonly version?: 2 | 3 } = {},
  ) => {
    const { known: intervalKnown = true, for: heardFor = 0, version = 3 } = changes;
    const ours = rules({ advertInterval: milliseconds(own), intervalKnown, version });
    return learntInterval(ours, milliseconds(advertised), milliseconds(heardFor)) / 1e6;
  };
  assert.equal(believed(1000, 40_950), 1250);
  assert.equal(believed(1000, 40_950, { for: 7003 }), 7000);
  assert.equal(believed(1000, 40_950, { for: 3_600_000 }), 40_950);
  assert.equal(believed(1000, 100), 100);
  assert.equal(believed(500, 3000), 620, "as an advert can say it");
  // From 100 ms to 1 s, node by node: three such intervals have room for one of a second.
  assert.equal(believed(100, 1000), 400);
  assert.equal(believed(1000, 40_950, { known: false }), 3500);
  assert.equal(believed(100, 40_950, { known: false }), 2000);
  assert.equal(believed(1000, 3000, { known: false }), 3000);
  assert.equal(believed(20_000, 40_950, { known: false }), 40_950);
  assert.equal(believed(1000, 3000, { version: 2 }), 1000);
});

Deno.test("a master ten times slower is known by its first answer, and then waited for", () => {
  const it = router(rules({ intervalKnown: true }));
  it.take(100, heard(200, HIGHER, 10_000));
  const lines = it.runTo(9000);
  assert.equal(takeovers(lines), 1, "at its first word it is not believed");
  const claimed = Number(lines.at(-1)?.split(" ")[0]);
  for (let now = claimed + 1; now < 200_000; now += 10_000) {
    assert.equal(takeovers(it.runTo(now)), 0);
    it.take(now, heard(200, HIGHER, 10_000));
    assert.equal(it.state().kind, "backup");
  }
});

Deno.test("where packets were lost a silence is not proven: the wait is longer, bounded", () => {
  const it = router(rules());
  it.take(100, heard(200));
  const last = 4000;
  it.take(last, heard(200));
  for (let ms = last + 100; ms < last + 20_000; ms += 13) {
    if ((it.deadline() ?? Infinity) <= ms) break;
    it.take(ms, { kind: "overrun" });
  }
  assert.equal(it.deadline(), last + 3 * 3609.375);
  const quiet = router(rules());
  quiet.take(100, heard(200));
  quiet.take(last, heard(200));
  quiet.take(last + 100, { kind: "overrun" });
  assert.equal(quiet.deadline(), last + 3609.375, "one loss long before changes nothing");
});
