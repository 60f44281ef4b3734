/**
 * Filters of packet sockets for adverts from held addresses: those to one endpoint alone, of the
 * links' frames.
 */
import assert from "node:assert/strict";
import type { Endpoint } from "../../../src/host.ts";
import { heldSourceFilter } from "../../../src/linux/held_sources.ts";
import { MOST_INSTRUCTIONS } from "../../../src/linux/packet_filter.ts";
import { type Ip, ip, ipFromBytes } from "../../../src/net/ip.ts";
import { encodeEthernet, ETHERTYPE } from "../../../src/wire/ethernet.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { encodeUdp, UDP_PROTOCOL } from "../../../src/wire/udp.ts";
import { accepts, lengthOf } from "../../support/linux/filter_machine.ts";

const HELD = ["10.77.0.1", "10.77.0.50"].map(ip);
const [OWNER = ip("0.0.0.0")] = HELD;
const OWN = ip("10.77.0.2");
const GROUP = ip("224.0.0.18");
const TO_GROUP = 2, TO_OTHERS = 3, OUTGOING = 4, LOOPED = 5;
const MAC = new Uint8Array(6);
const where = { family: "ipv4", interface: "eth0" } as const;
const MULTICAST: Endpoint = { kind: "multicast", ...where };
const UNICAST: Endpoint = { kind: "unicast", source: OWN, ...where };
const UDP: Endpoint = { kind: "udp", source: OWN, port: 336, ...where };

function frame(source: Ip, destination: Ip, protocol?: number, payload = message()): Uint8Array {
  const packet = encodeIpv4({ source, destination, id: 1, payload, ...(protocol && { protocol }) });
  const header = { destination: MAC, source: MAC, etherType: ETHERTYPE.ipv4 };
  return encodeEthernet({ ...header, payload: packet });
}

function message(): Uint8Array {
  return new Uint8Array(12);
}

function udpFrame(source: Ip, destination: Ip, port: number): Uint8Array {
  const datagram = { sourcePort: port, destinationPort: port, payload: message() };
  return frame(source, destination, UDP_PROTOCOL, encodeUdp(datagram, source, destination));
}

Deno.test("adverts from each held address, to the group or to us, are heard", () => {
  for (const source of HELD) {
    assert(accepts(heldSourceFilter(MULTICAST, HELD), frame(source, GROUP), TO_GROUP));
    assert(accepts(heldSourceFilter(UNICAST, HELD), frame(source, OWN)));
    assert(accepts(heldSourceFilter(UDP, HELD), udpFrame(source, OWN, 336)));
  }
});

Deno.test("what the kernel hands over is not heard again, nor what this machine sends", () => {
  const program = heldSourceFilter(MULTICAST, HELD);
  for (let at = 0; at < 4; at++) {
    const bytes = OWNER.bytes.slice();
    bytes[at] = (bytes[at] ?? 0) ^ 0x40;
    assert(!accepts(program, frame(ipFromBytes(bytes), GROUP), TO_GROUP));
  }
  for (const type of [TO_OTHERS, OUTGOING, LOOPED]) {
    assert(!accepts(program, frame(OWNER, GROUP), type), `packet type ${type}`);
  }
});

Deno.test("another destination, protocol or port, options and short packets are dropped", () => {
  const [multicast, unicast] = [heldSourceFilter(MULTICAST, HELD), heldSourceFilter(UNICAST, HELD)];
  const udp = heldSourceFilter(UDP, HELD);
  assert(!accepts(multicast, frame(OWNER, OWN)));
  assert(!accepts(unicast, frame(OWNER, GROUP), TO_GROUP));
  assert(!accepts(multicast, frame(OWNER, GROUP, 6), TO_GROUP));
  assert(!accepts(unicast, udpFrame(OWNER, OWN, 336)));
  assert(!accepts(udp, udpFrame(OWNER, OWN, 337)));
  assert(!accepts(udp, frame(OWNER, OWN)));
  assert(!accepts(multicast, frame(OWNER, GROUP).with(14, 0x46), TO_GROUP));
  assert(!accepts(multicast, frame(OWNER, GROUP).slice(0, 33), TO_GROUP));
});

Deno.test("with more addresses than a program has room for, every source is heard", () => {
  const many = Array.from({ length: 3000 }, (_, i) => ip(`10.1.${i >> 8}.${i & 255}`));
  for (const [list, heard] of [[many.slice(0, 1000), false], [many, true]] as const) {
    const program = heldSourceFilter(MULTICAST, list);
    assert(lengthOf(program) <= MOST_INSTRUCTIONS);
    assert.equal(accepts(program, frame(OWNER, GROUP), TO_GROUP), heard);
    assert(accepts(program, frame(list[999] ?? OWNER, GROUP), TO_GROUP));
  }
});
