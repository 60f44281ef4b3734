import assert from "node:assert/strict";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { type Mac, parseMac } from "../../../src/net/mac.ts";
import { checksum, pseudoHeader } from "../../../src/wire/checksum.ts";
import { decodeEthernet } from "../../../src/wire/ethernet.ts";
import { decodeIpv6, type Ipv6Packet } from "../../../src/wire/ipv6.ts";
import {
  decodeNeighbor,
  encodeNeighborAdvert,
  encodeNeighborSolicit,
  solicitedNode,
  unsolicitedNa,
} from "../../../src/wire/ndp.ts";
import { hex } from "../../support/wire/captured.ts";

const MAC: Mac = parseMac("3e:c6:a7:7f:02:04") ?? assert.fail();
const VIP = ip("fe80::100");
const ALL_NODES = ip("ff02::1");

function packetIn(frame: Uint8Array): Ipv6Packet {
  return decodeIpv6(decodeEthernet(frame)?.payload ?? hex("")) ?? assert.fail("not IPv6");
}

/** An ICMPv6 packet whose checksum is right whatever else is wrong with it. */
function sealed(text: string, given: { source?: Ip; destination?: Ip; hopLimit?: number } = {}) {
  const { source = VIP, destination = ALL_NODES, hopLimit = 255 } = given;
  const payload = hex(text);
  if (payload.length >= 4) {
    const pseudo = pseudoHeader(source, destination, 58, payload.length);
    new DataView(payload.buffer).setUint16(2, checksum(pseudo, payload));
  }
  return { source, destination, hopLimit, nextHeader: 58, trafficClass: 0, payload };
}

/** A neighbor message, one field per line; every field can be had wrong. */
function neighbor(
  fields: Readonly<Partial<Record<"type" | "code" | "flags" | "target" | "options", string>>> = {},
) {
  return `
    ${fields.type ?? "88"}
    ${fields.code ?? "00"}
    0000         # checksum, filled in
    ${fields.flags ?? "20"} 000000
    ${fields.target ?? "fe800000000000000000000000000100"}
    ${fields.options ?? "0201 3ec6a77f0204"}`;
}

Deno.test("an unsolicited advertisement is what keepalived sends", () => {
  const frame = unsolicitedNa(MAC, VIP, false);
  const expected = `
    333300000001 3ec6a77f0204 86dd
    60000000     # version 6
    0020         # payload length
    3a           # ICMPv6
    ff           # hop limit
    fe80 0000 0000 0000 0000 0000 0000 0100
    ff02 0000 0000 0000 0000 0000 0000 0001
    8800
    6f54         # checksum
    20000000     # Override
    fe80 0000 0000 0000 0000 0000 0000 0100
    0201 3ec6a77f0204`;
  assert.equal(frame.toHex(), hex(expected).toHex());
});

Deno.test("a router says that it is one", () => {
  assert.deepEqual(decodeNeighbor(packetIn(unsolicitedNa(MAC, VIP, true))), {
    kind: "na",
    source: VIP,
    destination: ALL_NODES,
    router: true,
    solicited: false,
    override: true,
    target: VIP,
    mac: MAC,
  });
  const host = decodeNeighbor(packetIn(unsolicitedNa(MAC, VIP, false)));
  assert.equal(host?.kind === "na" && host.router, false);
});

Deno.test("the samples that the refusals below start from are read", () => {
  assert(decodeNeighbor(sealed(neighbor())));
  assert(decodeNeighbor(sealed(neighbor({ type: "87", options: "0101 3ec6a77f0204" }))));
});

Deno.test("what RFC 4861 7.1.1 and 7.1.2 call invalid is not read", () => {
  const unspecified = { source: ip("::"), destination: solicitedNode(VIP) };
  const wrong: readonly (readonly [string, Ipv6Packet])[] = [
    ["hop limit 254", sealed(neighbor(), { hopLimit: 254 })],
    ["code 1", sealed(neighbor({ code: "01" }))],
    ["type 134", sealed(neighbor({ type: "86" }))],
    ["type 137", sealed(neighbor({ type: "89" }))],
    ["23 bytes", sealed("8800000020000000fe8000000000000000000000000001")],
    ["nothing", sealed("")],
    ["multicast target", sealed(neighbor({ target: "ff020000000000000000000000000001" }))],
    ["solicited, to a group", sealed(neighbor({ flags: "60" }))],
    ["option of length 0", sealed(neighbor({ options: "0200 3ec6a77f0204" }))],
    ["option past the end", sealed(neighbor({ options: "0202 3ec6a77f0204" }))],
    ["half an option", sealed(neighbor({ options: "02" }))],
    [
      "from ::, with a source",
      sealed(neighbor({ type: "87", options: "0101 3ec6a77f0204" }), unspecified),
    ],
    ["wrong checksum", { ...sealed(neighbor()), source: ip("fe80::101") }],
    ["not ICMPv6", { ...sealed(neighbor()), nextHeader: 112 }],
  ];
  for (const [name, packet] of wrong) assert.equal(decodeNeighbor(packet), undefined, name);
});

Deno.test("options that are not ours are stepped over", () => {
  const nonce = "0e01 010203040506";
  const long = `1902 ${"00".repeat(14)}`;
  const read = decodeNeighbor(sealed(neighbor({ options: `${nonce}${long}0201 3ec6a77f0204` })));
  assert.deepEqual(read?.mac, MAC);
});

Deno.test("an advertisement needs no option; the source's option is not the target's", () => {
  assert.equal(decodeNeighbor(sealed(neighbor({ options: "" })))?.mac, undefined);
  const other = decodeNeighbor(sealed(neighbor({ options: "0101 3ec6a77f0204" })));
  assert.equal(other?.kind, "na");
  assert.equal(other.mac, undefined);
});

Deno.test("a solicitation goes to the target's solicited-node group and comes back whole", () => {
  const solicit = {
    kind: "ns",
    source: ip("fe80::1"),
    destination: solicitedNode(ip("fd00::12:3456")),
    target: ip("fd00::12:3456"),
    mac: MAC,
  } as const;
  const frame = encodeNeighborSolicit(MAC, solicit);
  assert.equal(frame.subarray(0, 6).toHex(), "3333ff123456");
  assert.deepEqual(decodeNeighbor(packetIn(frame)), solicit);
  const probe = { ...solicit, source: ip("::"), mac: undefined };
  assert.deepEqual(decodeNeighbor(packetIn(encodeNeighborSolicit(MAC, probe))), probe);
});

Deno.test("an answer goes to the one that asked", () => {
  const advert = {
    kind: "na",
    source: VIP,
    destination: ip("fe80::1"),
    router: false,
    solicited: true,
    override: true,
    target: VIP,
    mac: MAC,
  } as const;
  const to: Mac = new Uint8Array([2, 0, 0, 0, 0, 1]);
  const frame = encodeNeighborAdvert(MAC, advert, to);
  assert.equal(frame.subarray(0, 6).toHex(), "020000000001");
  assert.deepEqual(decodeNeighbor(packetIn(frame)), advert);
});

Deno.test("solicited-node groups", () => {
  assert.deepEqual(solicitedNode(ip("fe80::2aa:ff:fe28:9c5a")), ip("ff02::1:ff28:9c5a"));
  assert.deepEqual(solicitedNode(ip("::")), ip("ff02::1:ff00:0"));
});
