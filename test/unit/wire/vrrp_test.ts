import assert from "node:assert/strict";
import { AssertionFailure } from "../../../src/assert.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { milliseconds, seconds } from "../../../src/time.ts";
import { checksum, pseudoHeader } from "../../../src/wire/checksum.ts";
import { isReject, type Reject } from "../../../src/wire/reject.ts";
import {
  type Advert,
  type ChecksumForm,
  decodeAdvert,
  encodeAdvert,
  groupOf,
  passwordBytes,
  peekVrid,
  sameSecret,
  type VrrpDatagram,
} from "../../../src/wire/vrrp.ts";
import { CAPTURED, hex } from "../../support/wire/captured.ts";

const A = ip("10.99.0.1");
const VIP = ip("10.99.0.100");
const GROUP = ip("224.0.0.18");
const A6 = ip("fe80::1");

/**
 * The advert that all captured frames say, but for their version, addresses, password and checksum.
 */
const SAID = { vrid: 51, priority: 100, interval: seconds(1), addresses: [VIP] };
const NO_AUTH = { type: 0, data: new Uint8Array(8) };

const READ: Readonly<Record<string, Advert>> = {
  "v2, no authentication": { ...SAID, version: 2, auth: NO_AUTH },
  "v2, password secret12": {
    ...SAID,
    version: 2,
    auth: { type: 1, data: passwordBytes("secret12") },
  },
  "v2, password abc": { ...SAID, version: 2, auth: { type: 1, data: passwordBytes("abc") } },
  "v2, unicast": { ...SAID, version: 2, auth: NO_AUTH },
  "v3, multicast": { ...SAID, version: 3, checksumForm: "pseudo-header" },
  "v3, unicast": { ...SAID, version: 3, checksumForm: "pseudo-header" },
  "v3, v3_checksum_as_v2": { ...SAID, version: 3, checksumForm: "rfc9568" },
  "v3, IPv6": { ...SAID, version: 3, addresses: [ip("fe80::100"), ip("fd00:99::100")] },
};

for (const { name, datagram } of CAPTURED) {
  Deno.test(`captured from keepalived: ${name}`, () => {
    const advert = accepted(datagram);
    assert.deepEqual(advert, READ[name]);
    const { source, destination, payload } = datagram;
    assert.equal(encodeAdvert(advert, source, destination).toHex(), payload.toHex());
    assert.equal(peekVrid(payload), 51);
  });
}

/** A datagram to the VRRP group whose checksum is right whatever else is wrong with it. */
function sealed(text: string, given: Partial<VrrpDatagram> & { form?: ChecksumForm } = {}) {
  const { form = "pseudo-header", source = A, destination = groupOf(source.family), ttl = 255 } =
    given;
  const payload = hex(text);
  if (payload.length >= 8) {
    const view = new DataView(payload.buffer);
    view.setUint16(6, 0);
    const alone = (payload[0] ?? 0) >> 4 === 2 || form === "rfc9568";
    const pseudo = alone ? [] : [pseudoHeader(source, destination, 112, payload.length)];
    view.setUint16(6, checksum(...pseudo, payload));
  }
  return { source, destination, ttl, payload } satisfies VrrpDatagram;
}

function accepted(datagram: VrrpDatagram): Advert {
  const decoded = decodeAdvert(datagram);
  assert(!isReject(decoded), `rejected: ${JSON.stringify(decoded)}`);
  return decoded;
}

function rejected(datagram: VrrpDatagram, reason: Reject["reason"], detail: string): void {
  assert.deepEqual(decodeAdvert(datagram), { reason, detail });
}

/** A v3 message, one field per line; every field can be had wrong. */
function v3(fields: Partial<Record<"head" | "vrid" | "count" | "interval" | "rest", string>> = {}) {
  const { head = "31", vrid = "33", count = "01", interval = "0064", rest = "0a630064" } = fields;
  return `
    ${head}      # version, type
    ${vrid}
    64           # priority
    ${count}
    ${interval}
    0000         # checksum, filled in
    ${rest}`;
}

