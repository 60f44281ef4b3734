import assert from "node:assert/strict";
import fc from "fast-check";
import type { ProbeResult } from "../../../src/health/check.ts";
import { type CheckState, judge, NO_RESULT } from "../../../src/health/judge.ts";
import { nanoseconds } from "../../../src/time.ts";

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
