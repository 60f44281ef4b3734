import assert from "node:assert/strict";
import { AssertionFailure } from "../../../src/assert.ts";
import { ip } from "../../../src/net/ip.ts";
import { checksum } from "../../../src/wire/checksum.ts";
import { decodeIpv4, encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../../src/wire/ipv6.ts";
import { CAPTURED, hex } from "../../support/wire/captured.ts";

for (const { name, header, datagram } of CAPTURED) {
  if (header === undefined) continue;
  const { source, destination, payload } = datagram;
  Deno.test(`IPv4 header captured from keepalived: ${name}`, () => {
    const packet = new Uint8Array([...header, ...payload]);
    assert.equal(encodeIpv4({ source, destination, id: 1, payload }).toHex(), packet.toHex());
    assert.deepEqual(decodeIpv4(packet), {
      source,
      destination,
      ttl: 255,
      protocol: 112,
      id: 1,
      typeOfService: 0xc0,
      payload,
    });
  });
}

/** A packet whose header checksum is right whatever else is wrong with it. */
function sealed(header: string, payload: string): Uint8Array {
  const head = hex(header);
  head.set([0, 0], 10);
  const length = 4 * ((head[0] ?? 0) & 0xf);
  new DataView(head.buffer).setUint16(10, checksum(head.subarray(0, length)));
  return new Uint8Array([...head, ...hex(payload)]);
}

/** An IPv4 header, one field per line; every field can be had wrong. */
function ipv4(fields: Readonly<Partial<Record<"first" | "length" | "fragment", string>>> = {}) {
  return `
    ${fields.first ?? "45"}
    c0
    ${fields.length ?? "0016"}
    0007
    ${fields.fragment ?? "0000"}
    40           # TTL 64
    70
    0000         # checksum, filled in
    0a630001
    e0000012`;
}

Deno.test("IHL 6: options are left aside, the payload begins after them", () => {
  const options = "94040000"; // router alert
  const packet = decodeIpv4(sealed(`${ipv4({ first: "46", length: "001a" })} ${options}`, "abcd"));
  assert.equal(packet?.payload.toHex(), "abcd");
  assert.equal(packet.ttl, 64);
  const most = sealed(`${ipv4({ first: "4f", length: "003e" })} ${"01".repeat(40)}`, "abcd");
  assert.equal(decodeIpv4(most)?.payload.toHex(), "abcd");
});

Deno.test("Ethernet padding after the total length is cut off", () => {
  assert.equal(decodeIpv4(sealed(ipv4(), "abcd 000000000000"))?.payload.toHex(), "abcd");
});

Deno.test("a packet without payload is a packet", () => {
  assert.equal(decodeIpv4(sealed(ipv4({ length: "0014" }), ""))?.payload.length, 0);
});

Deno.test("DON'T FRAGMENT does not make a fragment; MORE FRAGMENTS and an offset do", () => {
  assert.equal(decodeIpv4(sealed(ipv4({ fragment: "4000" }), "abcd"))?.payload.toHex(), "abcd");
  assert.equal(decodeIpv4(sealed(ipv4({ fragment: "2000" }), "abcd")), undefined);
  assert.equal(decodeIpv4(sealed(ipv4({ fragment: "0001" }), "abcd")), undefined);
});

Deno.test("what is not a whole IPv4 packet is none", () => {
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    ["nothing", hex("")],
    ["19 bytes", sealed(ipv4(), "").subarray(0, 19)],
    ["version 6", sealed(ipv4({ first: "65" }), "abcd")],
    ["IHL 4", sealed(ipv4({ first: "44" }), "abcd")],
    ["IHL beyond the total length", sealed(ipv4({ first: "46" }), "abcd")],
    ["total length below the header", sealed(ipv4({ length: "0013" }), "abcd")],
    ["truncated", sealed(ipv4({ length: "0017" }), "abcd")],
    ["wrong header checksum", sealed(ipv4(), "abcd").with(10, 0xff)],
  ];
  for (const [name, bytes] of wrong) assert.equal(decodeIpv4(bytes), undefined, name);
});

Deno.test("an IPv4 packet says what it is given", () => {
  const given = {
    source: ip("1.2.3.4"),
    destination: ip("5.6.7.8"),
    ttl: 64,
    protocol: 1,
    id: 65535,
    typeOfService: 0,
    payload: hex("0102030405"),
  };
  assert.deepEqual(decodeIpv4(encodeIpv4(given)), given);
  assert.throws(() => encodeIpv4({ ...given, id: 65536 }), AssertionFailure);
  assert.throws(() => encodeIpv4({ ...given, source: ip("::1") }), AssertionFailure);
});

const SIX = {
  source: ip("fe80::1"),
  destination: ip("ff02::12"),
  hopLimit: 255,
  nextHeader: 112,
  trafficClass: 0xc0,
  payload: hex("abcdef"),
};

Deno.test("an IPv6 packet, one field after the other", () => {
  const expected = `
    6c000000     # version 6, class c0, flow 0
    0003         # payload length
    70           # VRRP
    ff
    fe80 0000 0000 0000 0000 0000 0000 0001
    ff02 0000 0000 0000 0000 0000 0000 0012
    abcdef`;
  assert.equal(encodeIpv6(SIX).toHex(), hex(expected).toHex());
  assert.deepEqual(decodeIpv6(hex(expected)), SIX);
});

Deno.test("an IPv6 flow label is left aside, padding is cut off", () => {
  const bytes = new Uint8Array([...encodeIpv6(SIX), 0, 0]);
  bytes.set([0x6f, 0xff, 0xff, 0xff]);
  assert.deepEqual(decodeIpv6(bytes), { ...SIX, trafficClass: 0xff });
});

Deno.test("what is not a whole IPv6 packet is none", () => {
  const whole = encodeIpv6(SIX);
  assert.equal(decodeIpv6(whole.subarray(0, 39)), undefined);
  assert.equal(decodeIpv6(whole.subarray(0, 42)), undefined);
  assert.equal(decodeIpv6(whole.with(0, 0x4c)), undefined);
  assert.equal(decodeIpv6(hex("")), undefined);
  assert.throws(() => encodeIpv6({ ...SIX, source: ip("10.0.0.1") }), AssertionFailure);
});