/** A v2 message, one field per line. */
function v2(fields: Partial<Record<"head" | "auth" | "interval" | "rest", string>> = {}) {
  const { head = "21", auth = "00", interval = "01" } = fields;
  return `
    ${head}
    33           # VRID
    64           # priority
    01           # count
    ${auth}
    ${interval}
    0000         # checksum, filled in
    ${fields.rest ?? "0a630064 0000000000000000"}`;
}

Deno.test("the samples that the rejections below start from are accepted", () => {
  accepted(sealed(v3()));
  accepted(sealed(v3(), { form: "rfc9568" }));
  accepted(sealed(v2()));
  accepted(sealed(v3({ rest: "fe80".padEnd(32, "0") }), { source: A6 }));
});

Deno.test("TTL 254 on multicast is refused before anything is looked at", () => {
  rejected(sealed(v3(), { ttl: 254 }), "ttl", "TTL 254");
  rejected(sealed(v2(), { ttl: 1 }), "ttl", "TTL 1");
  rejected(sealed("", { ttl: 0 }), "ttl", "TTL 0");
  const six = sealed(v3({ rest: "fe80".padEnd(32, "0") }), { source: A6, ttl: 254 });
  rejected(six, "ttl", "TTL 254");
});

Deno.test("a TTL below 255 is accepted from a unicast peer", () => {
  accepted(sealed(v3(), { destination: ip("10.99.0.2"), ttl: 64 }));
  accepted(sealed(v2(), { destination: ip("10.99.0.2"), ttl: 64 }));
});

Deno.test("a message shorter than a header", () => {
  for (let length = 0; length < 8; length++) {
    rejected(sealed("31330001006400".slice(0, 2 * length)), "too-short", `${length} bytes`);
  }
  const bare = sealed("3133640100640000");
  rejected(bare, "length", "8 bytes instead of 12 (1 address)");
});

Deno.test("versions other than 2 and 3", () => {
  for (const version of [0, 1, 4, 15]) {
    const head = `${version.toString(16)}1`;
    rejected(sealed(v3({ head })), "version", `version ${version}`);
  }
});

Deno.test("version 2 is IPv4 only", () => {
  rejected(sealed(v2(), { source: A6 }), "version", "version 2 over IPv6");
});

Deno.test("holo, type never checked: every type but 1 is refused", () => {
  for (let type = 0; type < 16; type++) {
    if (type === 1) continue;
    const nibble = type.toString(16);
    rejected(sealed(v3({ head: `3${nibble}` })), "type", `type ${type}`);
    rejected(sealed(v2({ head: `2${nibble}` })), "type", `type ${type}`);
  }
});

Deno.test("VRID 0 is no router's", () => {
  rejected(sealed(v3({ vrid: "00" })), "unknown-vrid", "VRID 0");
});

Deno.test("count 0, whatever the length", () => {
  rejected(sealed(v3({ count: "00" })), "count-zero", "0 addresses");
  rejected(sealed(v3({ count: "00", rest: "" })), "count-zero", "0 addresses");
});

Deno.test("count 255: exactly its 1020 bytes of addresses, not one more or less", () => {
  const rest = "0a630064".repeat(255);
  assert.equal(accepted(sealed(v3({ count: "ff", rest }))).addresses.length, 255);
  const words = "instead of 1028 (255 addresses)";
  const short = sealed(v3({ count: "ff", rest: rest.slice(2) }));
  rejected(short, "length", `1027 bytes ${words}`);
  rejected(sealed(v3({ count: "ff", rest: `${rest}00` })), "length", `1029 bytes ${words}`);
  rejected(sealed(v3({ count: "ff" })), "length", `12 bytes ${words}`);
  const six = sealed(v3({ count: "ff", rest: "fe80".padEnd(32, "0").repeat(255) }), { source: A6 });
  assert.equal(accepted(six).addresses.length, 255);
});

