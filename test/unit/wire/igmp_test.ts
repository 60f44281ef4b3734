/** The IGMP query that hosts answer, and their reports; bytes one field per line. */
import assert from "node:assert/strict";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { checksum } from "../../../src/wire/checksum.ts";
import { decodeEthernet } from "../../../src/wire/ethernet.ts";
import { decodeUnreachable } from "../../../src/wire/icmp.ts";
import { encodeUdp } from "../../../src/wire/udp.ts";
import { encodeGroupQuery, groupsHeard, IGMP_PROTOCOL } from "../../../src/wire/igmp.ts";
import { decodeIpv4, encodeIpv4, type Ipv4Packet } from "../../../src/wire/ipv4.ts";

const GROUP = ip("224.0.0.18");

/** The message with its checksum in bytes 2 and 3. */
function summed(...bytes: readonly number[]): Uint8Array {
  const message = Uint8Array.from(bytes);
  new DataView(message.buffer).setUint16(2, checksum(message));
  return message;
}

function packet(payload: Uint8Array, protocol = IGMP_PROTOCOL): Ipv4Packet {
  const [source, destination] = [ip("10.0.0.2"), GROUP];
  return decodeIpv4(encodeIpv4({ source, destination, id: 1, payload, protocol })) ?? assert.fail();
}

const heard = (payload: Uint8Array, protocol?: number) =>
  groupsHeard(packet(payload, protocol)).map(formatIp);

Deno.test("the question about a group: to the group, from no address, with router alert", () => {
  const mac = new Uint8Array([2, 0, 0, 0, 0, 1]);
  const frame = encodeGroupQuery(mac, GROUP);
  assert.equal(frame.length, 50);
  const ethernet = decodeEthernet(frame) ?? assert.fail();
  assert.equal(ethernet.destination.toHex(), "01005e000012");
  const found = decodeIpv4(ethernet.payload) ?? assert.fail("a sound header");
  assert.equal(formatIp(found.source), "0.0.0.0");
  assert.equal(formatIp(found.destination), "224.0.0.18");
  assert.equal(found.ttl, 1);
  assert.equal(found.protocol, 2);
  assert.equal(ethernet.payload.subarray(20, 24).toHex(), "94040000");
  assert.equal(checksum(found.payload), 0);
  const rest = [
    "11", // query
    "0a", // to be answered within 1 s
    found.payload.subarray(2, 4).toHex(),
    "e0000012", // about 224.0.0.18
    "0a", // S, robustness 2
    "7d", // every 125 s
    "0000", // no sources
  ].join("");
  assert.equal(found.payload.toHex(), rest);
});

Deno.test("answers of three versions", () => {
  assert.deepEqual(heard(summed(0x16, 0, 0, 0, 224, 0, 0, 18)), ["224.0.0.18"]);
  assert.deepEqual(heard(summed(0x12, 0, 0, 0, 224, 0, 0, 18)), ["224.0.0.18"]);
  const records = [
    ...[2, 0, 0, 0, 224, 0, 0, 251],
    ...[4, 0, 0, 1, 224, 0, 0, 18, 10, 0, 0, 9], // with a source
    ...[3, 0, 0, 0, 224, 0, 0, 5], // one that it leaves
  ];
  assert.deepEqual(heard(summed(0x22, 0, 0, 0, 0, 0, 0, 3, ...records)), [
    "224.0.0.251",
    "224.0.0.18",
  ]);
});

Deno.test("what is no answer says nothing", () => {
  assert.deepEqual(heard(summed(0x11, 10, 0, 0, 224, 0, 0, 18)), [], "a question");
  assert.deepEqual(heard(summed(0x16, 0, 0, 0, 224, 0, 0)), [], "too short");
  assert.deepEqual(heard(summed(0x16, 0, 0, 0, 224, 0, 0, 18), 17), [], "another protocol");
  const wrong = summed(0x16, 0, 0, 0, 224, 0, 0, 18);
  assert.deepEqual(heard(wrong.with(7, 19)), [], "a wrong checksum");
  assert.deepEqual(heard(summed(0x22, 0, 0, 0, 0, 0, 255, 255)), [], "more records than there are");
});

Deno.test("a packet that was not taken", () => {
  const about = encodeIpv4({
    source: ip("10.0.0.1"),
    destination: ip("10.0.0.2"),
    id: 7,
    payload: new Uint8Array(8),
  });
  const message = (type: number, code: number) =>
    packet(summed(type, code, 0, 0, 0, 0, 0, 0, ...about), 1);
  const found = decodeUnreachable(message(3, 2)) ?? assert.fail();
  assert.deepEqual([found.code, formatIp(found.destination), found.protocol], [2, "10.0.0.2", 112]);
  assert.equal(decodeUnreachable(message(11, 0)), undefined, "time exceeded is something else");
  assert.equal(
    decodeUnreachable(packet(summed(3, 2, 0, 0, 0, 0, 0, 0), 1)),
    undefined,
    "about nothing",
  );
  const broken = message(3, 2);
  assert.equal(decodeUnreachable({ ...broken, payload: broken.payload.with(9, 1) }), undefined);
});

Deno.test("a datagram that was not taken, with its port where that is told", () => {
  const [source, destination] = [ip("10.0.0.1"), ip("10.0.0.2")];
  const udp = { sourcePort: 5000, destinationPort: 336, payload: new Uint8Array(20) };
  const about = (payload: Uint8Array) =>
    encodeIpv4({ source, destination, id: 7, protocol: 17, payload });
  const told = (quoted: Uint8Array) =>
    decodeUnreachable(packet(summed(3, 3, 0, 0, 0, 0, 0, 0, ...quoted), 1));
  // RFC 792: the header and 8 bytes, which are those of UDP.
  const whole = about(encodeUdp(udp, source, destination));
  assert.equal(told(whole.subarray(0, 28))?.port, 336);
  assert.equal(told(whole.subarray(0, 20))?.port, undefined);
  assert.equal(told(whole.subarray(0, 27))?.port, undefined);
  const other = encodeIpv4({ source, destination, id: 7, payload: new Uint8Array(8) });
  assert.equal(told(other)?.port, undefined);
});
