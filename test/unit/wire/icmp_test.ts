import assert from "node:assert/strict";
import fc from "fast-check";
import { checksum } from "../../../src/wire/checksum.ts";
import { decodeEchoReply, ECHO_MESSAGE, encodeEchoRequest } from "../../../src/wire/icmp.ts";
import { hex } from "../../support/wire/captured.ts";

const ECHO = { id: 0x1234, sequence: 1, data: hex("616263") };

Deno.test("an echo request over IPv4 has its checksum, over IPv6 none yet", () => {
  const expected = `
    08 00
    2168         # checksum, by hand: ~(0800 + 1234 + 0001 + 6162 + 6300)
    1234 0001
    616263`;
  assert.equal(encodeEchoRequest("ipv4", ECHO).toHex(), hex(expected).toHex());
  assert.equal(encodeEchoRequest("ipv6", ECHO).toHex(), "8000000012340001616263");
});

Deno.test("a reply is read, and nothing else", () => {
  const reply = hex("00 00 2968 1234 0001 616263");
  assert.deepEqual(decodeEchoReply("ipv4", reply), ECHO);
  assert.deepEqual(decodeEchoReply("ipv6", hex("81 00 ffff 1234 0001 616263")), ECHO);
  const wrong = { "a request": 0, "a code": 1, "a checksum": 3, "another sequence": 7 };
  for (const [what, at] of Object.entries(wrong)) {
    const other = reply.slice();
    other[at] = (other[at] ?? 0) + 8;
    assert.equal(decodeEchoReply("ipv4", other), undefined, what);
  }
  assert.equal(decodeEchoReply("ipv6", reply), undefined);
  assert.equal(decodeEchoReply("ipv4", reply.subarray(0, 7)), undefined);
});

Deno.test("fuzz: any bytes are a reply or none; what a host turns round comes back whole", () => {
  const anyBytes = fc.uint8Array({ maxLength: 100 });
  const families = fc.constantFrom("ipv4" as const, "ipv6" as const);
  fc.assert(fc.property(anyBytes, families, (bytes, family) => {
    decodeEchoReply(family, bytes);
  }));
  const echo = fc.tuple(families, fc.nat(65535), fc.nat(65535), anyBytes);
  fc.assert(fc.property(echo, ([family, id, sequence, data]) => {
    const message = encodeEchoRequest(family, { id, sequence, data });
    message[0] = family === "ipv4" ? 0 : 129;
    const fields = ECHO_MESSAGE.read(message);
    ECHO_MESSAGE.write({ ...fields, checksum: 0 }, message);
    ECHO_MESSAGE.write({ ...fields, checksum: checksum(message) }, message);
    assert.deepEqual(decodeEchoReply(family, message), { id, sequence, data });
  }));
});