Deno.test("count 1 with two addresses, count 2 with one", () => {
  const one = sealed(v3({ rest: "0a630064 0a630065" }));
  rejected(one, "length", "16 bytes instead of 12 (1 address)");
  rejected(sealed(v3({ count: "02" })), "length", "12 bytes instead of 16 (2 addresses)");
});

Deno.test("v3 with the trailer of v2 is refused, and v2 without it", () => {
  const trailer = sealed(v3({ rest: "0a630064 0000000000000000" }));
  rejected(trailer, "length", "20 bytes instead of 12 (1 address)");
  rejected(sealed(v2({ rest: "0a630064" })), "length", "12 bytes instead of 20 (1 address)");
});

Deno.test("IPv6 with IPv4 addresses inside, and the reverse", () => {
  rejected(sealed(v3(), { source: A6 }), "length", "12 bytes instead of 24 (1 address)");
  const six = sealed(v3({ rest: "fe80".padEnd(32, "0") }));
  rejected(six, "length", "24 bytes instead of 12 (1 address)");
});

Deno.test("an HMAC trailer of keepalived 2.4.2 is no wrong length", () => {
  const captured = hex(
    "31336401006474ad 0a630064 010100006b011316834c0000 910552243f368f5e652a111bee26228a",
  );
  const datagram = { source: A, destination: GROUP, ttl: 255, payload: captured };
  rejected(datagram, "auth-hmac", "key 1");
});

Deno.test("a checksum that is wrong in both forms", () => {
  const datagram = sealed(v3());
  datagram.payload.set([0x12, 0x34], 6);
  rejected(datagram, "checksum", "0x1234 does not fit the message");
  const older = sealed(v2());
  older.payload.set([0, 1], 6);
  rejected(older, "checksum", "0x0001 does not fit the message");
});

Deno.test("v3 over IPv4: either form is accepted and remembered", () => {
  assert.equal(accepted(sealed(v3(), { form: "pseudo-header" })).checksumForm, "pseudo-header");
  assert.equal(accepted(sealed(v3(), { form: "rfc9568" })).checksumForm, "rfc9568");
});

Deno.test("keepalived before 1.3.7: a unicast checksum over the group is refused", () => {
  const datagram = sealed(v3(), { destination: GROUP });
  const decoded = decodeAdvert({ ...datagram, destination: ip("10.99.0.2") });
  assert.equal(isReject(decoded) && decoded.reason, "checksum");
});

Deno.test("v3 over IPv6: the message-only form is refused and no form is remembered", () => {
  const rest = "fe80".padEnd(32, "0");
  const decoded = decodeAdvert(sealed(v3({ rest }), { source: A6, form: "rfc9568" }));
  assert.equal(isReject(decoded) && decoded.reason, "checksum");
  assert.equal("checksumForm" in accepted(sealed(v3({ rest }), { source: A6 })), false);
});

Deno.test("v2: the pseudo-header is never covered, the password always is", () => {
  const payload = hex(v2());
  const pseudo = pseudoHeader(A, GROUP, 112, payload.length);
  new DataView(payload.buffer).setUint16(6, checksum(pseudo, payload));
  const decoded = decodeAdvert({ source: A, destination: GROUP, ttl: 255, payload });
  assert.equal(isReject(decoded) && decoded.reason, "checksum");
  const changed = sealed(v2({ auth: "01", rest: "0a630064 7365637265743132" }));
  changed.payload.set([0x33], 19);
  const again = decodeAdvert(changed);
  assert.equal(isReject(again) && again.reason, "checksum");
});

Deno.test("no reject says a password", () => {
  const text = v2({ auth: "01", interval: "00", rest: "0a630064 7365637265743132" });
  rejected(sealed(text), "interval-zero", "interval 0 s");
});

Deno.test("FRR, interval 0 accepted: it is refused in both versions", () => {
  rejected(sealed(v3({ interval: "0000" })), "interval-zero", "interval 0 cs");
  rejected(sealed(v2({ interval: "00" })), "interval-zero", "interval 0 s");
});

