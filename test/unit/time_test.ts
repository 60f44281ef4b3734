import assert from "node:assert/strict";
import fc from "fast-check";
import {
  after,
  between,
  earliest,
  formatDuration,
  formatLocalTime,
  formatWallTime,
  type Instant,
  latest,
  milliseconds,
  nanoseconds,
  parseDuration,
  seconds,
  toMilliseconds,
  type WallTime,
  writeDuration,
} from "../../src/time.ts";

const at = (count: number) => count as Instant;

Deno.test("durations are integer nanoseconds, by any unit", () => {
  assert.equal(nanoseconds(1.9), 1);
  assert.equal(milliseconds(36.09375), 36_093_750);
  assert.equal(milliseconds(0.1), 100_000);
  assert.equal(seconds(40.95), 40_950_000_000);
  assert.equal(seconds(3600 * 24 * 100), 8_640_000_000_000_000);
  assert.equal(toMilliseconds(nanoseconds(1_500_000)), 1.5);
});

Deno.test("instants", () => {
  assert.equal(after(at(5), seconds(1)), 1_000_000_005);
  assert.equal(between(at(5), at(7)), 2);
  assert.equal(between(at(7), at(5)), -2);
  assert.equal(earliest(), undefined);
  assert.equal(earliest(undefined, undefined), undefined);
  assert.equal(earliest(at(7), undefined, at(0), at(9)), 0);
  assert.equal(latest(), undefined);
  assert.equal(latest(undefined, undefined), undefined);
  assert.equal(latest(at(0), undefined, at(9), at(7)), 9);
});

/** What users write, and how it is written back. */
const WRITTEN: readonly (readonly [text: string, count: number, back?: string])[] = [
  ["100ms", 100e6],
  ["1s", 1e9],
  ["2m", 120e9],
  ["1h", 3600e9],
  ["1000ms", 1e9, "1s"],
  ["60s", 60e9, "1m"],
  ["90s", 90e9],
  ["120m", 7200e9, "2h"],
  ["1.5s", 1.5e9, "1500ms"],
  ["0.5ms", 0.5e6],
  ["40.95s", 40.95e9, "40950ms"],
  ["0s", 0, "0ms"],
  ["0.000001ms", 1],
  [" 1 s ", 1e9, "1s"],
];

for (const [text, count, back = text] of WRITTEN) {
  Deno.test(`"${text}" is ${count} ns`, () => {
    assert.equal(parseDuration(text), count);
    assert.equal(writeDuration(nanoseconds(count)), back);
  });
}

Deno.test("what is not a duration is undefined", () => {
  const wrong = ["", "1", "s", "1 d", "1sec", "-1s", "+1s", "1e3s", ".5s", "1.s", "1,5s", "1s 2ms"];
  for (const text of [...wrong, "1S", "1us", "Infinitys", "NaNs", "0x1s", `${"9".repeat(400)}s`]) {
    assert.equal(parseDuration(text), undefined, text);
  }
  assert.equal(parseDuration("104249991374ms"), undefined);
  assert.equal(parseDuration("3000h"), undefined);
  assert.equal(parseDuration("2500h"), 9e15);
});

Deno.test("every duration comes back from its text, up to 11 days", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 1e15 }), (count) => {
    assert.equal(parseDuration(writeDuration(nanoseconds(count))), count);
  }));
});

/** What people read. */
const SHOWN: readonly (readonly [number, string])[] = [
  [0, "0 ms"],
  [1, "0 ms"],
  [78_125, "0.08 ms"],
  [6_093_750, "6.09 ms"],
  [9_996_000, "10 ms"],
  [36_093_750, "36 ms"],
  [999_499_999, "999 ms"],
  [999_500_000, "1 s"],
  [1e9, "1 s"],
  [3_609_375_000, "3.61 s"],
  [59_990_000_000, "59.99 s"],
  [59_996_000_000, "1 min"],
  [60e9, "1 min"],
  [119_994_999_999, "1 min 59 s"],
  [119_995_000_000, "2 min"],
  [125e9, "2 min 5 s"],
  [3_599e9, "59 min 59 s"],
  [3_600e9, "1 h"],
  [10_925e9, "3 h 2 min"],
  [86_400e9, "1 d"],
  [1_051_300e9, "12 d 4 h"],
];

for (const [count, text] of SHOWN) {
  Deno.test(`${count} ns reads "${text}"`, () => {
    assert.equal(formatDuration(nanoseconds(count)), text);
  });
}

Deno.test("wall time is RFC 3339 in UTC", () => {
  assert.equal(formatWallTime(1_795_230_245_678 as WallTime), "2026-11-21T03:04:05.678Z");
  assert.equal(formatWallTime(0 as WallTime), "1970-01-01T00:00:00.000Z");
});

Deno.test("for people a time is local, and means the same moment", () => {
  const text = formatLocalTime(1_795_230_245_678 as WallTime);
  assert.match(text, /^2026-11-2[012] \d\d:\d\d:05\.678$/);
  assert.equal(Date.parse(text.replace(" ", "T")), 1_795_230_245_678);
});
