import assert from "node:assert/strict";
import { AssertionFailure } from "../../../src/assert.ts";
import { ip } from "../../../src/net/ip.ts";
import { BROADCAST_MAC, type Mac, parseMac } from "../../../src/net/mac.ts";
import { arpProbe, arpRequest, decodeArp, gratuitousArp } from "../../../src/wire/arp.ts";
import { decodeEthernet } from "../../../src/wire/ethernet.ts";
import { CAPTURED_GRATUITOUS_ARP, hex } from "../../support/wire/captured.ts";
import { arpReply } from "../../support/wire/arp_reply.ts";

const MAC = mac("3e:c6:a7:7f:02:04");
const OTHER = mac("02:00:00:00:00:01");
const VIP = ip("10.99.0.100");

function mac(text: string): Mac {
  return parseMac(text) ?? assert.fail(text);
}

/** The ARP message inside a frame. */
function arpIn(frame: Uint8Array) {
  return decodeArp(decodeEthernet(frame)?.payload ?? hex(""));
}

Deno.test("gratuitous ARP is byte for byte keepalived's", () => {
  assert.equal(gratuitousArp(MAC, VIP).toHex(), CAPTURED_GRATUITOUS_ARP.toHex());
  assert.deepEqual(arpIn(CAPTURED_GRATUITOUS_ARP), {
    operation: "request",
    senderMac: MAC,
    senderIp: VIP,
    targetMac: BROADCAST_MAC,
    targetIp: VIP,
  });
});

Deno.test("a request asks everyone, from an address", () => {
  const expected = `
    ffffffffffff 3ec6a77f0204 0806
    0001 0800 06 04
    0001         # request
    3ec6a77f0204 0a630001
    000000000000 0a630064`;
  assert.equal(arpRequest(MAC, ip("10.99.0.1"), VIP).toHex(), hex(expected).toHex());
});

Deno.test("a probe claims nothing: its sender is 0.0.0.0", () => {
  assert.deepEqual(arpIn(arpProbe(MAC, VIP)), {
    operation: "request",
    senderMac: MAC,
    senderIp: ip("0.0.0.0"),
    targetMac: new Uint8Array(6),
    targetIp: VIP,
  });
});

Deno.test("a reply goes to the one that asked", () => {
  const request = arpIn(arpRequest(MAC, ip("10.99.0.1"), VIP));
  assert(request);
  const expected = `
    3ec6a77f0204 020000000001 0806
    0001 0800 06 04
    0002         # reply
    020000000001 0a630064
    3ec6a77f0204 0a630001`;
  assert.equal(arpReply(OTHER, request).toHex(), hex(expected).toHex());
});

Deno.test("Ethernet padding is left aside", () => {
  const padded = new Uint8Array(60);
  padded.set(gratuitousArp(MAC, VIP));
  assert.deepEqual(arpIn(padded), arpIn(gratuitousArp(MAC, VIP)));
});

Deno.test("VPP, replies dropped whose sender MAC is not the frame's: here they are read", () => {
  const request = arpIn(arpRequest(MAC, ip("10.99.0.1"), VIP));
  assert(request);
  const frame = arpReply(OTHER, request);
  frame.set([0x00, 0x00, 0x5e, 0x00, 0x01, 0x33], 6);
  assert.deepEqual(arpIn(frame)?.senderMac, OTHER);
});

Deno.test("what is not ARP for Ethernet and IPv4 is none", () => {
  const message = gratuitousArp(MAC, VIP).subarray(14);
  assert.equal(decodeArp(message.subarray(0, 27)), undefined);
  assert.equal(decodeArp(hex("")), undefined);
  const wrong: readonly (readonly [string, number, number])[] = [
    ["hardware type", 1, 6],
    ["protocol type", 2, 0x86],
    ["hardware size", 4, 8],
    ["protocol size", 5, 16],
    ["operation 0", 7, 0],
    ["operation 3", 7, 3],
  ];
  for (const [name, at, value] of wrong) {
    assert.equal(decodeArp(message.with(at, value)), undefined, name);
  }
});

Deno.test("ARP is for IPv4 only", () => {
  assert.throws(() => gratuitousArp(MAC, ip("fe80::1")), AssertionFailure);
});
