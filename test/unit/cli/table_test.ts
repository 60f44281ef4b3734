import assert from "node:assert/strict";
import { alignColumns, clip, widthOf } from "../../../src/cli/table.ts";
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

Deno.test("an empty text gets no escapes", () => assert.equal(ansi("bold", ""), ""));
