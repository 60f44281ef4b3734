/** The arithmetic of weights equals keepalived's, and stays within 1 to 254. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Contribution,
  contributionsOf,
  effectivePriority,
  type Verdict,
  type Weighted,
} from "../../../src/vrrp/priority.ts";
import type { Priority } from "../../../src/vrrp/rules.ts";

const PROCESS = { kind: "process" } as const;
const NUMBER = { kind: "file", want: "value" } as const;

function points(...numbers: readonly number[]): readonly Contribution[] {
  return numbers.map((count, index) => ({ name: `check-${index}`, points: count }));
}

const SUMS: readonly (readonly [base: number, points: readonly number[], effective: number])[] = [
  [100, [], 100],
  [150, [-50], 100],
  [100, [50], 150],
  [100, [-50, 20], 70],
  [100, [-60, -60], 1],
  [10, [-253], 1],
  [200, [100], 254],
  [254, [253], 254],
  [1, [0], 1],
  // Summed first, bounded then.
  [200, [100, -100], 200],
  [20, [-100, 90], 10],
  // The owner's priority is not touched.
  [255, [-50], 255],
  [255, [50], 255],
];

for (const [base, added, effective] of SUMS) {
  Deno.test(`priority ${base} with [${added.join(" ")}] is ${effective}`, () => {
    assert.equal(effectivePriority(base as Priority, points(...added)), effective);
  });
}

const COUNTS: readonly (readonly [
  title: string,
  weight: number,
  probe: Weighted["probe"],
  verdict: Verdict | undefined,
  points: number,
])[] = [
  ["a negative weight counts while down", -50, PROCESS, { up: false }, -50],
  ["a negative weight counts not while up", -50, PROCESS, { up: true }, 0],
  ["a positive weight counts while up", 20, PROCESS, { up: true }, 20],
  ["a positive weight counts not while down", 20, PROCESS, { up: false }, 0],
  ["no weight counts before the first result", -50, PROCESS, { up: undefined }, 0],
  ["nor does a positive one", 20, PROCESS, { up: undefined }, 0],
  ["nor one that nothing is known of", -50, PROCESS, undefined, 0],
  ["a number counts times the weight", -3, NUMBER, { up: true, value: 7 }, -21],
  ["a negative number", -3, NUMBER, { up: true, value: -7 }, 21],
  ["the number 0", -3, NUMBER, { up: true, value: 0 }, 0],
  ["a number in a file that is gone", -3, NUMBER, { up: false, value: undefined }, 0],
  ["a file that is only to be there", -3, { kind: "file", want: "present" }, { up: false }, -3],
];

for (const [title, weight, probe, verdict, expected] of COUNTS) {
  Deno.test(`weight: ${title}`, () => {
    const found = contributionsOf([{ name: "x", weight, probe }], () => verdict);
    assert.deepEqual(found, [{ name: "x", points: expected }]);
  });
}

Deno.test("weight: a check without one has no part in the priority; the order is kept", () => {
  const checks: readonly Weighted[] = [
    { name: "b", weight: -5, probe: PROCESS },
    { name: "none", weight: undefined, probe: PROCESS },
    { name: "a", weight: 5, probe: PROCESS },
  ];
  const down = contributionsOf(checks, () => ({ up: false }));
  assert.deepEqual(down, [{ name: "b", points: -5 }, { name: "a", points: 0 }]);
});

Deno.test("priority: never outside of 1 to 254, never lower for a better verdict", () => {
  const weight = fc.integer({ min: -253, max: 253 }).filter((count) => count !== 0);
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 254 }),
      fc.array(fc.tuple(weight, fc.boolean()), { maxLength: 6 }),
      fc.nat(5),
      (base, rows, chosen) => {
        const checks = rows.map(([count], index) => ({
          name: String(index),
          weight: count,
          probe: PROCESS,
        }));
        const of = (up: (index: number) => boolean) =>
          effectivePriority(
            base as Priority,
            contributionsOf(checks, (name) => ({ up: up(Number(name)) })),
          );
        const now = of((index) => rows[index]?.[1] ?? false);
        assert.ok(now >= 1 && now <= 254 && Number.isInteger(now));
        assert.ok(of((index) => index === chosen || (rows[index]?.[1] ?? false)) >= now);
      },
    ),
  );
});
