import assert from "node:assert/strict";
import { jsonParts } from "../../../src/control/json_parts.ts";

Deno.test("JSON in parts is what JSON.stringify writes", () => {
  const nothing: Record<string, unknown> = {};
  const documents = [
    nothing,
    { a: undefined },
    { a: undefined, b: null, c: [], d: [1, "two", { three: [3] }], e: { f: '\n"' } },
    { list: [[], [null]], last: true },
  ];
  for (const document of documents) {
    assert.equal([...jsonParts(document)].join(""), JSON.stringify(document));
  }
});

Deno.test("each element of a list is a part of its own", () => {
  const parts = [...jsonParts({ instances: ["a", "b", "c"] })];
  for (const name of ["a", "b", "c"]) {
    assert.equal(parts.filter((part) => part.includes(`"${name}"`)).length, 1);
    assert.ok(!parts.some((part) => part.includes('"a"') && part.includes('"b"')));
  }
});
