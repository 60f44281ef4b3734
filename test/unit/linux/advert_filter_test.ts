/** Filters of sockets for adverts: our VRIDs alone, and in a flood those of known sources. */
import assert from "node:assert/strict";
import { advertFilter } from "../../../src/linux/advert_filter.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { encodeIpv4 } from "../../../src/wire/ipv4.ts";
import { hex } from "../../support/wire/captured.ts";
import { accepts } from "../../support/linux/filter_machine.ts";

const PEER = ip("10.77.0.2");
const STRANGER = ip("10.77.0.66");
const GROUP = ip("224.0.0.18");

function message(vrid: number, length = 12): Uint8Array {
  return new Uint8Array(length).with(0, 0x31).with(1, vrid);
}

/** A packet of `source`, with options or without. */
function packet(source: Ip, payload: Uint8Array, options = 0): Uint8Array {
  const plain = encodeIpv4({ source, destination: GROUP, id: 1, payload });
  const head = plain.subarray(0, 20).with(0, 0x45 + options / 4);
  return new Uint8Array([...head, ...new Uint8Array(options), ...plain.subarray(20)]);
}

/** The header of an IPv6 packet of `source`. */
function header6(source: Ip): Uint8Array {
  return new Uint8Array([...hex("60000000001470ff"), ...source.bytes, ...new Uint8Array(16)]);
}

Deno.test("a raw socket of IPv4 hears our VRIDs, behind options too, and nothing too long", () => {
  const program = advertFilter(
    { kind: "multicast", family: "ipv4" },
    { vrids: [51, 200], known: [] },
    true,
  );
  assert(accepts(program, packet(STRANGER, message(51))));
  assert(accepts(program, packet(STRANGER, message(200), 4)));
  assert(accepts(program, packet(STRANGER, message(51, 2))), "too short is counted");
  assert(!accepts(program, packet(STRANGER, message(52))));
  assert(!accepts(program, packet(STRANGER, message(52), 4)));
  assert(!accepts(program, packet(STRANGER, Uint8Array.of(0x31))));
  assert(accepts(program, packet(STRANGER, message(51, 8 + 255 * 4 + 8))));
  assert(!accepts(program, packet(STRANGER, message(51, 5000))));
});

Deno.test("in a flood known sources are heard, and no other", () => {
  const known = [ip("10.77.0.3"), PEER];
  const program = advertFilter(
    { kind: "unicast", family: "ipv4" },
    { vrids: [51], known },
    false,
  );
  assert(accepts(program, packet(PEER, message(51))));
  assert(!accepts(program, packet(PEER, message(52))));
  assert(!accepts(program, packet(STRANGER, message(51))));
  const nobody = advertFilter(
    { kind: "unicast", family: "ipv4" },
    { vrids: [51], known: [] },
    false,
  );
  assert(!accepts(nobody, packet(PEER, message(51))));
});

Deno.test("IPv6 and UDP begin behind the IP header", () => {
  const peer = ip("fe80::2");
  const six = { vrids: [51], known: [ip("fe80::1"), peer] };
  const raw = advertFilter({ kind: "multicast", family: "ipv6" }, six, false);
  assert(accepts(raw, message(51, 24), { header: header6(peer) }));
  assert(!accepts(raw, message(52, 24), { header: header6(peer) }));
  assert(!accepts(raw, message(51, 24), { header: header6(ip("fe80::3")) }));
  const udp = advertFilter({ kind: "udp", family: "ipv4" }, { vrids: [51], known: [PEER] }, false);
  const datagram = (vrid: number) => new Uint8Array([...new Uint8Array(8), ...message(vrid)]);
  const header = packet(PEER, new Uint8Array());
  assert(accepts(udp, datagram(51), { header }));
  assert(!accepts(udp, datagram(52), { header }));
  assert(!accepts(udp, datagram(51), { header: packet(STRANGER, new Uint8Array()) }));
});

Deno.test("all VRIDs and hundreds of known sources fit; more than fit are all heard", () => {
  const vrids = Array.from({ length: 255 }, (_, i) => i + 1);
  const many = (count: number) => Array.from({ length: count }, (_, i) => ip(`fe80::${i + 1}`));
  const endpoint = { kind: "multicast", family: "ipv6" } as const;
  const fits = advertFilter(endpoint, { vrids, known: many(256) }, false);
  for (const vrid of [1, 128, 255]) {
    assert(accepts(fits, message(vrid, 24), { header: header6(ip("fe80::100")) }));
    assert(!accepts(fits, message(vrid, 24), { header: header6(ip("fe80::fff")) }));
  }
  const tooMany = advertFilter(endpoint, { vrids, known: many(1000) }, false);
  assert(accepts(tooMany, message(9, 24), { header: header6(ip("fe80::ffff")) }));
});

Deno.test("a UDP socket finds the VRID behind the head of a seal too", () => {
  const program = advertFilter(
    { kind: "udp", family: "ipv4" },
    { vrids: [51], known: [] },
    true,
  );
  const udp = (payload: Uint8Array) => Uint8Array.of(...new Uint8Array(8), ...payload);
  const sealed = (vrid: number) => {
    const head = [0x46, 0x4c, 1, 4, ...new Uint8Array(36)];
    return udp(Uint8Array.of(...head, ...message(vrid)));
  };
  assert(accepts(program, udp(message(51))));
  assert(!accepts(program, udp(message(52))));
  assert(accepts(program, sealed(51)));
  assert(!accepts(program, sealed(52)));
  assert(!accepts(program, sealed(51).subarray(0, 48)), "nothing is behind its head");
});
