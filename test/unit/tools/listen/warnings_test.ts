import assert from "node:assert/strict";
import { ip } from "../../../../src/net/ip.ts";
import { seconds } from "../../../../src/time.ts";
import { oddities } from "../../../../src/tools/listen/warnings.ts";
import { isReject } from "../../../../src/wire/reject.ts";
import {
  type Advert,
  type ChecksumForm,
  decodeAdvert,
  encodeAdvert,
  groupOf,
  passwordBytes,
  type VrrpDatagram,
} from "../../../../src/wire/vrrp.ts";

const PLAIN: Advert = {
  version: 3,
  vrid: 51,
  priority: 100,
  interval: seconds(1),
  addresses: [ip("10.99.0.100")],
};
const PLAIN6: Advert = { ...PLAIN, addresses: [ip("fe80::100"), ip("fd00::100")] };

/** The remarks on an advert that came over the wire, with a datagram as given. */
function remarks(
  advert: Advert,
  { form, ...given }: Partial<VrrpDatagram> & { form?: ChecksumForm } = {},
): readonly string[] {
  const family = advert.addresses[0]?.family ?? "ipv4";
  const source = given.source ?? ip(family === "ipv4" ? "10.99.0.1" : "fe80::1");
  const destination = given.destination ?? groupOf(family);
  const payload = given.payload ?? encodeAdvert(advert, source, destination, form);
  const datagram = { source, destination, ttl: given.ttl ?? 255, payload };
  const decoded = decodeAdvert(datagram);
  assert(!isReject(decoded), JSON.stringify(decoded));
  return oddities(decoded, datagram);
}

Deno.test("nothing is odd about ordinary adverts", () => {
  assert.deepEqual(remarks(PLAIN), []);
  assert.deepEqual(remarks(PLAIN6), []);
  assert.deepEqual(remarks({ ...PLAIN, version: 2 }), []);
  assert.deepEqual(remarks({ ...PLAIN, priority: 0 }), []);
  assert.deepEqual(remarks(PLAIN, { destination: ip("10.99.0.2") }), []);
});

const RESERVED = Uint8Array.fromHex("31336401f06484ac0a630064");

const ODD: readonly (readonly [string, () => readonly string[]])[] = [
  ["claims to own the addresses (priority 255)", () => remarks({ ...PLAIN, priority: 255 })],
  [
    "its password can be read by everyone on the LAN (VRRPv2 authentication)",
    () => remarks({ ...PLAIN, version: 2, auth: { type: 1, data: passwordBytes("abc") } }),
  ],
  [
    "uses an authentication type other than 0 or 1 (VRRPv2)",
    () => remarks({ ...PLAIN, version: 2, auth: { type: 2, data: new Uint8Array(8) } }),
  ],
  [
    "carries authentication data although its authentication type is 0",
    () => remarks({ ...PLAIN, version: 2, auth: { type: 0, data: passwordBytes("abc") } }),
  ],
  [
    "its checksum leaves out the pseudo-header: keepalived and FRR refuse it unless told",
    () => remarks(PLAIN, { form: "rfc9568" }),
  ],
  ["reserved bits are set", () => remarks(PLAIN, { payload: RESERVED })],
  [
    "sent by unicast with a TTL other than 255: it may have come through a router",
    () => remarks(PLAIN, { destination: ip("10.99.0.2"), ttl: 64 }),
  ],
  [
    "sent to a group that is not VRRP's",
    () => remarks(PLAIN, { destination: ip("224.0.0.19") }),
  ],
  ["its IPv6 source is not link-local", () => remarks(PLAIN6, { source: ip("fd00::1") })],
  [
    "sent from a floating address without owning it",
    () => remarks(PLAIN, { source: ip("10.99.0.100") }),
  ],
  [
    "its first IPv6 address is not link-local",
    () => remarks({ ...PLAIN, addresses: [ip("fd00::100"), ip("fe80::100")] }),
  ],
  [
    "names an address twice",
    () => remarks({ ...PLAIN, addresses: [ip("10.0.0.1"), ip("10.0.0.2"), ip("10.0.0.1")] }),
  ],
  [
    "names an address that no node can have",
    () => remarks({ ...PLAIN, addresses: [ip("0.0.0.0")] }),
  ],
];

for (const [words, made] of ODD) {
  Deno.test(`odd: ${words}`, () => assert.deepEqual(made(), [words]));
}

Deno.test("an owner sends from its own address and that is as it should be", () => {
  const owner = remarks({ ...PLAIN, priority: 255 }, { source: ip("10.99.0.100") });
  assert.deepEqual(owner, ["claims to own the addresses (priority 255)"]);
});

Deno.test("several remarks come together, none says the password", () => {
  const auth = { type: 1, data: passwordBytes("secret12") };
  const said = remarks({ ...PLAIN, version: 2, priority: 255, auth });
  assert.equal(said.length, 2);
  assert.equal(said.join().includes("secret"), false);
});
