import assert from "node:assert/strict";
import fc from "fast-check";
import { milliseconds, type Nanoseconds, nanoseconds, seconds } from "../../../src/time.ts";
import {
  learntInterval,
  masterDown,
  masterDownOf,
  skew,
  skewOf,
} from "../../../src/vrrp/intervals.ts";
import { rules } from "../../support/vrrp/scene.ts";

const TABLE: readonly (readonly [2 | 3, number, number, number, number])[] = [
  // version, interval ms, priority, skew ns, master-down ns
  [3, 10, 100, 6_093_750, 36_093_750],
  [3, 10, 254, 78_125, 30_078_125],
  [3, 100, 100, 60_937_500, 360_937_500],
  [3, 1000, 100, 609_375_000, 3_609_375_000],
  [3, 1000, 254, 7_812_500, 3_007_812_500],
  [3, 1000, 255, 3_906_250, 3_003_906_250],
  [3, 1000, 1, 996_093_750, 3_996_093_750],
  [3, 40_950, 1, 40_790_039_062, 163_640_039_062],
  [2, 255_000, 1, 996_093_750, 765_996_093_750],
  [2, 1000, 100, 609_375_000, 3_609_375_000],
];

for (const [version, interval, priority, expectedSkew, expectedDown] of TABLE) {
  Deno.test(`intervals: v${version}, ${interval} ms, priority ${priority}`, () => {
    assert.equal(skew(version, priority, milliseconds(interval)), expectedSkew);
    assert.equal(masterDown(version, priority, milliseconds(interval)), expectedDown);
    const own = rules({ version, priority });
    assert.equal(skewOf(own, milliseconds(interval)), expectedSkew);
    assert.equal(masterDownOf(own, milliseconds(interval)), expectedDown);
  });
}

Deno.test("intervals: the v2 skew does not depend on the interval", () => {
  assert.equal(skew(2, 100, seconds(1)), skew(2, 100, seconds(255)));
});

Deno.test("intervals: v3 learns the master's interval, v2 keeps its own", () => {
  assert.equal(learntInterval(rules({ version: 3 }), milliseconds(250), nanoseconds(0)), 250e6);
  assert.equal(learntInterval(rules({ version: 2 }), milliseconds(250), nanoseconds(0)), 1e9);
});

Deno.test("intervals: integer, exact, and the better priority is always the sooner one", () => {
  const version = fc.constantFrom(2 as const, 3 as const);
  const priority = fc.integer({ min: 1, max: 254 });
  const interval = fc.integer({ min: 1, max: 4095 }).map((cs) => cs * 10e6 as Nanoseconds);
  fc.assert(fc.property(version, priority, interval, (v, p, i) => {
    const exact = BigInt(256 - p) * BigInt(v === 2 ? 1e9 : i) / 256n;
    assert.equal(BigInt(skew(v, p, i)), exact);
    assert.equal(BigInt(masterDown(v, p, i)), 3n * BigInt(i) + exact);
    assert.ok(masterDown(v, p + 1, i) < masterDown(v, p, i));
  }));
});
