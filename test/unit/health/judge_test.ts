import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProbeResult } from "../../../src/health/check.ts";
import {
  type CheckState,
  firstStart,
  judge,
  nextStart,
  NO_RESULT,
} from "../../../src/health/judge.ts";
import { type Instant, milliseconds, nanoseconds } from "../../../src/time.ts";

function result(ok: boolean, value?: number): ProbeResult {
  const plain = { ok, text: ok ? "fine" : "broken", latency: nanoseconds(1) };
  return value === undefined ? plain : { ...plain, value };
}

/** The verdicts after each of `results`, written "+" and "-". */
function verdicts(results: string, rise: number, fall: number): string {
  let known: CheckState = NO_RESULT;
  return [...results].map((one) => {
    known = judge(known, result(one === "+"), { rise, fall });
    return known.up ? "U" : "d";
  }).join("");
}

const table: readonly (readonly [results: string, rise: number, fall: number, verdicts: string])[] =
  [
    ["+", 5, 5, "U"],
    ["-", 5, 5, "d"],
    ["+-", 1, 1, "Ud"],
    ["+---", 2, 3, "UUUd"],
    ["+--+--+---", 2, 3, "UUUUUUUUUd"],
    ["-+-+-++", 2, 3, "ddddddU"],
    ["-++---++", 2, 3, "ddUUUddU"],
    ["+---+++", 3, 3, "UUUdddU"],
    ["+-", 0, 0, "Ud"],
  ];

for (const [results, rise, fall, expected] of table) {
  Deno.test(`rise ${rise}, fall ${fall}: ${results} gives ${expected}`, () => {
    assert.equal(verdicts(results, rise, fall), expected);
  });
}

Deno.test("before the first result nothing is known", () => {
  assert.deepEqual(NO_RESULT, { up: undefined, streak: 0, last: undefined, value: undefined });
});

Deno.test("the streak counts what speaks against the verdict", () => {
  const settings = { rise: 2, fall: 3 };
  let known: CheckState = NO_RESULT;
  const streaks = [true, false, false, true, false, false, false, true].map((ok) => {
    known = judge(known, result(ok), settings);
    return known.streak;
  });
  assert.deepEqual(streaks, [0, 1, 2, 0, 1, 2, 0, 1]);
});

Deno.test("a value outlives a failure that makes no verdict, and not one that does", () => {
  const settings = { rise: 1, fall: 2 };
  const read = judge(NO_RESULT, result(true, 7), settings);
  const shaky = judge(read, result(false), settings);
  const down = judge(shaky, result(false), settings);
  assert.deepEqual([read.value, shaky.value, down.value], [7, 7, undefined]);
  assert.equal(judge(shaky, result(true, 0), settings).value, 0);
});

const results = fc.array(fc.boolean(), { minLength: 1, maxLength: 60 });
const count = fc.integer({ min: 1, max: 8 });

Deno.test("a verdict turns exactly where a full row of results stands against it", () => {
  fc.assert(fc.property(results, count, count, (row, rise, fall) => {
    let known: CheckState = NO_RESULT;
    row.forEach((ok, index) => {
      const before = known;
      known = judge(before, result(ok), { rise, fall });
      if (before.up === undefined) return assert.equal(known.up, ok);
      const needed = before.up ? fall : rise;
      const tail = row.slice(Math.max(0, index + 1 - needed), index + 1);
      // The first result is never part of a row against itself, so a row this long lies behind it.
      const against = tail.length === needed && tail.every((one) => one !== before.up);
      assert.equal(known.up !== before.up, against);
      assert.ok(known.streak < (known.up ? fall : rise));
      assert.equal(known.last?.ok, ok);
    });
  }));
});

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

Deno.test("schedule: a long attempt is followed at once, and missed ones are skipped", () => {
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
