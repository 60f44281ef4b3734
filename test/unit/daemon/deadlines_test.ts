/** Deadlines: a heap against a plain list. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { Deadlines } from "../../../src/daemon/deadlines.ts";
import type { Instant } from "../../../src/time.ts";

const change = fc.record({
  item: fc.nat(12),
  at: fc.option(fc.nat(50), { nil: undefined }),
  now: fc.option(fc.nat(50), { nil: undefined }),
});

Deno.test("deadlines: whatever is set and taken, the earliest comes first, each item once", () => {
  fc.assert(fc.property(fc.array(change, { maxLength: 80 }), (changes) => {
    const deadlines = new Deadlines<number>();
    const list = new Map<number, number>();
    for (const { item, at, now } of changes) {
      deadlines.set(item, at as Instant | undefined);
      if (at === undefined) list.delete(item);
      else list.set(item, at);
      assert.equal(deadlines.next, list.size === 0 ? undefined : Math.min(...list.values()));
      if (now === undefined) continue;
      const taken = deadlines.take(now as Instant);
      const due = [...list.values()].filter((one) => one <= now);
      assert.equal(taken === undefined, due.length === 0);
      if (taken === undefined) continue;
      assert.equal(list.get(taken), Math.min(...due));
      list.delete(taken);
    }
  }));
});
