/** Ancillary messages survive, and broken ones do no harm. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeControl, encodeControl } from "../../../src/linux/datagram.ts";
import { describeErrno } from "../../../src/linux/errno.ts";

const message = fc.record({
  level: fc.integer(),
  type: fc.integer(),
  data: fc.uint8Array({ maxLength: 30 }),
}, { noNullPrototype: true });

Deno.test("ancillary messages are read as they were written, aligned to 8 bytes", () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
    const bytes = encodeControl(messages);
    assert.equal(bytes.length % 8, 0);
    const read = decodeControl(bytes).map((one) => ({ ...one, data: one.data.slice() }));
    assert.deepEqual(read, messages);
  }));
});

Deno.test("no bytes make the decoder of ancillary messages throw or hang", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    decodeControl(bytes);
  }));
});

Deno.test("an errno has a name and words; an unknown one says so", () => {
  assert.deepEqual(describeErrno(19), { code: "ENODEV", words: "No such device" });
  assert.deepEqual(describeErrno(4095), { code: "E4095", words: "Unknown error 4095" });
});
