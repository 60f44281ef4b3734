import assert from "node:assert/strict";
import { ip } from "../../../src/net/ip.ts";
import { arpRequest } from "../../../src/wire/arp.ts";
import { encodeEthernet, ETHERTYPE, multicastMac } from "../../../src/wire/ethernet.ts";
import { decodeFrame, type Frame } from "../../../src/wire/frame.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { encodeIpv6 } from "../../../src/wire/ipv6.ts";
import { encodeNeighborSolicit, solicitedNode, unsolicitedNa } from "../../../src/wire/ndp.ts";
import { encodeUdp } from "../../../src/wire/udp.ts";
import { CAPTURED, CAPTURED_GRATUITOUS_ARP, hex } from "../../support/wire/captured.ts";

const MAC = hex("3ec6a77f0204");
const VIP6 = ip("fe80::100");

/** A frame around a packet of ours. */
function framed(etherType: number, payload: Uint8Array): Uint8Array {
  return encodeEthernet({ destination: hex("01005e000012"), source: MAC, etherType, payload });
}

function kindOf(frame: Uint8Array): Frame["kind"] {
  return decodeFrame(frame).kind;
}

for (const { name, datagram } of CAPTURED) {
  Deno.test(`a frame around captured: ${name}`, () => {
    const { source, destination, ttl, payload } = datagram;
    const six = {
      source,
      destination,
      hopLimit: ttl,
      nextHeader: 112,
      trafficClass: 0xc0,
      payload,
    };
    const frame = source.family === "ipv4"
      ? framed(ETHERTYPE.ipv4, encodeIpv4({ source, destination, id: 1, payload }))
      : framed(ETHERTYPE.ipv6, encodeIpv6(six));
    // A short frame comes padded to 60 bytes.
    const padded = new Uint8Array(Math.max(60, frame.length));
    padded.set(frame);
    const decoded = decodeFrame(padded);
    assert(decoded.kind === "vrrp");
    assert.deepEqual(decoded.datagram, datagram);
    assert.deepEqual(decoded.ethernet.source, MAC);
  });
}

Deno.test("ARP, advertisements and solicitations are told apart", () => {
  assert.equal(kindOf(CAPTURED_GRATUITOUS_ARP), "arp");
  assert.equal(kindOf(arpRequest(MAC, ip("10.0.0.1"), ip("10.0.0.2"))), "arp");
  assert.equal(kindOf(unsolicitedNa(MAC, VIP6, false)), "na");
  const asked = { source: ip("::"), destination: solicitedNode(VIP6), target: VIP6 };
  assert.equal(kindOf(encodeNeighborSolicit(MAC, { kind: "ns", ...asked, mac: undefined })), "ns");
});

Deno.test("everything else, and everything broken, is other", () => {
  const source = ip("10.0.0.1");
  const udp = { source, destination: source, id: 1, protocol: 17, payload: hex("0102") };
  const addresses = { source: VIP6, destination: VIP6 };
  const six = { ...addresses, hopLimit: 255, trafficClass: 0, payload: hex("0102") };
  const others: readonly (readonly [string, Uint8Array])[] = [
    ["UDP", framed(ETHERTYPE.ipv4, encodeIpv4(udp))],
    ["UDP over IPv6", framed(ETHERTYPE.ipv6, encodeIpv6({ ...six, nextHeader: 17 }))],
    ["a broken solicitation", framed(ETHERTYPE.ipv6, encodeIpv6({ ...six, nextHeader: 58 }))],
    ["half an IPv4 header", framed(ETHERTYPE.ipv4, hex("45c0"))],
    ["half an IPv6 header", framed(ETHERTYPE.ipv6, hex("6000"))],
    ["half an ARP message", CAPTURED_GRATUITOUS_ARP.subarray(0, 41)],
    ["a VLAN tag", framed(0x8100, hex("00010806"))],
  ];
  for (const [name, frame] of others) {
    const decoded = decodeFrame(frame);
    assert.equal(decoded.kind, "other", name);
    assert.deepEqual(decoded.ethernet?.source, MAC, name);
  }
});

Deno.test("less than an Ethernet header has no sender", () => {
  assert.deepEqual(decodeFrame(hex("")), { kind: "other", ethernet: undefined });
  assert.deepEqual(decodeFrame(new Uint8Array(13)), { kind: "other", ethernet: undefined });
});

Deno.test("group addresses become Ethernet addresses", () => {
  assert.equal(multicastMac(ip("224.0.0.18")).toHex(), "01005e000012");
  assert.equal(multicastMac(ip("239.129.2.3")).toHex(), "01005e010203");
  assert.equal(multicastMac(ip("ff02::12")).toHex(), "333300000012");
  assert.equal(multicastMac(ip("ff02::1:ff28:9c5a")).toHex(), "3333ff289c5a");
});

Deno.test("UDP to a port that is asked for is VRRP with its source port, to another not", () => {
  const { datagram } = CAPTURED[0] ?? assert.fail();
  const udp = { sourcePort: 5000, destinationPort: 336, payload: datagram.payload };
  const [source, destination] = [ip("10.0.0.1"), ip("10.0.0.2")];
  const payload = encodeUdp(udp, source, destination);
  const [from, to] = [ip("fd00::1"), ip("fd00::2")];
  const six = {
    source: from,
    destination: to,
    hopLimit: 64,
    nextHeader: 17,
    trafficClass: 0,
    payload: encodeUdp(udp, from, to),
  };
  const frames = [
    framed(
      ETHERTYPE.ipv4,
      encodeIpv4({ source, destination, id: 1, protocol: 17, ttl: 64, payload }),
    ),
    framed(ETHERTYPE.ipv6, encodeIpv6(six)),
  ];
  for (const [index, frame] of frames.entries()) {
    const decoded = decodeFrame(frame, [53, 336]);
    assert(decoded.kind === "vrrp");
    const addresses = index === 0 ? { source, destination } : { source: from, destination: to };
    assert.deepEqual(decoded.datagram, {
      ...addresses,
      ttl: 64,
      payload: datagram.payload,
      port: 5000,
    });
    for (const ports of [[], [53], [5000]]) assert.equal(decodeFrame(frame, ports).kind, "other");
  }
});
