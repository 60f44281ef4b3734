/** Netlink messages and attributes as bytes and back; broken ones do no harm. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  attribute,
  attributeTable,
  concat,
  decodeMessages,
  decodeVerdict,
  encodeMessage,
  raw,
  s32Array,
  text,
  u32,
  u8,
} from "../../../../src/linux/netlink/message.ts";
import { verdict } from "../../../support/linux/netlink/fake_kernel.ts";

const message = fc.record({
  type: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  seq: fc.nat(0xffffffff),
  pid: fc.nat(0xffffffff),
  body: fc.uint8Array({ maxLength: 40 }),
}, { noNullPrototype: true });

const TABLE = attributeTable({
  one: attribute(1, u8),
  many: attribute(2, s32Array),
  name: attribute(3, text),
  nested: attribute(9, attributeTable({ number: attribute(1, u32), rest: attribute(2, raw) })),
});

Deno.test("messages laid end to end are read one by one", () => {
  fc.assert(fc.property(fc.array(message, { maxLength: 5 }), (messages) => {
    const bytes = concat(...messages.map(encodeMessage));
    assert.equal(bytes.length % 4, 0);
    assert.deepEqual(decodeMessages(bytes), messages);
  }));
});

Deno.test("a message is laid out as the kernel wants it", () => {
  const body = Uint8Array.of(1, 2, 3);
  const bytes = encodeMessage({ type: 20, flags: 0x605, seq: 7, pid: 0, body });
  assert.deepEqual([...bytes], [
    ...[19, 0, 0, 0], // length, without the padding
    ...[20, 0], // RTM_NEWADDR
    ...[0x05, 0x06], // REQUEST | ACK | EXCL | CREATE
    ...[7, 0, 0, 0], // sequence number
    ...[0, 0, 0, 0], // to the kernel
    ...[1, 2, 3, 0], // body, padded to a multiple of 4
  ]);
});

Deno.test("no bytes make a decoder throw", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
    for (const one of decodeMessages(bytes)) decodeVerdict(one);
    TABLE.decode(bytes);
    decodeVerdict({ type: 2, flags: 0x200, seq: 0, pid: 0, body: bytes });
    decodeVerdict({ type: 2, flags: 0x300, seq: 0, pid: 0, body: bytes });
  }));
});

Deno.test("attributes survive, nested ones too; what is not there stays away", () => {
  const values = fc.record({
    one: fc.nat(255),
    many: fc.array(fc.integer()),
    name: fc.string({ unit: "grapheme-ascii" }).filter((name) => !name.includes("\0")),
    nested: fc.record({ number: fc.nat(0xffffffff), rest: fc.uint8Array() }, {
      requiredKeys: [],
      noNullPrototype: true,
    }),
  }, { requiredKeys: [], noNullPrototype: true });
  fc.assert(fc.property(values, (given) => {
    assert.deepEqual(TABLE.decode(TABLE.encode(given)), { ...given });
  }));
});

Deno.test("a nested attribute carries NLA_F_NESTED, which is no part of its number", () => {
  const bytes = TABLE.encode({ nested: { number: 1 } });
  assert.deepEqual([...bytes.subarray(0, 4)], [12, 0, 9, 0x80]);
});

Deno.test("undeclared attributes are passed over", () => {
  const newer = attributeTable({ unknown: attribute(77, u32), one: attribute(1, u8) });
  assert.deepEqual(TABLE.decode(newer.encode({ unknown: 1, one: 5 })), { one: 5 });
});

Deno.test("a verdict has the kernel's own words, with the request whole or capped", () => {
  const request = { type: 20, flags: 5, seq: 3, pid: 0, body: Uint8Array.of(1, 2, 3, 4) };
  const capped = verdict(request, -17, "ipv4: Address already assigned");
  assert.deepEqual(decodeVerdict(capped), { error: -17, words: "ipv4: Address already assigned" });
  const attributes = capped.body.subarray(20);
  const whole = concat(capped.body.subarray(0, 4), encodeMessage(request), attributes);
  assert.deepEqual(decodeVerdict({ ...capped, flags: 0x200, body: whole }), {
    error: -17,
    words: "ipv4: Address already assigned",
  });
  assert.deepEqual(decodeVerdict(verdict(request, 0)), { error: 0, words: undefined });
});
