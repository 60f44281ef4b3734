import assert from "node:assert/strict";
import fc from "fast-check";
import { formatIp, ip, ipFromBytes, sameIp } from "../../../src/net/ip.ts";
import {
  broadcastOf,
  containsIp,
  formatPrefix,
  networkOf,
  parsePrefix,
  type Prefix,
  samePrefix,
} from "../../../src/net/prefix.ts";

function prefix(text: string): Prefix {
  return parsePrefix(text) ?? assert.fail(text);
}

/** A prefix with its first and last address. */
const SUBNETS: readonly (readonly [text: string, network: string, broadcast: string])[] = [
  ["192.168.1.50/24", "192.168.1.0", "192.168.1.255"],
  ["10.0.2.100/8", "10.0.0.0", "10.255.255.255"],
  ["10.1.2.3/0", "0.0.0.0", "255.255.255.255"],
  ["10.1.2.3/32", "10.1.2.3", "10.1.2.3"],
  ["10.1.2.3/31", "10.1.2.2", "10.1.2.3"],
  ["10.1.2.3/30", "10.1.2.0", "10.1.2.3"],
  ["172.16.77.5/20", "172.16.64.0", "172.16.79.255"],
  ["10.1.200.3/17", "10.1.128.0", "10.1.255.255"],
  ["fe80::100/64", "fe80::", "fe80::ffff:ffff:ffff:ffff"],
  ["fd00:99::ff/121", "fd00:99::80", "fd00:99::ff"],
  ["fd00::1/128", "fd00::1", "fd00::1"],
];

for (const [text, network, broadcast] of SUBNETS) {
  Deno.test(`${text} reaches from ${network} to ${broadcast}`, () => {
    const given = prefix(text);
    assert.equal(formatPrefix(given), text);
    assert.equal(formatIp(networkOf(given)), network);
    assert.equal(formatIp(broadcastOf(given)), broadcast);
    assert.equal(containsIp(given, given.address), true);
    assert.equal(containsIp(given, ip(network)), true);
    assert.equal(containsIp(given, ip(broadcast)), true);
  });
}

Deno.test("without a length it is a host address", () => {
  assert.equal(formatPrefix(prefix("10.0.0.1")), "10.0.0.1/32");
  assert.equal(formatPrefix(prefix("fe80::1")), "fe80::1/128");
});

Deno.test("what is not a prefix is undefined", () => {
  const wrong = [
    ...["", "/", "/24", "10.0.0.1/", "10.0.0.1/33", "10.0.0.1/-1", "10.0.0.1/2x", "10.0.0.1/ 24"],
    ...["10.0.0.1/24/24", "10.0.0/24", "fe80::1/129", "fe80::1/1000", "10.0.0.1/255.255.255.0"],
    ...["10.0.0.1/024", "10.0.0.1/08", "fe80::1/064", "10.0.0.1/1e1", "10.0.0.1 /24"],
  ];
  for (const text of wrong) assert.equal(parsePrefix(text), undefined, text);
});

Deno.test("neighbours of a subnet are not in it, nor is the other family", () => {
  assert.equal(containsIp(prefix("192.168.1.50/24"), ip("192.168.0.255")), false);
  assert.equal(containsIp(prefix("192.168.1.50/24"), ip("192.168.2.0")), false);
  assert.equal(containsIp(prefix("10.1.2.3/31"), ip("10.1.2.4")), false);
  assert.equal(containsIp(prefix("10.1.2.3/32"), ip("10.1.2.2")), false);
  assert.equal(containsIp(prefix("fe80::1/10"), ip("fec0::1")), false);
  assert.equal(containsIp(prefix("0.0.0.0/0"), ip("::")), false);
  assert.equal(containsIp(prefix("::/0"), ip("1.2.3.4")), false);
});

Deno.test("an address is in a subnet just where it lies between first and last", () => {
  const four = fc.uint8Array({ minLength: 4, maxLength: 4 }).map(ipFromBytes);
  fc.assert(fc.property(four, four, fc.nat(32), (address, other, length) => {
    const number = (bytes: Uint8Array) => new DataView(bytes.slice().buffer).getUint32(0);
    const given = { address, length };
    const between = number(other.bytes) >= number(networkOf(given).bytes) &&
      number(other.bytes) <= number(broadcastOf(given).bytes);
    assert.equal(containsIp(given, other), between);
    const size = number(broadcastOf(given).bytes) - number(networkOf(given).bytes) + 1;
    assert.equal(size, 2 ** (32 - length));
  }));
});

Deno.test("prefixes are the same where address and length are", () => {
  assert.equal(samePrefix(prefix("10.0.0.1/24"), prefix("10.0.0.1/24")), true);
  assert.equal(samePrefix(prefix("10.0.0.1/24"), prefix("10.0.0.1/25")), false);
  assert.equal(samePrefix(prefix("10.0.0.1/24"), prefix("10.0.0.2/24")), false);
  assert(sameIp(networkOf(prefix("10.0.0.1/24")), networkOf(prefix("10.0.0.2/24"))));
});
