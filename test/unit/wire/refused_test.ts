/**
 * Packets on VRRP's protocol number that are no adverts of a node: sources that none can have,
 * CARP, signed adverts.
 */
import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import type { Reject } from "../../../src/wire/reject.ts";
import { seconds } from "../../../src/time.ts";
import { decodeAdvert, encodeAdvert, groupOf, type VrrpDatagram } from "../../../src/wire/vrrp.ts";
import { hex } from "../../support/wire/captured.ts";

const A = ip("10.99.0.1");
const B = ip("10.99.0.2");
const A6 = ip("fe80::1");

function rejected(datagram: VrrpDatagram, reason: Reject["reason"], detail: string): void {
  assert.deepEqual(decodeAdvert(datagram), { reason, detail });
}

const NO_SOURCES = [
  ...["0.0.0.0", "0.1.2.3", "127.0.0.1", "224.0.0.18", "240.0.0.1", "255.255.255.255"],
  ...["::", "::1", "ff02::12"],
];

for (const text of NO_SOURCES) {
  Deno.test(`an advert from ${text} is refused: no node can have that address`, () => {
    const source = ip(text);
    const addresses = [source.family === "ipv4" ? ip("10.99.0.100") : A6];
    const advert = {
      version: 3,
      vrid: 51,
      priority: 255,
      interval: seconds(1),
      addresses,
    } as const;
    const destination = groupOf(source.family);
    const payload = encodeAdvert(advert, source, destination);
    rejected({ source, destination, ttl: 255, payload }, "source", text);
  });
}

/** Captured from keepalived 2.4.3 with auth_hmac, key 1: VRID 51, priority 100, 10.99.0.100. */
const SIGNED: readonly (readonly [string, Partial<VrrpDatagram>, string])[] = [
  ["v2", {}, "2133640100017003 0a630064 0000000000000000 " + trailer("6b011311987f")],
  ["v3", {}, "31336401006474ad 0a630064 " + trailer("6b011316834c")],
  ["v3 without pseudo-header", {}, "3133640100645fa0 0a630064 " + trailer("6b01131b48be")],
  ["v3 unicast", { destination: B }, "3133640100644a5b 0a630064 " + trailer("6b01132001a1")],
  [
    "v3 over IPv6",
    { source: ip("fe80::3cc6:a7ff:fe7f:204"), destination: groupOf("ipv6") },
    `31336402006476f8 fe800000000000000000000000000100 fd000099000000000000000000000100
     010100006b011324af800000 a8b5ce7931fe5e86afbca249f88690d6`,
  ],
];

function trailer(time: string): string {
  return `01010000 ${time}0000 ${"5c".repeat(16)}`;
}

for (const [name, given, text] of SIGNED) {
  Deno.test(`an advert signed with auth_hmac is named: ${name}`, () => {
    const payload = hex(text);
    rejected(
      { source: A, destination: groupOf("ipv4"), ttl: 255, ...given, payload },
      "auth-hmac",
      "key 1",
    );
  });
}

Deno.test("28 bytes after an advert: no signature or a broken one is a wrong length", () => {
  const message = "31336401006474ad 0a630064";
  const at = { source: A, destination: groupOf("ipv4"), ttl: 255 };
  const length = "40 bytes instead of 12 (1 address)";
  const other = hex(`${message} 02010000 ${"00".repeat(24)}`);
  rejected({ ...at, payload: other }, "length", length);
  const broken = hex(`31336401006474ae 0a630064 ${trailer("6b011316834c")}`);
  rejected({ ...at, payload: broken }, "length", length);
});

Deno.test("CARP is named, over both families", () => {
  // ucarp 1.5.2: version 2 type 1, VHID 51, skew 0, 7 words, base 1 s, checksum, counter, SHA-1.
  const payload = hex(`21330007 00014a53 ${"5c".repeat(28)}`);
  const at = { source: A, destination: groupOf("ipv4"), ttl: 255, payload };
  rejected(at, "carp", "VHID 51");
  rejected({ ...at, source: A6, destination: groupOf("ipv6") }, "carp", "VHID 51");
});
