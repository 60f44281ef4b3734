import assert from "node:assert/strict";
import { AssertionFailure } from "../../../src/assert.ts";
import {
  be16,
  be32,
  be64,
  bytes,
  type Field,
  layout,
  ne16,
  ne32,
  ne64,
  neS16,
  neS32,
  neS64,
  pad,
  u8,
} from "../../../src/wire/layout.ts";
import { printLayout } from "../../support/wire/print_layout.ts";

Deno.test("a layout reads and writes each field at its offset, in its byte order", () => {
  const mixed = layout("mixed", 31, {
    a: u8(0),
    b: be16(1),
    c: be32(3),
    d: ne16(7),
    e: ne32(9),
    gap: pad(13, 2),
    f: neS16(15),
    g: neS32(17),
    h: bytes(21, 3),
    rest: pad(24, 7),
  });
  const values = {
    a: 0x11,
    b: 0x2233,
    c: 0xf4556677,
    d: 0x8899,
    e: 0xaabbccdd,
    f: -2,
    g: -3,
    h: new Uint8Array([1, 2, 3]),
  };
  const written = mixed.write(values);
  assert.equal(
    written.toHex(),
    ["11", "2233", "f4556677", "9988", "ddccbbaa", "0000", "feff", "fdffffff", "010203"]
      .join("") + "00".repeat(7),
  );
  assert.deepEqual(mixed.read(written), values);
});

Deno.test("64-bit fields are bigint", () => {
  const wide = layout("wide", 24, { a: be64(0), b: ne64(8), c: neS64(16) });
  const values = { a: 1n, b: 0xfffffffffffffffen, c: -2n };
  const written = wide.write(values);
  assert.equal(written.toHex(), "0000000000000001" + "feffffffffffffff" + "feffffffffffffff");
  assert.deepEqual(wide.read(written), values);
});

Deno.test("a layout reads and writes in the middle of other bytes, and of a larger buffer", () => {
  const pair = layout("pair", 4, { a: be16(0), b: be16(2) });
  const buffer = new Uint8Array(10).fill(0xee);
  const part = buffer.subarray(2, 9);
  assert.equal(pair.write({ a: 1, b: 2 }, part, 1), part);
  assert.equal(buffer.toHex(), "eeeeee" + "00010002" + "eeeeee");
  assert.deepEqual(pair.read(part, 1), { a: 1, b: 2 });
  assert.equal(pair.fits(part, 3), true);
  assert.equal(pair.fits(part, 4), false);
  assert.equal(pair.fits(part, -1), false);
  assert.throws(() => pair.read(part, 4), AssertionFailure);
  assert.throws(() => pair.write({ a: 1, b: 2 }, part, 4), AssertionFailure);
});

Deno.test("byte fields keep to their part of a larger buffer", () => {
  const named = layout("named", 3, { a: u8(0), b: bytes(1, 2) });
  const buffer = new Uint8Array(8);
  const values = { a: 1, b: new Uint8Array([2, 3]) };
  named.write(values, buffer.subarray(2, 7), 1);
  assert.equal(buffer.toHex(), "000000" + "010203" + "0000");
  assert.deepEqual(named.read(buffer.subarray(2, 7), 1), values);
});

Deno.test("writing clears padding and reading copies bytes", () => {
  const padded = layout("padded", 4, { a: bytes(0, 2), b: pad(2, 2) });
  const dirty = new Uint8Array(4).fill(0xff);
  padded.write({ a: new Uint8Array([1, 2]) }, dirty);
  assert.equal(dirty.toHex(), "01020000");
  const { a } = padded.read(dirty);
  dirty.fill(9);
  assert.equal(a.toHex(), "0102");
});

Deno.test("a wrong declaration throws where it is declared", () => {
  const wrong: readonly (readonly [string, number, Parameters<typeof layout>[2]])[] = [
    ["no hole at 1", 4, { a: u8(0), b: be16(2) }],
    ["no hole at 0", 4, { a: be16(2) }],
    ["overlaps", 4, { a: be32(0), b: u8(3) }],
    ["overlaps", 2, { a: be16(0), b: be16(0) }],
    ["is 5 bytes", 5, { a: be32(0) }],
    ["is 3 bytes", 3, { a: be32(0) }],
    ["is 1 bytes", 1, {}],
    ["at least one byte", 1, { a: u8(0), b: bytes(1, 0) }],
  ];
  for (const [words, size, members] of wrong) {
    assert.throws(
      () => layout("wrong", size, members),
      (error: unknown) => error instanceof AssertionFailure && error.message.includes(words),
      words,
    );
  }
});

Deno.test("a value out of its field's range throws instead of being cut", () => {
  const refuses = <T>(field: Field<T>, values: readonly T[]) => {
    const one = layout("one", field.size, { field });
    for (const value of values) {
      assert.throws(() => one.write({ field: value } as never), AssertionFailure);
    }
  };
  refuses(u8(0), [-1, 256, 1.5, NaN]);
  refuses(be16(0), [-1, 65536, 0.5]);
  refuses(ne16(0), [-1, 65536]);
  refuses(be32(0), [-1, 2 ** 32]);
  refuses(ne32(0), [-1, 2 ** 32, Infinity]);
  refuses(neS16(0), [-32769, 32768]);
  refuses(neS32(0), [-(2 ** 31) - 1, 2 ** 31]);
  refuses(be64(0), [-1n, 1n << 64n]);
  refuses(ne64(0), [-1n, 1n << 64n]);
  refuses(neS64(0), [1n << 63n, -(1n << 63n) - 1n]);
  refuses(bytes(0, 2), [new Uint8Array(1), new Uint8Array(3)]);
});

Deno.test("a layout prints as a table in order of offsets", () => {
  const printed = printLayout(layout("small", 4, { b: be16(2), a: u8(0), none: pad(1, 1) }));
  assert.equal(
    printed,
    ["small: 4 bytes", "   0   1  u8     a", "   1   1  pad    none", "   2   2  be16   b"]
      .join("\n"),
  );
});
