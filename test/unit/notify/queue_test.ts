import assert from "node:assert/strict";
import fc from "fast-check";
import type { TransitionRecord } from "../../../src/daemon/journal/record.ts";
import {
  add,
  type Backlog,
  CAPACITY,
  collapse,
  DeliveryQueue,
  NOTHING,
  take,
} from "../../../src/notify/queue.ts";
import { type DeliveryResult, failure, type Sink, success } from "../../../src/notify/sink.ts";
import { eventually } from "../../support/health/checks.ts";
import { record, transitions } from "../../support/notify/records.ts";

const soon = () => Promise.resolve();

function sink(
  deliver: (record: TransitionRecord, deadline: AbortSignal) => Promise<DeliveryResult>,
  change: Partial<Sink> = {},
): Sink {
  return { name: "fake", timeoutMs: 10_000, retries: 0, wants: () => true, deliver, ...change };
}

Deno.test("nothing begins before the caller is done", async () => {
  let begun = 0;
  await using queue = new DeliveryQueue(null, sink(() => Promise.resolve(success(`${++begun}`))));
  queue.add(record());
  assert.equal(begun, 0);
  assert.equal(queue.status().pending, 1);
  await queue.close();
  assert.equal(begun, 1);
});

Deno.test("queue: one at a time, in order; delivered, failed, outdated are counted", async () => {
  const script = fc.array(fc.constantFrom("ok", "no", "again", "throw"), { minLength: 1 });
  const bursts = fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1, maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(
      script,
      bursts,
      fc.integer({ min: 0, max: 3 }),
      async (fates, sizes, retries) => {
        const heard: number[] = [];
        let attempts = 0;
        let busy = 0;
        const fake = sink(async ({ silence_ms }) => {
          assert.equal(++busy, 1);
          await Promise.resolve();
          busy--;
          heard.push(silence_ms ?? -1);
          const fate = fates[attempts++ % fates.length];
          if (fate === "throw") throw new Error("http://user:hunter2@host/");
          return fate === "ok" ? success("fine") : failure("no", fate === "again");
        }, { retries });
        await using queue = new DeliveryQueue(null, fake, soon);
        const all = transitions(sizes.reduce((sum, size) => sum + size));
        let next = 0;
        for (const size of sizes) {
          for (const one of all.slice(next, next += size)) queue.add(one);
          for (let turn = 0; turn < 30; turn++) await Promise.resolve();
          assert.ok(queue.status().pending <= CAPACITY + 1);
        }
        await queue.close();
        assert.deepEqual(heard, heard.toSorted((a, b) => a - b));
        assert.equal(heard.at(-1), all.length - 1);
        const { delivered, collapsed, failed, pending, last } = queue.status();
        assert.equal(delivered + collapsed + failed, all.length);
        assert.equal(pending, 0);
        assert.doesNotMatch(last?.words ?? "", /hunter2/);
      },
    ),
  );
});

