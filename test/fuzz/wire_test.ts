import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Family,
  type Ip,
  ip,
  ipFromBytes,
  isMulticast,
  isUnicast,
  isUnspecified,
} from "../../src/net/ip.ts";
import { milliseconds, seconds } from "../../src/time.ts";
import { type Arp, ARP_MESSAGE, decodeArp, encodeArp } from "../../src/wire/arp.ts";
import { checksum, pseudoHeader } from "../../src/wire/checksum.ts";
import { claimIn } from "../../src/wire/claim.ts";
import { decodeEthernet, encodeEthernet, ETHERTYPE } from "../../src/wire/ethernet.ts";
import { decodeFrame } from "../../src/wire/frame.ts";
import { decodeUnreachable } from "../../src/wire/icmp.ts";
import { groupsHeard } from "../../src/wire/igmp.ts";
import { decodeIpv4, encodeIpv4, IPV4_HEADER } from "../../src/wire/ipv4.ts";
import { decodeIpv6, encodeIpv6 } from "../../src/wire/ipv6.ts";
import {
  decodeNeighbor,
  encodeNeighborAdvert,
  encodeNeighborSolicit,
  type NeighborAdvert,
  type NeighborSolicit,
} from "../../src/wire/ndp.ts";
import { oddities } from "../../src/tools/listen/warnings.ts";
import { isReject, REJECT_REASONS } from "../../src/wire/reject.ts";
import {
  type Advert,
  decodeAdvert,
  encodeAdvert,
  groupOf,
  type VrrpDatagram,
} from "../../src/wire/vrrp.ts";

/**
 * How often each property is tried; `FUZZ_RUNS=100000` for a long run. fast-check prints the seed
 * of a failure.
 */
const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 1000) };

const byte = fc.nat(255);
const word = fc.nat(65535);
const anyBytes = fc.uint8Array({ maxLength: 1500, size: "medium" });

/** Records that compare equal to object literals. */
function record<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record<T>(model, { noNullPrototype: true });
}

function exactly(length: number): fc.Arbitrary<Uint8Array> {
  return fc.uint8Array({ minLength: length, maxLength: length });
}

function address(family: Family): fc.Arbitrary<Ip> {
  return exactly(family === "ipv4" ? 4 : 16).map(ipFromBytes);
}

const anyAddress = fc.constantFrom("ipv4" as const, "ipv6" as const).chain(address);

/** An advert as it comes off the wire, with the addresses of its IP header. */
interface Sent {
  readonly advert: Advert;
  readonly source: Ip;
  readonly destination: Ip;
}

const common = { vrid: fc.integer({ min: 1, max: 255 }), priority: byte };

function addressList(family: Family): fc.Arbitrary<Ip[]> {
  return fc.array(address(family), { minLength: 1, maxLength: 255, size: "small" });
}

const advert2: fc.Arbitrary<Advert> = record({
  version: fc.constant(2 as const),
  ...common,
  interval: fc.integer({ min: 1, max: 255 }).map(seconds),
  addresses: addressList("ipv4"),
  auth: record({ type: byte, data: exactly(8) }),
});

const centiseconds = fc.integer({ min: 1, max: 4095 }).map((count) => milliseconds(10 * count));

const advert3: fc.Arbitrary<Advert> = record({
  version: fc.constant(3 as const),
  ...common,
  interval: centiseconds,
  addresses: addressList("ipv4"),
  checksumForm: fc.constantFrom("pseudo-header" as const, "rfc9568" as const),
});

const advert6: fc.Arbitrary<Advert> = record({
  version: fc.constant(3 as const),
  ...common,
  interval: centiseconds,
  addresses: addressList("ipv6"),
});

function between(family: Family, advert: fc.Arbitrary<Advert>): fc.Arbitrary<Sent> {
  const destination = fc.oneof(fc.constant(groupOf(family)), address(family));
  return record({ advert, source: address(family).filter(isUnicast), destination });
}

const sent: fc.Arbitrary<Sent> = fc.oneof(
  between("ipv4", advert2),
  between("ipv4", advert3),
  between("ipv6", advert6),
);

