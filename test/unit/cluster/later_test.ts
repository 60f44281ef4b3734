/** A report some time later: ages go on, and nothing else may differ. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { nodeLater, routerLater, saysSame } from "../../../src/cluster/later.ts";
import { type Instant, milliseconds } from "../../../src/time.ts";
import { nodeReport, routerReport } from "../../support/cluster/reports.ts";

const NODE = nodeReport({ maintenance: { age: 10, left: 2000, reason: "disk" } });
const ROUTER = routerReport();

function at(ms: number): Instant {
  return milliseconds(ms) as number as Instant;
}

Deno.test("later: ages go on, what is left gets less", () => {
  const { up, fileAge, maintenance, ...rest } = nodeLater(NODE, at(0), at(1500));
  const { up: before, fileAge: file, maintenance: _, ...same } = NODE;
  deepStrictEqual([up - before, fileAge - file], [1500, 1500]);
  deepStrictEqual(maintenance, { age: 1510, left: 500, reason: "disk" });
  deepStrictEqual(rest, same);
  strictEqual(nodeLater(NODE, at(0), at(9000)).maintenance?.left, 0);
  const { age, checks } = routerLater(ROUTER, at(0), at(1500));
  deepStrictEqual([age, checks[0]?.age], [ROUTER.age + 1500, 241_500]);
});

Deno.test("later: a report says the same only where nothing but its ages moved on", () => {
  ok(saysSame(nodeLater(NODE, at(0), at(1500)), nodeLater(NODE, at(0), at(1520))));
  ok(saysSame(routerLater(ROUTER, at(0), at(1500)), routerLater(ROUTER, at(0), at(1480))));
  const others = [
    ...[{ age: 4000 }, { priority: 191 }, { checks: [] }, { faults: ["a fault"] }],
    ...[{ master: null }, { link: null }, { cause: "another" }, { source: "192.168.1.13" }],
    { checks: ROUTER.checks.map((check) => ({ ...check, last: "500" })) },
    { checks: ROUTER.checks.map((check) => ({ ...check, age: null })) },
    { checks: [...ROUTER.checks, ...ROUTER.checks] },
  ];
  for (const other of others) ok(!saysSame(ROUTER, routerReport(other)), JSON.stringify(other));
  for (
    const other of [{ seals: ["ab"] }, { maintenance: null }, { leaving: true }, { keys: [8] }]
  ) {
    ok(!saysSame(NODE, { ...NODE, ...other }), JSON.stringify(other));
  }
});
