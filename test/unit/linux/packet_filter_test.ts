/** Do the packet filters accept what they should? Run here by an interpreter of the few instructions they use. */
import assert from "node:assert/strict";
import {
  assemble,
  VRRP_AND_NEIGHBOUR_FRAMES,
  VRRP_FRAMES,
} from "../../../src/linux/packet_filter.ts";
import { accepts } from "./filter_machine.ts";

const FRAMES:
  readonly (readonly [name: string, frame: Uint8Array, vrrp: boolean, near: boolean])[] = [
    ["VRRP over IPv4", frameWith({ 12: 0x08, 13: 0x00, 23: 112 }), true, true],
    ["VRRP over IPv6", frameWith({ 12: 0x86, 13: 0xdd, 20: 112 }), true, true],
    ["ARP", frameWith({ 12: 0x08, 13: 0x06 }), false, true],
    ["Neighbor Solicitation", frameWith({ 12: 0x86, 13: 0xdd, 20: 58, 54: 135 }), false, true],
    ["Neighbor Advertisement", frameWith({ 12: 0x86, 13: 0xdd, 20: 58, 54: 136 }), false, true],
    ["ping over IPv6", frameWith({ 12: 0x86, 13: 0xdd, 20: 58, 54: 128 }), false, false],
    ["IGMP", frameWith({ 12: 0x08, 13: 0x00, 23: 2 }), false, true],
    ["ICMP unreachable", frameWith({ 12: 0x08, 13: 0x00, 23: 1, 34: 3 }), false, true],
    ["ping over IPv4", frameWith({ 12: 0x08, 13: 0x00, 23: 1, 34: 8 }), false, false],
    ["TCP over IPv4", frameWith({ 12: 0x08, 13: 0x00, 23: 6 }), false, false],
    ["IPv4 with 112 where IPv6 has it", frameWith({ 12: 0x08, 20: 112 }), false, false],
    ["a VLAN tag", frameWith({ 12: 0x81, 13: 0x00, 20: 112, 23: 112 }), false, false],
    ["nothing", new Uint8Array(), false, false],
    ["a header alone", frameWith({ 12: 0x08, 13: 0x00 }).subarray(0, 14), false, false],
  ];

for (const [name, frame, vrrp, near] of FRAMES) {
  Deno.test(`packet filter: ${name}`, () => {
    assert.equal(accepts(VRRP_FRAMES, frame), vrrp);
    assert.equal(accepts(VRRP_AND_NEIGHBOUR_FRAMES, frame), near);
  });
}

Deno.test("packet filter: a jump backwards or to nowhere is a mistake of ours", () => {
  const equal = { op: "equal", to: 1, then: "start", else: "next" } as const;
  assert.throws(() => assemble([["start", { op: "drop" }], ["again", equal]]), /forward/);
  assert.throws(() => assemble([["start", { ...equal, then: "nowhere" }]]), /nowhere/);
});

function frameWith(bytes: Readonly<Record<number, number>>): Uint8Array {
  const frame = new Uint8Array(60);
  for (const [offset, value] of Object.entries(bytes)) frame[Number(offset)] = value;
  return frame;
}
