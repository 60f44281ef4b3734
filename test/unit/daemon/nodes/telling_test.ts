/** Telling: when it is enough to say that the last report still holds. */
import { deepStrictEqual } from "node:assert/strict";
import { nodeLater, routerLater } from "../../../../src/cluster/later.ts";
import { Telling } from "../../../../src/daemon/nodes/telling.ts";
import type { VirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { type Instant, milliseconds } from "../../../../src/time.ts";
import { nodeReport, routerReport } from "../../../support/cluster/reports.ts";

const START = 0 as Instant;

/** Which reports are said to hold within 3 s of a loop that never sleeps, of so many routers. */
function beatsOf(count: number): readonly number[] {
  const beats: number[] = [];
  const all = Array.from({ length: count }, () => ({}) as unknown as VirtualRouter);
  const telling = new Telling({
    send: () => {},
    beat: (number) => beats.push(number) > 0,
    routers: { all },
    nodeReport: (now) => nodeLater(nodeReport(), START, now),
    routerReports: (some, now) => some.map(() => routerLater(routerReport(), START, now)),
    file: { hash: undefined, parts: new Map(), keysOf: () => undefined },
  });
  for (let ms = 0; ms <= 3000; ms += 10) telling.tick(milliseconds(ms) as number as Instant);
  return beats;
}

Deno.test("telling: up to 32 virtual routers a report holds; of more there is a new one", () => {
  deepStrictEqual(beatsOf(1), [1, 1, 1, 1]);
  deepStrictEqual(beatsOf(32), [1, 1, 1, 1]);
  deepStrictEqual(beatsOf(33), []);
});
