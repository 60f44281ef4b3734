import assert from "node:assert/strict";
import { freshBytes, PORTS } from "../../../src/control/printing.ts";

const DECODER = new TextDecoder();

/** So long one part of a text takes here, in milliseconds. */
const PART_MS = 4;

function spend(): void {
  const began = performance.now();
  while (performance.now() - began < PART_MS);
}

function* parts(): Generator<string> {
  for (const part of ["a", "b", "c"]) {
    spend();
    yield part;
  }
}

Deno.test("others have their turns between the parts of a text", async () => {
  let turns = 0;
  const other = setInterval(() => turns++, 0);
  const seen: number[] = [];
  await PORTS.encode(function* () {
    for (const part of parts()) {
      seen.push(turns);
      yield part;
    }
  });
  clearInterval(other);
  assert.equal(new Set(seen).size, seen.length, `${seen}`);
});

Deno.test("texts are printed one after the other, with a rest of four times as long", async () => {
  let ended = 0;
  let began = 0;
  const first = PORTS.encode(function* () {
    yield* parts();
    ended = performance.now();
  });
  const second = PORTS.encode(() => {
    began = performance.now();
    return parts();
  });
  for (const text of [first, second]) assert.equal(DECODER.decode(await text), "abc");
  // Timers are exact to a millisecond.
  assert.ok(began - ended >= 4 * 3 * PART_MS - 2, `${began - ended} ms`);
});

Deno.test("a text that cannot be printed does not keep the next one", async () => {
  const broken = PORTS.encode(() => {
    throw new Error("it cannot be printed");
  });
  await assert.rejects(broken, /it cannot be printed/);
  assert.equal(DECODER.decode(await PORTS.encode(() => ["a"])), "a");
});

Deno.test("a text that waits for others is printed once for all that ask", async () => {
  let printed = 0;
  const ask = freshBytes(() => {
    printed++;
    return ["a"];
  }, 0);
  const before = PORTS.encode(parts);
  await Promise.all([before, ask(), ask(), ask()]);
  assert.equal(printed, 1);
  await ask();
  assert.equal(printed, 2);
});
