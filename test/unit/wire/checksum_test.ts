import assert from "node:assert/strict";
import { AssertionFailure } from "../../../src/assert.ts";
import { ip } from "../../../src/net/ip.ts";
import { checksum, pseudoHeader } from "../../../src/wire/checksum.ts";
import { hex } from "../../support/wire/captured.ts";

Deno.test("the example of RFC 1071 section 3 sums to ddf2", () => {
  assert.equal(checksum(hex("0001 f203 f4f5 f6f7")), ~0xddf2 & 0xffff);
});

Deno.test("a checksum in its place makes the whole sum to 0", () => {
  assert.equal(checksum(hex("4500 0073 0000 4000 4011 0000 c0a8 0001 c0a8 00c7")), 0xb861);
  assert.equal(checksum(hex("4500 0073 0000 4000 4011 b861 c0a8 0001 c0a8 00c7")), 0);
});

Deno.test("an odd last byte counts as the high half of a word", () => {
  assert.equal(checksum(hex("01")), checksum(hex("0100")));
  assert.equal(checksum(hex("0001"), hex("02")), checksum(hex("00010200")));
});

Deno.test("no bytes, all zeros and all ones", () => {
  assert.equal(checksum(), 0xffff);
  assert.equal(checksum(new Uint8Array(2)), 0xffff);
  assert.equal(checksum(new Uint8Array(65535 - 1).fill(0xff)), 0);
});

Deno.test("an odd part before another would shift it: that is our own mistake", () => {
  assert.throws(() => checksum(hex("01"), hex("02")), AssertionFailure);
});

Deno.test("pseudo-headers, one field after the other", () => {
  assert.equal(
    pseudoHeader(ip("10.99.0.1"), ip("224.0.0.18"), 112, 12).toHex(),
    ["0a630001", "e0000012", "00", "70", "000c"].join(""),
  );
  assert.equal(
    pseudoHeader(ip("fe80::1"), ip("ff02::12"), 112, 0x10028).toHex(),
    [
      "fe800000000000000000000000000001",
      "ff020000000000000000000000000012",
      "00010028",
      "000000",
      "70",
    ].join(""),
  );
  assert.throws(() => pseudoHeader(ip("10.0.0.1"), ip("::1"), 112, 8), AssertionFailure);
});