function datagramOf({ advert, source, destination }: Sent): VrrpDatagram {
  return { source, destination, ttl: 255, payload: encodeAdvert(advert, source, destination) };
}

/** Whole bytes changed, cut off or added. */
function mutilated(bytes: Uint8Array): fc.Arbitrary<Uint8Array> {
  const pokes = fc.array(fc.tuple(fc.nat(Math.max(0, bytes.length - 1)), byte), { maxLength: 3 });
  return fc.tuple(pokes, fc.nat(bytes.length), fc.uint8Array({ maxLength: 9 }), fc.boolean()).map(
    ([poked, length, tail, shorten]) => {
      const copy = bytes.slice();
      for (const [at, value] of poked) copy[at] = value;
      return shorten ? copy.slice(0, length) : new Uint8Array([...copy, ...tail]);
    },
  );
}

function check<T>(arbitrary: fc.Arbitrary<T>, property: (value: T) => void): void {
  fc.assert(fc.property(arbitrary, property), RUNS);
}

/** Decodes and holds the answer to its type's promises. */
function decodeSafely(datagram: VrrpDatagram): void {
  const before = datagram.payload.toHex();
  const decoded = decodeAdvert(datagram);
  assert.equal(datagram.payload.toHex(), before);
  if (isReject(decoded)) {
    assert(decoded.reason in REJECT_REASONS);
    assert(decoded.detail.length > 0);
    return;
  }
  assert(decoded.vrid >= 1 && decoded.interval >= 10_000_000 && decoded.addresses.length >= 1);
  assert(decoded.addresses.every(({ family }) => family === datagram.destination.family));
  oddities(decoded, datagram);
}

Deno.test("decodeAdvert never throws, whatever bytes come from wherever", () => {
  const datagram = record({
    source: anyAddress,
    destination: anyAddress,
    ttl: fc.oneof(fc.constant(255), byte),
    payload: anyBytes,
  });
  check(datagram, decodeSafely);
});

Deno.test("decodeAdvert never throws on a mutilated advert", () => {
  const datagram = sent.map(datagramOf).chain((good) =>
    mutilated(good.payload).map((payload) => ({ ...good, payload }))
  );
  check(datagram, decodeSafely);
});

Deno.test("decodeAdvert never throws on a mutilated advert with a right checksum", () => {
  const datagram = sent.map(datagramOf).chain((good) =>
    mutilated(good.payload).map((payload) => ({ ...good, payload: resealed(good, payload) }))
  );
  check(datagram, decodeSafely);
});

/** The payload with the checksum that its own version nibble asks for. */
function resealed({ source, destination }: VrrpDatagram, payload: Uint8Array): Uint8Array {
  if (payload.length < 8) return payload;
  const view = new DataView(payload.buffer);
  view.setUint16(6, 0);
  const pseudo = pseudoHeader(source, destination, 112, payload.length);
  const covered = (payload[0] ?? 0) >> 4 === 2 ? [payload] : [pseudo, payload];
  view.setUint16(6, checksum(...covered));
  return payload;
}

Deno.test("an advert comes back whole from its bytes", () => {
  check(sent, (given) => {
    const decoded = decodeAdvert(datagramOf(given));
    assert(!isReject(decoded), JSON.stringify(decoded));
    const { checksumForm, ...rest } = decoded;
    const { checksumForm: asked, ...expected } = given.advert;
    assert.deepEqual(rest, expected);
    // Where the pseudo-header happens to sum to zero, both forms are the same bytes.
    const { advert, source, destination } = given;
    const bytesOf = (form: typeof asked) => encodeAdvert(advert, source, destination, form).toHex();
    if (checksumForm !== asked) assert.equal(bytesOf(checksumForm), bytesOf(asked));
  });
});

