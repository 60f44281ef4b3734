/** The filter passes exactly the frames that assert a listed address. */
import assert from "node:assert/strict";
import { claimFilter, leavingFilter } from "../../../src/linux/claim_filter.ts";
import { MOST_INSTRUCTIONS } from "../../../src/linux/packet_filter.ts";
import { type Ip, ip, ipFromBytes } from "../../../src/net/ip.ts";
import { arpProbe, arpProbeToAll, arpRequest, gratuitousArp } from "../../../src/wire/arp.ts";
import { neighborProbe, neighborProbeToAll, unsolicitedNa } from "../../../src/wire/ndp.ts";
import { accepts, lengthOf } from "../../support/linux/filter_machine.ts";

const MAC = new Uint8Array([2, 0, 0, 0, 0, 1]);
const BROADCAST = 1, OTHER_HOST = 3, OUTGOING = 4;
const FOREIGN = new Uint8Array([2, 0, 0, 0, 0, 9]);

const LIST4 = ["192.168.1.50", "10.0.0.1", "192.168.1.51"].map(ip);
const LIST6 = ["fd00::50", "fe80::1:2:3:4", "fd00::51"].map(ip);

Deno.test("each address of the list, and none beside it", () => {
  for (const list of [LIST4, LIST6]) {
    const program = claimFilter(list);
    for (const address of list) {
      assert.ok(accepts(program, claim(address)));
      for (let at = 0; at < address.bytes.length; at++) {
        const bytes = address.bytes.slice();
        bytes[at] = (bytes[at] ?? 0) ^ 0x40;
        assert.ok(!accepts(program, claim(ipFromBytes(bytes))));
      }
    }
  }
});

Deno.test("a question or a probe claims nothing", () => {
  const [own4, own6] = [ip("192.168.1.9"), ip("fd00::50")];
  for (const address of LIST4) {
    assert.ok(!accepts(claimFilter(LIST4), arpProbe(MAC, address)));
    assert.ok(!accepts(claimFilter(LIST4), arpRequest(MAC, own4, address)));
    assert.ok(accepts(claimFilter(LIST4), arpRequest(MAC, address, own4)));
  }
  assert.ok(!accepts(claimFilter(LIST6), neighborProbe(MAC, own6)));
});

Deno.test("a probe of this machine that comes back is handed over, and no other", () => {
  const program = claimFilter(LIST4, MAC);
  const [first = ip("0.0.0.0")] = LIST4;
  const probe = arpProbeToAll(MAC, first, new Uint8Array([1, 2, 3, 4, 5, 6]));
  assert.ok(accepts(program, probe));
  assert.ok(!accepts(claimFilter(LIST4), probe));
  for (let at = 6; at < 12; at++) {
    const other = probe.slice();
    other[at] = (other[at] ?? 0) ^ 1;
    assert.ok(!accepts(program, other), `byte ${at}`);
  }
  assert.ok(accepts(program, claim(first)));
  assert.ok(!accepts(program, claim(ip("192.168.1.99"))));
});

Deno.test("another machine's question for an address is handed over where all hear it", () => {
  const many = Array.from({ length: 2500 }, (_, i) => ip(`10.1.${i >> 8}.${i & 255}`));
  for (const list of [LIST4, many]) {
    const program = claimFilter(list, MAC);
    for (const address of list.slice(0, 3)) {
      assert.ok(accepts(program, arpProbe(FOREIGN, address), BROADCAST));
      assert.ok(!accepts(program, arpProbe(FOREIGN, address)), "a poll");
    }
    assert.equal(accepts(program, arpProbe(FOREIGN, ip("192.168.9.9")), BROADCAST), list === many);
  }
});

