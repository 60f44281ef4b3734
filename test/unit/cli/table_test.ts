import assert from "node:assert/strict";
import fc from "fast-check";
import { alignColumns, clip, widthOf, wrap } from "../../../src/cli/table.ts";
import { ansi } from "../../../src/cli/terminal.ts";

Deno.test("columns are as wide as their widest cell, escapes not counted", () => {
  const rows = [["NODE", "STATE"], [ansi("bold", "pi-a"), "master"], ["pi-long", ""]];
  assert.deepEqual(alignColumns(rows), [
    "NODE     STATE",
    `${ansi("bold", "pi-a")}     master`,
    "pi-long",
  ]);
});

Deno.test("a line is cut at the terminal's edge, its style ended", () => {
  assert.equal(clip("abcdef", 6), "abcdef");
  assert.equal(clip("abcdef", 4), "abc…");
  const cut = clip(`ab${ansi("bad", "cdef")}`, 4);
  assert.equal(cut, "ab\x1b[31mc…\x1b[0m");
  assert.equal(widthOf(cut), 4);
});

Deno.test("a line is broken at blanks, what follows is indented, and nothing is lost", () => {
  assert.deepEqual(wrap("a bc def", 8), ["a bc def"]);
  assert.deepEqual(wrap("  one two three", 9), ["  one two", "    three"]);
  assert.deepEqual(wrap("onetwothreefour", 6), ["onetwo", "  thre", "  efou", "  r"]);
  const painted = wrap(`${ansi("bad", "one two")} three`, 7);
  assert.deepEqual(painted, ["\x1b[31mone two\x1b[0m", "  three"]);
});

Deno.test("fuzz: lines fit, and say what the one said", () => {
  const words = fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 });
  fc.assert(fc.property(words, fc.integer({ min: 4, max: 40 }), (all, columns) => {
    const lines = wrap(all.join(" "), columns);
    assert.ok(lines.every((line) => widthOf(line) <= columns));
    assert.equal(lines.join("").replaceAll(" ", ""), all.join(""));
  }));
});

Deno.test("an empty text gets no escapes", () => assert.equal(ansi("bold", ""), ""));
