import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeEntry,
  decodeHistory,
  encodeEntry,
  type HistoryEntry,
  overlap,
} from "../../../src/history/line.ts";
import { anyEntry } from "../../support/history/any_entry.ts";
import { nearMiss, started, transition } from "../../support/history/entries.ts";

Deno.test("an entry is one line of JSON, its kind and time first", () => {
  assert.equal(
    encodeEntry(started()),
    '{"kind":"daemon","time":"2026-11-21T03:04:05.678Z","what":"started"}\n',
  );
  assert.match(encodeEntry(transition()), /^\{"kind":"transition","time":"2026-.*\}\n$/);
});

Deno.test("what is encoded is decoded as it was, on one line, whatever its texts hold", () => {
  fc.assert(fc.property(anyEntry, (entry) => {
    const line = encodeEntry(entry);
    assert.equal(line.indexOf("\n"), line.length - 1);
    assert.deepEqual(decodeEntry(line.slice(0, -1)), entry);
  }));
});

/** What it is, and how the line of a good transition becomes it. */
const FOREIGN: readonly (readonly [string, (line: string) => string])[] = [
  ["nothing", () => ""],
  ["no JSON", () => "started"],
  ["null", () => "null"],
  ["a list", (line) => `[${line}]`],
  ["another kind", (line) => line.replace('"transition"', '"election"')],
  ["no kind", (line) => line.replace('"kind"', '"kin"')],
  ["a kind by inheritance", (line) => line.replace('"transition"', '"constructor"')],
  ["torn", (line) => line.slice(0, -1)],
  ["zeros after a power cut", (line) => line.replace(/./g, "\0")],
  ["two lines in one", (line) => line + line],
  ["a missing field", (line) => line.replace('"node"', '"knot"')],
  ["a state that is none", (line) => line.replace('"to":"master"', '"to":"king"')],
  ["a family that is none", (line) => line.replace('"ipv4"', '"ipx"')],
  ["a number as text", (line) => line.replace('"vrid":51', '"vrid":"51"')],
  ["a priority over 255", (line) => line.replace('"priority":100', '"priority":256')],
  ["a negative silence", (line) => line.replace('"silence_ms":3610', '"silence_ms":-1')],
  ["an infinite silence", (line) => line.replace('"silence_ms":3610', '"silence_ms":1e999')],
  ["no time", (line) => line.replace(/2026-11-21T/, "yesterday ")],
  ["a thirteenth month", (line) => line.replace("2026-11", "2026-13")],
  ["addresses that are none", (line) => line.replace('["192.168.1.50/24"]', "[1]")],
];

for (const [what, spoil] of FOREIGN) {
  Deno.test(`a line is passed over: ${what}`, () => {
    const line = encodeEntry(transition()).trimEnd();
    const spoilt = spoil(line);
    assert.notEqual(spoilt, line);
    assert.equal(decodeEntry(spoilt), undefined);
  });
}

Deno.test("fields that a later version may add are left out", () => {
  const line = encodeEntry(started()).replace("{", '{"__proto__":{"x":1},"later":1,');
  assert.deepEqual(decodeEntry(line), started());
});

Deno.test("a history is decoded in its order, foreign lines counted", () => {
  const text = [started(), "rubbish", nearMiss(), "", transition(), '{"kind":'].map((one) =>
    typeof one === "string" ? `${one}\n` : encodeEntry(one)
  ).join("");
  const expected: readonly HistoryEntry[] = [started(), nearMiss(), transition()];
  assert.deepEqual(decodeHistory(text), { entries: expected, skipped: 2 });
  assert.deepEqual(decodeHistory(""), { entries: [], skipped: 0 });
});

Deno.test("decoding never throws, and what it takes is written and read again as it is", () => {
  const spoilt = fc.tuple(anyEntry, fc.nat(), fc.string()).map(([entry, place, text]) => {
    const line = encodeEntry(entry).trimEnd();
    const at = place % (line.length + 1);
    return line.slice(0, at) + text + line.slice(at + text.length);
  });
  const runs = Number(Deno.env.get("FUZZ_RUNS") ?? 2000);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: "binary" }), fc.json(), spoilt), (text) => {
      for (const entry of decodeHistory(text).entries) {
        assert.deepEqual(decodeEntry(encodeEntry(entry).trimEnd()), entry);
      }
    }),
    { numRuns: runs },
  );
});

/** Seen, now, how much of now is known. */
const OVERLAPS: readonly (readonly [string, string, number])[] = [
  ["", "", 0],
  ["", "a\n", 0],
  ["a\n", "a\n", 2],
  ["a\n", "a\nb\n", 2],
  ["a\nb\nc\n", "b\nc\nd\n", 4],
  ["a\nb\nc\n", "c\n", 2],
  ["a\nb\n", "x\ny\n", 0],
  ["a\nb\n", "", 0],
  ["a\n\nb\n", "a\n", 2],
  ["ab\n", "b\n", 0],
  ["a\na\nb\n", "a\nb\nc\n", 4],
  ["a\nb\nc\nd\n", "a\nc\nd\ne\n", 6],
  ["a\nb\nc\n", "b\nx\na\n", 2],
];

for (const [seen, now, known] of OVERLAPS) {
  Deno.test(`of ${JSON.stringify(now)} after ${JSON.stringify(seen)}, ${known} is known`, () => {
    assert.equal(overlap(seen, now), known);
  });
}