Deno.test("bytes come back from the advert they are read as, reserved bits aside", () => {
  const sealed = fc.tuple(fc.constantFrom(0x21, 0x31), fc.nat(4), anyAddress, anyAddress).chain((
    [head, count, source, destination],
  ) => {
    const length = 8 + count * source.bytes.length + (head === 0x21 ? 8 : 0);
    return exactly(length).map((payload) => {
      payload.set([head], 0);
      payload.set([count], 3);
      const six = { source, destination, ttl: 255, payload };
      if (source.family !== destination.family) return six;
      return { ...six, payload: resealed(six, payload) };
    });
  });
  check(sealed, (datagram) => {
    const decoded = decodeAdvert(datagram);
    if (isReject(decoded)) return;
    const expected = datagram.payload.slice();
    if (decoded.version === 3) expected[4] = (expected[4] ?? 0) & 0x0f;
    const { source, destination } = datagram;
    const again = encodeAdvert(decoded, source, destination);
    again.set(expected.subarray(6, 8), 6);
    assert.equal(again.toHex(), expected.toHex());
  });
});

Deno.test("an advert with one bit flipped is not the same advert, and not of the same form", () => {
  const flipped = sent.chain((given) => {
    const good = datagramOf(given);
    return fc.nat(8 * good.payload.length - 1).map((bit) => ({ good, bit }));
  });
  check(flipped, ({ good, bit }) => {
    const payload = good.payload.slice();
    payload[bit >> 3] = (payload[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    const before = decodeAdvert(good);
    const after = decodeAdvert({ ...good, payload });
    if (isReject(after)) return;
    // Only the other form of the checksum can have become right by chance (1 in 65536 / 16).
    assert(!isReject(before) && before.version === 3 && before.checksumForm !== undefined);
    assert.notEqual(after.checksumForm, before.checksumForm);
  });
});

Deno.test("decodeFrame and claimIn never throw, whatever the bytes", () => {
  const etherType = fc.constantFrom(...Object.values(ETHERTYPE));
  const framed = fc.tuple(etherType, anyBytes).map(([type, payload]) =>
    encodeEthernet({
      destination: new Uint8Array(6),
      source: new Uint8Array(6),
      etherType: type,
      payload,
    })
  );
  check(fc.tuple(fc.oneof(anyBytes, framed), word), ([frame, port]) => {
    decodeFrame(frame);
    // Whatever is taken for UDP.
    const there = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const ports = [36, 56].flatMap((at) => at + 2 <= frame.length ? [there.getUint16(at)] : []);
    decodeFrame(frame, [port, ...ports]);
    claimIn(frame);
  });
});

Deno.test("reports of IGMP and refusals of ICMP never throw, whatever the bytes", () => {
  const types = fc.constantFrom(0x11, 0x12, 0x16, 0x22, 3);
  const typed = fc.tuple(types, anyBytes).map(([type, rest]) => {
    const payload = Uint8Array.from([type, 2, 0, 0, ...rest]);
    new DataView(payload.buffer).setUint16(2, checksum(payload));
    return payload;
  });
  const source = ip("10.0.0.1");
  const header = { source, destination: source, ttl: 1, id: 0, typeOfService: 0 };
  check(fc.oneof(anyBytes, typed), (payload) => {
    groupsHeard({ ...header, protocol: 2, payload });
    decodeUnreachable({ ...header, protocol: 1, payload });
  });
});

/** A frame of any kind that we know. */
const goodFrame: fc.Arbitrary<Uint8Array> = fc.tuple(sent, exactly(6), exactly(6), word).chain(
  ([given, to, from, id]) => {
    const { source, destination, payload } = datagramOf(given);
    const six = { hopLimit: 255, nextHeader: 112, trafficClass: 0, source, destination, payload };
    const [etherType, packet] = source.family === "ipv4"
      ? [ETHERTYPE.ipv4, encodeIpv4({ source, destination, id, payload })]
      : [ETHERTYPE.ipv6, encodeIpv6(six)];
    const vrrp = encodeEthernet({ destination: to, source: from, etherType, payload: packet });
    return fc.oneof(
      fc.constant(vrrp),
      neighborAdvert.map((advert) => encodeNeighborAdvert(from, advert)),
      neighborSolicit.map((solicit) => encodeNeighborSolicit(from, solicit)),
      arp.map(encodeArp).map((message) =>
        encodeEthernet({
          destination: to,
          source: from,
          etherType: ETHERTYPE.arp,
          payload: message,
        })
      ),
    );
  },
);

const arp: fc.Arbitrary<Arp> = record({
  operation: fc.constantFrom("request" as const, "reply" as const),
  senderMac: exactly(6),
  senderIp: address("ipv4"),
  targetMac: exactly(6),
  targetIp: address("ipv4"),
});

const unicast6 = address("ipv6").filter((given) => !isMulticast(given) && !isUnspecified(given));
const neighborCommon = {
  source: unicast6,
  target: unicast6,
  mac: fc.option(exactly(6), { nil: undefined }),
};

const neighborSolicit: fc.Arbitrary<NeighborSolicit> = record({
  kind: fc.constant("ns" as const),
  destination: address("ipv6"),
  ...neighborCommon,
});

const neighborAdvert: fc.Arbitrary<NeighborAdvert> = record({
  kind: fc.constant("na" as const),
  destination: unicast6,
  router: fc.boolean(),
  solicited: fc.boolean(),
  override: fc.boolean(),
  ...neighborCommon,
});

Deno.test("a frame of ours is recognised, a mutilated one never makes the decoder throw", () => {
  check(goodFrame, (frame) => assert.notEqual(decodeFrame(frame).kind, "other"));
  check(goodFrame.chain(mutilated), (frame) => {
    const decoded = decodeFrame(frame);
    if (decoded.kind === "vrrp") decodeSafely(decoded.datagram);
  });
});

Deno.test("Ethernet, IPv4, IPv6, ARP and neighbor messages survive a round trip of bytes", () => {
  const mac = exactly(6);
  const frame = record({ destination: mac, source: mac, etherType: word, payload: anyBytes });
  check(frame, (given) => assert.deepEqual(decodeEthernet(encodeEthernet(given)), given));
  const four = record({
    source: address("ipv4"),
    destination: address("ipv4"),
    ttl: byte,
    protocol: byte,
    id: word,
    typeOfService: byte,
    payload: anyBytes,
  });
  check(four, (given) => assert.deepEqual(decodeIpv4(encodeIpv4(given)), given));
  const six = record({
    source: address("ipv6"),
    destination: address("ipv6"),
    hopLimit: byte,
    nextHeader: byte,
    trafficClass: byte,
    payload: anyBytes,
  });
  check(six, (given) => assert.deepEqual(decodeIpv6(encodeIpv6(given)), given));
  check(arp, (given) => assert.deepEqual(decodeArp(encodeArp(given)), given));
  check(fc.tuple(mac, neighborAdvert), ([from, given]) => {
    assert.deepEqual(neighborIn(encodeNeighborAdvert(from, given)), given);
  });
  check(fc.tuple(mac, neighborSolicit), ([from, given]) => {
    assert.deepEqual(neighborIn(encodeNeighborSolicit(from, given)), given);
  });
});

function neighborIn(frame: Uint8Array): unknown {
  const packet = decodeIpv6(decodeEthernet(frame)?.payload ?? new Uint8Array());
  return packet && decodeNeighbor(packet);
}

Deno.test("an IPv4 header with one bit flipped is refused", () => {
  const packet = fc.tuple(address("ipv4"), address("ipv4"), word, fc.nat(159));
  check(packet, ([source, destination, id, bit]) => {
    const bytes = encodeIpv4({ source, destination, id, payload: new Uint8Array(60) });
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (0x80 >> (bit & 7));
    assert.equal(decodeIpv4(bytes), undefined);
  });
});

Deno.test("a layout writes back just the bytes that it read", () => {
  check(exactly(ARP_MESSAGE.size), (bytes) => {
    assert.deepEqual(ARP_MESSAGE.write(ARP_MESSAGE.read(bytes)), bytes);
  });
  check(exactly(IPV4_HEADER.size), (bytes) => {
    assert.deepEqual(IPV4_HEADER.write(IPV4_HEADER.read(bytes)), bytes);
  });
});
