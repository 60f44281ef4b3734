import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { decodeUdp, encodeUdp } from "../../../src/wire/udp.ts";
import { hex } from "../../support/wire/captured.ts";

/**
 * Made by the kernel and read from a tun device, for which it leaves no checksum to a card:
 * "floatip", port 336 to 336.
 */
const CAPTURED = {
  ipv4: {
    source: ip("10.77.0.1"),
    destination: ip("10.77.0.2"),
    bytes: hex("01500150000f2e5c666c6f61746970"),
  },
  ipv6: {
    source: ip("fd77::1"),
    destination: ip("fd77::2"),
    bytes: hex("01500150000f4806666c6f61746970"),
  },
} as const;
const DATAGRAM = {
  sourcePort: 336,
  destinationPort: 336,
  payload: new TextEncoder().encode("floatip"),
};

for (const [family, { source, destination, bytes }] of Object.entries(CAPTURED)) {
  Deno.test(`udp over ${family}: what the kernel makes is what is made here, and read here`, () => {
    assert.deepEqual(encodeUdp(DATAGRAM, source, destination), bytes);
    assert.deepEqual(decodeUdp(bytes), DATAGRAM);
  });
}

Deno.test("udp: what follows the length is no payload, what is shorter is no datagram", () => {
  const { bytes } = CAPTURED.ipv4;
  const padded = new Uint8Array(46);
  padded.set(bytes);
  assert.deepEqual(decodeUdp(padded), DATAGRAM);
  for (let length = 0; length < bytes.length; length++) {
    assert.equal(decodeUdp(bytes.subarray(0, length)), undefined, `${length} bytes`);
  }
  const tooShort = bytes.slice();
  tooShort[5] = 7;
  assert.equal(decodeUdp(tooShort), undefined);
});

Deno.test("udp: a checksum of 0 is sent as 0xffff (RFC 768)", () => {
  const [source, destination] = [ip("10.0.0.1"), ip("10.0.0.2")];
  const ports = { sourcePort: 336, destinationPort: 336 };
  const sums = Array.from({ length: 0x10000 }, (_, i) => {
    const payload = Uint8Array.of(i >> 8, i & 0xff);
    const bytes = encodeUdp({ ...ports, payload }, source, destination);
    return new DataView(bytes.buffer).getUint16(6);
  });
  assert.ok(!sums.includes(0));
  assert.ok(sums.includes(0xffff));
});