Deno.test("interval 0 under reserved bits is still 0", () => {
  rejected(sealed(v3({ interval: "f000" })), "interval-zero", "interval 0 cs");
});

Deno.test("holo, centiseconds read as seconds: 1 cs is 10 ms, 4095 cs is 40.95 s", () => {
  assert.equal(accepted(sealed(v3({ interval: "0001" }))).interval, 10_000_000);
  assert.equal(accepted(sealed(v3({ interval: "0fff" }))).interval, 40_950_000_000);
  assert.equal(accepted(sealed(v2({ interval: "ff" }))).interval, 255_000_000_000);
});

Deno.test("reserved bits are ignored on receipt", () => {
  assert.equal(accepted(sealed(v3({ interval: "f064" }))).interval, seconds(1));
});

Deno.test("authentication type 1 and unknown ones are for the instance to judge", () => {
  const one = accepted(sealed(v2({ auth: "01", rest: "0a630064 6162630000000000" })));
  assert.deepEqual(one.auth, { type: 1, data: passwordBytes("abc") });
  assert.equal(accepted(sealed(v2({ auth: "02" }))).auth?.type, 2);
  assert.equal(accepted(sealed(v2({ auth: "ff" }))).auth?.type, 255);
});

Deno.test("a message and its IP header of different families is refused, not thrown at", () => {
  const decoded = decodeAdvert({ ...sealed(v3()), source: A6 });
  assert.equal(isReject(decoded) && decoded.reason, "checksum");
});

Deno.test("an IPv6 list that does not begin with a link-local address is accepted", () => {
  const rest = "fd000099000000000000000000000100";
  assert.deepEqual(accepted(sealed(v3({ rest }), { source: A6 })).addresses, [ip("fd00:99::100")]);
});

Deno.test("checks come in order: of two faults the first in the list is told", () => {
  rejected(sealed("2233", { ttl: 254 }), "ttl", "TTL 254");
  rejected(sealed(v3({ head: "42" })), "version", "version 4");
  rejected(sealed(v3({ head: "32", count: "00" })), "type", "type 2");
  rejected(sealed(v3({ count: "00", interval: "0000" })), "count-zero", "0 addresses");
  const long = sealed(v3({ rest: "0a63006400", interval: "0000" }));
  rejected(long, "length", "13 bytes instead of 12 (1 address)");
  const wrong = sealed(v3({ interval: "0000" }));
  wrong.payload.set([0xff, 0xff], 6);
  rejected(wrong, "checksum", "0xffff does not fit the message");
});

Deno.test("the advert keeps nothing of the buffer it was read from", () => {
  const datagram = sealed(v2({ auth: "01", rest: "0a630064 6162630000000000" }));
  const advert = accepted(datagram);
  datagram.payload.fill(0xff);
  assert.deepEqual(advert.addresses, [VIP]);
  assert.deepEqual(advert.auth?.data, passwordBytes("abc"));
});

Deno.test("peekVrid looks at one byte and no more", () => {
  assert.equal(peekVrid(hex("")), undefined);
  assert.equal(peekVrid(hex("31")), undefined);
  assert.equal(peekVrid(hex("ff33")), 51);
});

Deno.test("keepalived#642: a unicast checksum covers the real destination", () => {
  const advert: Advert = { ...SAID, version: 3 };
  const toPeer = encodeAdvert(advert, A, ip("10.99.0.2"));
  assert.equal(toPeer.subarray(6, 8).toHex(), "4a5b");
  assert.equal(encodeAdvert(advert, A, GROUP).subarray(6, 8).toHex(), "74ad");
});

Deno.test("the form to send: as asked, else as the advert says, else with pseudo-header", () => {
  const advert: Advert = { ...SAID, version: 3, checksumForm: "rfc9568" };
  const sum = (...[form]: readonly ChecksumForm[]) =>
    encodeAdvert(advert, A, GROUP, form).subarray(6, 8).toHex();
  assert.equal(sum(), "5fa0");
  assert.equal(sum("pseudo-header"), "74ad");
  assert.equal(sum("rfc9568"), "5fa0");
});

