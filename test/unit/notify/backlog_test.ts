import assert from "node:assert/strict";
import fc from "fast-check";
import { add, type Backlog, collapse, NOTHING, take } from "../../../src/notify/backlog.ts";

/** What happens to a backlog: an entry with this key comes, one is taken, or the sink is seen to be behind. */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d", "e") },
  { weight: 1, arbitrary: fc.constantFrom("take" as const, "collapse" as const) },
);

interface Item {
  readonly key: string;
  readonly number: number;
}

/** Plays it, and gives what was taken, first what the sink heard and then what it would hear if all were taken. */
function play(happenings: readonly string[], capacity: number) {
  let backlog: Backlog<Item> = NOTHING;
  let longest = 0;
  const came: Item[] = [];
  const taken: Item[] = [];
  const takeOne = (): boolean => {
    const [entry, rest] = take(backlog);
    backlog = rest;
    if (entry !== undefined) taken.push(entry.item);
    return entry !== undefined;
  };
  for (const [number, key] of happenings.entries()) {
    if (key === "take") takeOne();
    else if (key === "collapse") backlog = collapse(backlog);
    else {
      came.push({ key, number });
      backlog = add(backlog, { key, item: { key, number } }, capacity);
    }
    longest = Math.max(longest, backlog.waiting.length);
  }
  while (takeOne());
  return { came, taken, longest, collapsed: backlog.collapsed };
}

const plays = fc.tuple(fc.array(happening, { maxLength: 200 }), fc.integer({ min: 1, max: 20 }));

Deno.test("an older state is never told after a newer one", () => {
  fc.assert(fc.property(plays, ([happenings, capacity]) => {
    const numbers = play(happenings, capacity).taken.map(({ number }) => number);
    assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  }));
});

Deno.test("the newest state of each instance is told, and all others told or counted", () => {
  fc.assert(fc.property(plays, ([happenings, capacity]) => {
    const { came, taken, collapsed } = play(happenings, capacity);
    const newest = (items: readonly Item[]) => new Map(items.map((item) => [item.key, item]));
    assert.deepEqual(new Map([...newest(taken)].sort()), new Map([...newest(came)].sort()));
    assert.equal(taken.length + collapsed, came.length);
  }));
});

Deno.test("no more wait than the capacity, or than there are instances", () => {
  fc.assert(fc.property(plays, ([happenings, capacity]) => {
    assert.ok(play(happenings, capacity).longest <= Math.max(capacity, 5));
  }));
});

Deno.test("nothing is given up as long as there is room", () => {
  const keys = fc.array(fc.constantFrom("a", "b"), { maxLength: 20 });
  fc.assert(fc.property(keys, (happenings) => {
    assert.equal(play(happenings, 20).collapsed, 0);
  }));
});
