/** The packet filters accept what they should, run by an interpreter. */
import assert from "node:assert/strict";
import { assemble, framesOf } from "../../../src/linux/packet_filter.ts";
import { accepts } from "../../support/linux/filter_machine.ts";

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
    for (const ports of [[], [336, 5000]]) {
      assert.equal(accepts(framesOf({ ports }), frame), vrrp);
      assert.equal(accepts(framesOf({ neighbours: true, ports }), frame), near);
    }
  });
}

const UDP4 = { 12: 0x08, 13: 0x00, 23: 17 };
const UDP6 = { 12: 0x86, 13: 0xdd, 20: 17 };

for (
  const [name, frame, expected] of [
    ["UDP over IPv4 to a port", frameWith({ ...UDP4, 36: 1, 37: 80 }), true],
    ["to the last port", frameWith({ ...UDP4, 36: 0x13, 37: 0x88 }), true],
    ["to another port", frameWith({ ...UDP4, 36: 1, 37: 81 }), false],
    ["from the port", frameWith({ ...UDP4, 34: 1, 35: 80 }), false],
    ["UDP over IPv6 to a port", frameWith({ ...UDP6, 56: 1, 57: 80 }), true],
    ["over IPv6 to another port", frameWith({ ...UDP6, 56: 2, 57: 80 }), false],
    ["over IPv6 where IPv4 has it", frameWith({ ...UDP6, 36: 1, 37: 80 }), false],
    ["TCP to the port", frameWith({ ...UDP4, 23: 6, 36: 1, 37: 80 }), false],
  ] as const
) {
  Deno.test(`packet filter: ${name}`, () => {
    for (const neighbours of [false, true]) {
      assert.equal(accepts(framesOf({ neighbours, ports: [336, 5000] }), frame), expected);
      assert.equal(accepts(framesOf({ neighbours }), frame), false);
    }
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