Deno.test("over IPv6 and in v2 the form makes no difference", () => {
  const six: Advert = { ...SAID, version: 3, addresses: [A6] };
  assert.deepEqual(
    encodeAdvert(six, A6, groupOf("ipv6"), "rfc9568"),
    encodeAdvert(six, A6, groupOf("ipv6"), "pseudo-header"),
  );
  const two: Advert = { ...SAID, version: 2 };
  assert.deepEqual(
    encodeAdvert(two, A, GROUP, "rfc9568"),
    encodeAdvert(two, A, GROUP, "pseudo-header"),
  );
});

Deno.test("what cannot be said throws instead of being cut", () => {
  const good: Advert = { ...SAID, version: 3 };
  const wrong: readonly (readonly [string, Advert, Ip])[] = [
    ["VRID 0", { ...good, vrid: 0 }, A],
    ["VRID 256", { ...good, vrid: 256 }, A],
    ["priority 256", { ...good, priority: 256 }, A],
    ["no address", { ...good, addresses: [] }, A],
    ["256 addresses", { ...good, addresses: new Array(256).fill(VIP) }, A],
    ["mixed families", { ...good, addresses: [VIP, A6] }, A],
    ["the other family", good, A6],
    ["v2 over IPv6", { ...good, version: 2, addresses: [A6] }, A6],
    ["0 cs", { ...good, interval: milliseconds(0) }, A],
    ["5 ms", { ...good, interval: milliseconds(5) }, A],
    ["40.96 s", { ...good, interval: milliseconds(40_960) }, A],
    ["v2 100 ms", { ...good, version: 2, interval: milliseconds(100) }, A],
    ["v2 256 s", { ...good, version: 2, interval: seconds(256) }, A],
    ["7 bytes", { ...good, version: 2, auth: { type: 1, data: new Uint8Array(7) } }, A],
  ];
  for (const [name, advert, source] of wrong) {
    const encode = () => encodeAdvert(advert, source, groupOf(source.family));
    assert.throws(encode, AssertionFailure, name);
  }
});

Deno.test("passwords are 8 bytes, zero padded", () => {
  assert.equal(passwordBytes("").toHex(), "0000000000000000");
  assert.equal(passwordBytes("abc").toHex(), "6162630000000000");
  assert.equal(passwordBytes("secret12").toHex(), "7365637265743132");
  assert.equal(passwordBytes("pässw0r").toHex(), "70c3a47373773072");
  assert.throws(() => passwordBytes("secret123"), AssertionFailure);
  assert.throws(() => passwordBytes("pässw0rd"), AssertionFailure);
});

Deno.test("secrets are the same only where every byte is", () => {
  assert.equal(sameSecret(passwordBytes("abc"), passwordBytes("abc")), true);
  assert.equal(sameSecret(passwordBytes("abc"), passwordBytes("abd")), false);
  assert.equal(sameSecret(passwordBytes("bbc"), passwordBytes("abc")), false);
  assert.equal(sameSecret(new Uint8Array(8), new Uint8Array(7)), false);
  assert.equal(sameSecret(new Uint8Array(7), new Uint8Array(8)), false);
  assert.equal(sameSecret(new Uint8Array(), new Uint8Array()), true);
  const tag = Uint8Array.from({ length: 16 }, (_, at) => at);
  assert.equal(sameSecret(tag, tag.slice()), true);
  assert.equal(sameSecret(tag, tag.subarray(0, 15)), false);
  for (const at of tag.keys()) assert.equal(sameSecret(tag, tag.with(at, 99)), false);
});

Deno.test("groups", () => {
  assert.deepEqual(groupOf("ipv4"), ip("224.0.0.18"));
  assert.deepEqual(groupOf("ipv6"), ip("ff02::12"));
});

Deno.test("isReject tells a reject from an advert", () => {
  assert.equal(isReject({ reason: "ttl", detail: "" }), true);
  assert.equal(isReject(accepted(sealed(v3()))), false);
});
