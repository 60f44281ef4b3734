import assert from "node:assert/strict";
import fc from "fast-check";
import {
  compareIp,
  formatIp,
  includesIp,
  type Ip,
  ip,
  ipFromBytes,
  isLinkLocal,
  isLoopback,
  isMulticast,
  isUnspecified,
  parseIp,
  sameIp,
  sizeOf,
} from "../../../src/net/ip.ts";

/** Text, and the same address as its bytes and in canonical form. */
const ADDRESSES: readonly (readonly [text: string, bytes: string, canonical?: string])[] = [
  ["0.0.0.0", "00000000"],
  ["192.168.1.50", "c0a80132"],
  ["255.255.255.255", "ffffffff"],
  ["::", "00".repeat(16)],
  ["::1", "00".repeat(15) + "01"],
  ["1::", "0001" + "00".repeat(14)],
  ["fe80::100", "fe80" + "00".repeat(12) + "0100"],
  ["2001:DB8::0:1", "20010db8" + "00".repeat(10) + "0001", "2001:db8::1"],
  ["2001:0db8:0000:0000:0000:0000:0000:0001", "20010db8" + "00".repeat(10) + "0001", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "20010db8000000010001000100010001"],
  ["2001:db8::1:1:1:1:1", "20010db8000000010001000100010001", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "20010000000000010000000000000001", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "20010db8000000000001000000000001", "2001:db8::1:0:0:1"],
  ["1:2:3:4:5:6:7::", "00010002000300040005000600070000", "1:2:3:4:5:6:7:0"],
  ["::2:3:4:5:6:7:8", "00000002000300040005000600070008", "0:2:3:4:5:6:7:8"],
  ["::ffff:192.0.2.1", "00".repeat(10) + "ffffc0000201", "::ffff:c000:201"],
  ["64:ff9b::192.0.2.33", "0064ff9b" + "00".repeat(8) + "c0000221", "64:ff9b::c000:221"],
  ["1:2:3:4:5:6:1.2.3.4", "00010002000300040005000601020304", "1:2:3:4:5:6:102:304"],
];

for (const [text, bytes, canonical = text] of ADDRESSES) {
  Deno.test(`${text} is ${bytes}`, () => {
    const parsed = ip(text);
    assert.equal(parsed.bytes.toHex(), bytes);
    assert.equal(parsed.bytes.length, sizeOf(parsed.family));
    assert.equal(formatIp(parsed), canonical);
    assert(sameIp(parsed, ipFromBytes(Uint8Array.fromHex(bytes))));
  });
}

Deno.test("what is not an address is undefined", () => {
  const wrong = [
    ...["", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-1", "1.2.3.", ".1.2.3", "1..2.3"],
    ...["01.2.3.4", "1.2.3.04", "0x1.2.3.4", "1.2.3.4 ", " 1.2.3.4", "1.2.3.4/24", "1.2.3.4:80"],
    ...["a.b.c.d", "localhost", "1,2,3,4", "٣.1.1.1", "1e1.2.3.4"],
    ...[":", ":::", "1:", ":1", "1:::2", "1::2::3", "::1::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9"],
    ...["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8", "12345::", "g::", "-1::"],
    ...["fe80::1%eth0", "[::1]", "::1/128", "1.2.3.4::", "::1.2.3.4:5", "::1.2.3", "::1.2.3.256"],
    ...["1:2:3:4:5:6:7:1.2.3.4", "1:2:3:4:5:1.2.3.4", " ::1", "::1 ", "::+1"],
  ];
  for (const text of wrong) {
    assert.equal(parseIp(text), undefined, text);
    assert.throws(() => ip(text), RangeError, text);
  }
});

Deno.test("every address comes back from its text", () => {
  const size = fc.constantFrom(4, 16);
  const bytes = size.chain((count) => fc.uint8Array({ minLength: count, maxLength: count }));
  const sparse = fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 });
  fc.assert(fc.property(fc.oneof(bytes, sparse), (given) => {
    const address = ipFromBytes(given);
    assert.deepEqual(ip(formatIp(address)), address);
    assert.equal(formatIp(address), formatIp(address).toLowerCase());
  }));
});

Deno.test("wrapping bytes copies them and takes 4 or 16 only", () => {
  const bytes = new Uint8Array([10, 0, 0, 1]);
  const address = ipFromBytes(bytes);
  bytes.fill(0);
  assert.equal(formatIp(address), "10.0.0.1");
  for (const length of [0, 3, 5, 15, 17]) {
    assert.throws(() => ipFromBytes(new Uint8Array(length)), RangeError);
  }
});

Deno.test("addresses compare as unsigned numbers in network order, IPv4 first", () => {
  const ascending = [
    ...["0.0.0.0", "9.255.255.255", "10.0.0.2", "10.0.0.10", "10.0.1.0", "127.0.0.1"],
    ...[
      "128.0.0.0",
      "255.255.255.255",
      "::",
      "::1",
      "1::",
      "7fff::",
      "8000::",
      "fe80::1:0",
      "ff02::1",
    ],
  ].map(ip);
  for (const [i, a] of ascending.entries()) {
    for (const [j, b] of ascending.entries()) {
      assert.equal(Math.sign(compareIp(a, b)), Math.sign(i - j), `${formatIp(a)} ${formatIp(b)}`);
      assert.equal(sameIp(a, b), i === j);
    }
  }
});

Deno.test("an address in a list", () => {
  const list = [ip("10.0.0.1"), ip("fe80::1")];
  assert.equal(includesIp(list, ip("fe80:0::1")), true);
  assert.equal(includesIp(list, ip("10.0.0.2")), false);
  assert.equal(includesIp([], ip("10.0.0.2")), false);
});

const KINDS: readonly (readonly [string, (address: Ip) => boolean, string, string])[] = [
  [
    "multicast",
    isMulticast,
    "224.0.0.0 239.255.255.255 ff00:: ff02::12",
    "223.255.255.255 240.0.0.0 feff:: ::ff",
  ],
  [
    "link-local",
    isLinkLocal,
    "169.254.0.0 169.254.255.255 fe80:: febf:ffff::",
    "169.253.0.1 170.254.0.1 fec0:: fe7f:: ::fe80",
  ],
  [
    "loopback",
    isLoopback,
    "127.0.0.1 127.255.255.255 ::1",
    "126.255.255.255 128.0.0.0 :: ::2 1::1",
  ],
  ["unspecified", isUnspecified, "0.0.0.0 ::", "0.0.0.1 1.0.0.0 ::1"],
];

for (const [name, test, are, areNot] of KINDS) {
  Deno.test(`${name} addresses`, () => {
    for (const text of are.split(" ")) assert.equal(test(ip(text)), true, text);
    for (const text of areNot.split(" ")) assert.equal(test(ip(text)), false, text);
  });
}