Deno.test("pauses between attempts double up to a minute", async () => {
  const pauses: number[] = [];
  const reached = Promise.withResolvers<void>();
  const fake = sink(({ instance }) => {
    if (instance === "next") reached.resolve();
    return Promise.resolve(instance === "next" ? success("200") : failure("503", true));
  }, { retries: 8 });
  await using queue = new DeliveryQueue(null, fake, (ms) => Promise.resolve(void pauses.push(ms)));
  queue.add(record());
  queue.add(record({ instance: "next" }));
  await reached.promise;
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

Deno.test("a newer state of the same instance ends the attempts for the older one", async () => {
  const heard: number[] = [];
  const reached = Promise.withResolvers<void>();
  const fake = sink(({ silence_ms }) => {
    heard.push(silence_ms ?? -1);
    if (silence_ms === 3) reached.resolve();
    return Promise.resolve(silence_ms === 3 ? success("200") : failure("503", true));
  }, { retries: 20 });
  await using queue = new DeliveryQueue(null, fake, () => {
    if (heard.length === 1) { for (const one of transitions(4).slice(1)) queue.add(one); }
    return Promise.resolve();
  });
  for (const one of transitions(1)) queue.add(one);
  await reached.promise;
  // 1 is tried once, since the sink might be back; then it is behind, and only the newest counts.
  assert.deepEqual(heard, [0, 1, 3]);
  await queue.close();
  const { delivered, collapsed, failed } = queue.status();
  assert.deepEqual({ delivered, collapsed, failed }, { delivered: 1, collapsed: 3, failed: 0 });
});

Deno.test("closing tells the newest states without pauses", async () => {
  const heard: number[] = [];
  const pausing = Promise.withResolvers<void>();
  const fake = sink(({ silence_ms }) => {
    heard.push(silence_ms ?? -1);
    return Promise.resolve(heard.length === 1 ? failure("503", true) : success("200"));
  }, { retries: 20 });
  await using queue = new DeliveryQueue(null, fake, (_, stop) => {
    pausing.resolve();
    return new Promise((resolve) => stop.addEventListener("abort", () => resolve()));
  });
  const [first, ...others] = transitions(5);
  if (first !== undefined) queue.add(first);
  await pausing.promise;
  for (const one of others) queue.add(one);
  await queue.close();
  assert.deepEqual(heard, [0, 4]);
  queue.add(record());
  assert.equal(queue.status().pending, 0);
});

Deno.test("an attempt ends at the timeout, and the next has its turn", async () => {
  let attempts = 0;
  const stuck = sink((_, deadline) => {
    if (++attempts > 1) return Promise.resolve(success("fine"));
    const { promise, reject } = Promise.withResolvers<DeliveryResult>();
    deadline.addEventListener("abort", () => reject(new Error("aborted")));
    return promise;
  }, { timeoutMs: 20 });
  await using queue = new DeliveryQueue("web", stuck);
  queue.add(record());
  const answer = await queue.try(record());
  assert.deepEqual(answer, success("fine"));
  const { failed, delivered, instance } = queue.status();
  assert.deepEqual({ failed, delivered, instance }, { failed: 1, delivered: 1, instance: "web" });
});

Deno.test("a sink that fails is logged once, and when it works again", async () => {
  const fates = [true, false, false, true, true, false];
  const said: string[] = [];
  const fake = sink(() => {
    const ok = fates.shift() ?? true;
    return Promise.resolve(ok ? success("fine") : failure("exit 1: disk full", false));
  });
  const tell = (level: string, words: string) => said.push(`${level}: ${words}`);
  await using queue = new DeliveryQueue("web", fake, soon, tell);
  for (const one of transitions(6)) queue.add(one);
  await eventually("all were tried", () => queue.status().pending === 0);
  assert.deepEqual(said, [
    "warning: notify: fake of web fails: exit 1: disk full",
    "info: notify: fake of web works again",
    "warning: notify: fake of web fails: exit 1: disk full",
  ]);
});

Deno.test("queue: a test ends a pause; a working sink gets all, a broken one answers", async () => {
  let works = false;
  let pauses = 0;
  const fake = sink(
    () => Promise.resolve(works ? success("fine") : failure("refused", true)),
    { retries: Infinity },
  );
  await using queue = new DeliveryQueue(null, fake, (_, stop) => {
    pauses++;
    return new Promise((resolve) => stop.addEventListener("abort", () => resolve()));
  });
  queue.add(record());
  await eventually("it pauses", () => pauses === 1);
  assert.deepEqual(await queue.try(record()), failure("refused", true));
  assert.equal(queue.status().pending, 1);
  await eventually("it pauses again", () => pauses === 2);
  works = true;
  assert.deepEqual(await queue.try(record()), success("fine"));
  const { delivered, failed, pending } = queue.status();
  assert.deepEqual({ delivered, failed, pending }, { delivered: 2, failed: 1, pending: 0 });
});

Deno.test("a test says that it has no turn where earlier ones take all the time", async () => {
  await using queue = new DeliveryQueue(
    null,
    sink(
      (_, deadline) =>
        new Promise((resolve) =>
          deadline.addEventListener("abort", () => resolve(failure("ended", false)))
        ),
      { timeoutMs: 60 },
    ),
  );
  for (const one of transitions(2)) queue.add(one);
  queue.add(record({ instance: "other" }));
  queue.add(record({ instance: "third" }));
  queue.add(record({ instance: "fourth" }));
  const answer = await queue.try(record());
  assert.match(answer.text, /not its turn/);
});

/**
 * What happens to a backlog: an entry with this key comes, one is taken, or the sink is seen to be
 * behind.
 */
const happening = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom("a", "b", "c", "d", "e") },
  { weight: 1, arbitrary: fc.constantFrom("take" as const, "collapse" as const) },
);

interface Item {
  readonly key: string;
  readonly number: number;
}

/**
 * Plays it, and gives what was taken, first what the sink heard and then what it would hear if all
 * were taken.
 */
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
