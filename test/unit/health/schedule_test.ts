import assert from "node:assert/strict";
import fc from "fast-check";
import { firstStart, nextStart } from "../../../src/health/schedule.ts";
import { type Instant, milliseconds } from "../../../src/time.ts";

function at(ms: number): Instant {
  return ms * 1e6 as Instant;
}

Deno.test("the first start is within 200 ms and within the interval", () => {
  assert.equal(firstStart(at(1000), milliseconds(2000), 0), at(1000));
  assert.equal(firstStart(at(1000), milliseconds(2000), 0.5), at(1100));
  assert.equal(firstStart(at(1000), milliseconds(100), 0.5), at(1050));
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(fc.property(chance, fc.integer({ min: 100, max: 100_000 }), (jitter, ms) => {
    const start = firstStart(at(0), milliseconds(ms), jitter);
    assert.ok(start >= 0 && start < Math.min(milliseconds(ms), milliseconds(200)) || start === 0);
  }));
});

Deno.test("attempts keep the rhythm, and lateness does not add up", () => {
  assert.equal(nextStart(at(1000), at(1003), milliseconds(100)), at(1100));
  assert.equal(nextStart(at(1000), at(1100), milliseconds(100)), at(1100));
});

Deno.test("an attempt longer than the interval is followed at once, and missed ones are not made up for", () => {
  assert.equal(nextStart(at(1000), at(1101), milliseconds(100)), at(1101));
  assert.equal(nextStart(at(1000), at(61_000), milliseconds(100)), at(61_000));
});

Deno.test("attempts never overlap", () => {
  const lengths = fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1 });
  fc.assert(fc.property(lengths, (all) => {
    let due = at(0);
    for (const length of all) {
      const finished = at(due / 1e6 + length);
      const next = nextStart(due, finished, milliseconds(100));
      assert.ok(next >= finished && next - due >= 100e6);
      due = next;
    }
  }));
});
