import assert from "node:assert/strict";
import fc from "fast-check";
import { printable, printableLine } from "../../src/printable.ts";

const HOSTILE = "\x1b]0;t\x07\x1b[31mRED\r\x7f\x9b31m\u2028\u202e\u2066\u200e\ufeff\u{e0001}";

Deno.test("what a terminal would obey is written out, letters of all languages stay", () => {
  assert.equal(
    printable("a\tb\n\x1b[2Jc\u009b\u{e0001}"),
    "a\tb\n\\u001b[2Jc\\u009b\\udb40\\udc01",
  );
  assert.equal(printableLine("a\tb\n\x1b[2Jc"), "a?b??[2Jc");
  for (const text of ["Küche-ß", "東京", "пи-а", "π", "é", "👍"]) {
    assert.equal(printable(text), text);
    assert.equal(printableLine(text), text);
  }
  assert.doesNotMatch(printable(HOSTILE), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
});

Deno.test("fuzz: a document of JSON says the same afterwards", () => {
  const text = fc.string({ unit: "binary" }).map((one) => HOSTILE + one);
  fc.assert(fc.property(text, (one) => {
    const shown = printable(JSON.stringify({ one }));
    assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    assert.deepEqual(JSON.parse(shown), { one });
  }));
});