Deno.test("of what leaves, a claim of an address with another MAC than the link's", () => {
  const program = leavingFilter(LIST4, MAC);
  for (const address of LIST4) {
    assert.ok(accepts(program, gratuitousArp(FOREIGN, address), OUTGOING));
    assert.ok(!accepts(program, gratuitousArp(MAC, address), OUTGOING));
    assert.ok(!accepts(program, gratuitousArp(FOREIGN, address)), "it arrives");
    assert.ok(!accepts(program, arpProbe(FOREIGN, address), OUTGOING), "a question");
  }
  assert.ok(!accepts(program, gratuitousArp(FOREIGN, ip("192.168.9.9")), OUTGOING));
  assert.ok(!accepts(program, claim(ip("fd00::50")), OUTGOING));
  for (let at = 0; at < 6; at++) {
    const near = MAC.slice();
    near[at] = (near[at] ?? 0) ^ 1;
    assert.ok(accepts(program, gratuitousArp(near, ip("10.0.0.1")), OUTGOING), `byte ${at}`);
  }
});

Deno.test("an own Neighbor Solicitation that comes back is handed over, and no other", () => {
  const program = claimFilter(LIST6, MAC);
  const [first = ip("::")] = LIST6;
  const probe = neighborProbeToAll(MAC, first, new Uint8Array([1, 2, 3, 4, 5, 6]));
  assert.ok(accepts(program, probe));
  assert.ok(!accepts(claimFilter(LIST6), probe));
  const other = probe.slice();
  other[11] = 99;
  assert.ok(!accepts(program, other));
  assert.ok(accepts(program, claim(first)));
  assert.ok(!accepts(program, claim(ip("fd00::99"))));
});

Deno.test("what is for a VLAN of others, cut short or of another kind is dropped", () => {
  for (const list of [LIST4, LIST6]) {
    const program = claimFilter(list);
    const [first = ip("::")] = list;
    const frame = claim(first);
    assert.ok(!accepts(program, frame, OTHER_HOST));
    for (let length = 0; length < frame.length - 24; length++) {
      assert.ok(!accepts(program, frame.subarray(0, length)));
    }
  }
  const echo = claim(ip("fd00::50"));
  echo[54] = 128;
  assert.ok(!accepts(claimFilter(LIST6), echo));
  const forwarded = claim(ip("fd00::50"));
  forwarded[21] = 254;
  assert.ok(!accepts(claimFilter(LIST6), forwarded));
  const tokenRing = claim(ip("10.0.0.1"));
  tokenRing[15] = 6;
  assert.ok(!accepts(claimFilter(LIST4), tokenRing));
});

Deno.test("255 addresses fit; beyond the size of a program every claim is handed over", () => {
  const list = (count: number, make: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => ip(make(i)));
  const make4 = (i: number) => `10.1.${i >> 8}.${i & 255}`;
  const make6 = (i: number) => `fd00::${i.toString(16)}`;
  for (const make of [make4, make6]) {
    const some = claimFilter(list(255, make));
    assert.ok(lengthOf(some) < MOST_INSTRUCTIONS);
    assert.ok(accepts(some, claim(ip(make(254)))));
    assert.ok(!accepts(some, claim(ip(make(255)))));
    const all = claimFilter(list(3000, make));
    assert.ok(lengthOf(all) < MOST_INSTRUCTIONS);
    assert.ok(accepts(all, claim(ip(make(3001)))));
  }
});

Deno.test("of many IPv6 addresses the last word alone is compared, of many IPv4 all", () => {
  const many6 = Array.from({ length: 200 }, (_, i) => ip(`fd00::${i.toString(16)}`));
  assert.ok(accepts(claimFilter(many6), claim(ip("fd00::c7"))));
  assert.ok(accepts(claimFilter(many6), claim(ip("fe80::c7"))));
  assert.ok(!accepts(claimFilter(many6), claim(ip("fd00::c8"))));
  const many4 = Array.from({ length: 2000 }, (_, i) => ip(`10.1.${i >> 8}.${i & 255}`));
  assert.ok(accepts(claimFilter(many4, MAC), claim(ip("10.1.7.207"))));
  assert.ok(!accepts(claimFilter(many4, MAC), claim(ip("10.1.7.208"))));
});

function claim(address: Ip): Uint8Array {
  return address.family === "ipv4"
    ? gratuitousArp(MAC, address)
    : unsolicitedNa(MAC, address, false);
}
