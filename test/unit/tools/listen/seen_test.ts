import assert from "node:assert/strict";
import { ip } from "../../../../src/net/ip.ts";
import { formatLocalTime, type Instant, seconds, type WallTime } from "../../../../src/time.ts";
import {
  type Advert,
  encodeAdvert,
  groupOf,
  passwordBytes,
  type VrrpDatagram,
} from "../../../../src/wire/vrrp.ts";
import { type Sighting, Sightings } from "../../../../src/tools/listen/seen.ts";
import {
  hiddenLine,
  sightingJson,
  sightingLines,
  summaryLines,
} from "../../../../src/cli/listen/text.ts";
import { Pace } from "../../../../src/cli/listen/pace.ts";
import { plain } from "../../../../src/cli/terminal.ts";

const TIME = new Date("2026-11-21T03:04:05.678Z");
const CLOCK = formatLocalTime(TIME.getTime() as WallTime);

const ADVERT: Advert = {
  version: 3,
  vrid: 51,
  priority: 200,
  interval: seconds(1),
  addresses: [ip("192.168.1.50")],
};

/**
 * `source` says `change` of the usual advert at second `at`; its MAC ends in the last byte of its
 * address.
 */
function hear(
  sightings: Sightings,
  source: string,
  at: number,
  change: Partial<Advert> = {},
  spoil: (payload: Uint8Array) => void = () => {},
  mac = 0,
  more: Partial<VrrpDatagram> = {},
): Sighting {
  const from = ip(source);
  const destination = groupOf("ipv4");
  const payload = encodeAdvert({ ...ADVERT, ...change }, from, destination);
  spoil(payload);
  const ethernet = {
    destination: new Uint8Array(6),
    source: Uint8Array.of(2, 0, 0, 0, mac, from.bytes[3] ?? 0),
    etherType: 0x0800,
    payload,
  };
  const datagram = { source: from, destination, ttl: 255, payload, ...more };
  const captured = {
    interface: "eth0",
    ethernet,
    datagram,
    outgoing: false,
    at: at * 1e9 as Instant,
  };
  return sightings.take(captured);
}

Deno.test("a sender is new once, per VRID", () => {
  const sightings = new Sightings();
  assert.equal(hear(sightings, "192.168.1.11", 0).first, true);
  assert.equal(hear(sightings, "192.168.1.11", 1).first, false);
  assert.equal(hear(sightings, "192.168.1.11", 1, { vrid: 52 }).first, true);
  assert.equal(hear(sightings, "192.168.1.12", 2).first, true);
});

Deno.test("two masters are those that are heard in turns", () => {
  const sightings = new Sightings();
  hear(sightings, "192.168.1.11", 0);
  hear(sightings, "192.168.1.11", 1);
  assert.deepEqual(hear(sightings, "192.168.1.12", 1.5, { priority: 210 }).odd, []);
  assert.deepEqual(hear(sightings, "192.168.1.11", 2).odd, [
    "two masters: 192.168.1.12 (priority 210) is one too",
  ]);
});

Deno.test("a takeover is no two masters, nor is a return", () => {
  const sightings = new Sightings();
  const heard = [
    hear(sightings, "192.168.1.11", 0),
    hear(sightings, "192.168.1.12", 3.6),
    hear(sightings, "192.168.1.12", 4.6),
    hear(sightings, "192.168.1.12", 4.8, { priority: 0 }),
    hear(sightings, "192.168.1.11", 5),
    hear(sightings, "192.168.1.11", 6),
  ];
  assert.deepEqual(heard.flatMap(({ odd }) => odd), []);
});

Deno.test("a node that preempts, leaves, or was silent long enough makes no two masters", () => {
  const plays: Readonly<Record<string, readonly (readonly [string, number, number])[]>> = {
    preempted: [["192.168.1.11", 0, 100], ["192.168.1.12", 0.5, 200], ["192.168.1.12", 1.5, 200]],
    left: [["192.168.1.11", 0, 100], ["192.168.1.12", 0.5, 0], ["192.168.1.11", 1, 100]],
    silent: [["192.168.1.11", 0, 100], ["192.168.1.12", 0.5, 200], ["192.168.1.11", 10, 100]],
  };
  for (const [name, play] of Object.entries(plays)) {
    const sightings = new Sightings();
    const heard = play.map(([source, at, priority]) => hear(sightings, source, at, { priority }));
    assert.deepEqual(heard.flatMap(({ odd }) => odd), [], name);
  }
});

Deno.test("what a leaving master said binds no node", () => {
  const sightings = new Sightings();
  hear(sightings, "192.168.1.11", 0, { priority: 0 });
  const addresses = [ip("192.168.1.80")];
  assert.deepEqual(hear(sightings, "192.168.1.12", 0.5, { addresses }).odd, []);
});

Deno.test("a change of addresses, version or MAC is odd", () => {
  const sightings = new Sightings();
  hear(sightings, "192.168.1.11", 0);
  const addresses = [ip("192.168.1.50"), ip("192.168.1.51")];
  assert.deepEqual(hear(sightings, "192.168.1.11", 1, { addresses }).odd, [
    "its addresses were 192.168.1.50 before",
  ]);
  const swapped = addresses.toReversed();
  assert.deepEqual(hear(sightings, "192.168.1.11", 2, { addresses: swapped }).odd, []);
  assert.deepEqual(hear(sightings, "192.168.1.11", 3, { addresses, version: 2 }).odd, [
    "spoke version 3 before",
  ]);
  const moved = hear(sightings, "192.168.1.11", 4, { addresses, version: 2 }, undefined, 9);
  assert.deepEqual(moved.odd, ["sent from 02:00:00:00:09:0b now, before from 02:00:00:00:00:0b"]);
});

Deno.test("two senders that do not go together are odd", () => {
  const sightings = new Sightings();
  hear(sightings, "192.168.1.11", 0);
  const other = { addresses: [ip("192.168.1.80")], version: 2 } as const;
  assert.deepEqual(hear(sightings, "192.168.1.12", 0.5, other).odd, [
    "names other addresses than 192.168.1.11: 192.168.1.50 there",
    "speaks version 2, 192.168.1.11 version 3",
  ]);
});

Deno.test("a packet is told on a line, the first of a sender with a headline", () => {
  const sightings = new Sightings();
  const line = `${CLOCK}  eth0  192.168.1.11  VRID 51  priority 200  v3 every 1 s  ` +
    "192.168.1.50  checksum pseudo-header";
  assert.deepEqual(sightingLines(hear(sightings, "192.168.1.11", 0), TIME, plain), [
    "new sender 192.168.1.11 (02:00:00:00:00:0b) on eth0, VRID 51",
    line,
  ]);
  assert.deepEqual(sightingLines(hear(sightings, "192.168.1.11", 1), TIME, plain), [line]);
});

Deno.test("a broken packet is told with its reason", () => {
  const sightings = new Sightings();
  const broken = hear(sightings, "192.168.1.11", 0, {}, (payload) => {
    payload[6] = (payload[6] ?? 0) ^ 1;
  });
  const [, line] = sightingLines(broken, TIME, plain);
  assert.match(line ?? "", /VRID 51 {2}broken: the checksum is wrong in both forms: 0x/);
  assert.equal(JSON.parse(sightingJson(broken, TIME)).reject.reason, "checksum");
});

Deno.test("a password is in no output", () => {
  const auth = { type: 1, data: passwordBytes("topsecre") };
  const sightings = new Sightings();
  const heard = hear(sightings, "192.168.1.11", 0, { version: 2, auth });
  const all = [
    ...sightingLines(heard, TIME, plain),
    sightingJson(heard, TIME),
    ...summaryLines(sightings.summaries(), plain),
  ].join("\n");
  assert.match(all, /auth password/);
  assert.doesNotMatch(all, /topsecre|116,111,112/);
});

Deno.test("as JSON a packet has its numbers with their units", () => {
  const fields = JSON.parse(sightingJson(hear(new Sightings(), "192.168.1.11", 0), TIME));
  assert.deepEqual(fields, {
    time: "2026-11-21T03:04:05.678Z",
    interface: "eth0",
    source: "192.168.1.11",
    mac: "02:00:00:00:00:0b",
    outgoing: false,
    destination: "224.0.0.18",
    ttl: 255,
    udp_port: null,
    family: "ipv4",
    vrid: 51,
    version: 3,
    priority: 200,
    advert_interval_ms: 1000,
    addresses: ["192.168.1.50"],
    checksum: "pseudo-header",
    auth_type: null,
    odd: [],
  });
});

Deno.test("the summary has each VRID with its senders and oddities", () => {
  const sightings = new Sightings();
  hear(sightings, "192.168.1.12", 0, { vrid: 52, priority: 255 });
  hear(sightings, "192.168.1.11", 0);
  hear(sightings, "192.168.1.11", 1);
  assert.deepEqual(summaryLines(sightings.summaries(), plain), [
    "",
    "eth0  VRID 51  IPv4",
    "  192.168.1.11  02:00:00:00:00:0b  2 packets  priority 200  v3 every 1 s" +
    "  192.168.1.50  checksum pseudo-header",
    "",
    "eth0  VRID 52  IPv4",
    "  192.168.1.12  02:00:00:00:00:0c  1 packet  priority 255 (owner)  v3 every 1 s" +
    "  192.168.1.50  checksum pseudo-header",
    "  ! 192.168.1.12: claims to own the addresses (priority 255)",
  ]);
  assert.deepEqual(summaryLines([], plain), ["no VRRP was heard"]);
});

Deno.test("what came by UDP says so, once to people and always to programs", () => {
  const sightings = new Sightings();
  const udp = { port: 336 };
  const first = hear(sightings, "192.168.1.11", 0, {}, undefined, 0, udp);
  const second = hear(sightings, "192.168.1.11", 1, {}, undefined, 0, udp);
  const [headline, ...rest] = sightingLines(first, TIME, plain);
  assert.match(headline ?? "", /on eth0, VRID 51, by UDP port 336$/);
  assert.doesNotMatch([...rest, ...sightingLines(second, TIME, plain)].join(), /UDP/);
  for (const sighting of [first, second]) {
    assert.equal(JSON.parse(sightingJson(sighting, TIME)).udp_port, 336);
  }
});

Deno.test("what floatip cannot read is named, and not called broken", () => {
  const sightings = new Sightings();
  const carp = Uint8Array.fromHex(`21330007 00014a53 ${"5c".repeat(28)}`.replaceAll(" ", ""));
  const from = { payload: carp, destination: groupOf("ipv4") };
  const heard = hear(sightings, "192.168.1.13", 0, {}, undefined, 0, from);
  const [, line] = sightingLines(heard, TIME, plain);
  assert.match(line ?? "", /VRID 51 {2}not read: it is CARP, not VRRP: .*: VHID 51$/);
  const [, , row] = summaryLines(sightings.summaries(), plain);
  assert.match(row ?? "", /1 packet, CARP$/);
});

Deno.test("60,000 senders with all that is odd: memory and remarks have a bound", () => {
  const sightings = new Sightings();
  for (let i = 0; i < 60_000; i++) {
    const source = `10.${1 + i % 3}.${i >> 8}.${i & 255}`;
    const addresses = [ip(`172.16.${i >> 8}.${i & 255}`)];
    const { odd } = hear(sightings, source, i / 6000, { addresses, priority: 255 });
    assert(odd.length <= 4);
  }
  const lines = summaryLines(sightings.summaries(), plain);
  assert.equal(lines.length, 2 + 64 + 1 + 32);
  assert(lines.includes("  59,936 packets of further senders"));
});

Deno.test("a live display shows so much a second, and counts the rest", () => {
  const pace = new Pace(2);
  const at = (ms: number): Instant => ms * 1e6 as Instant;
  const shown = [0, 10, 20, 30].map((ms) => [pace.over(at(ms)), pace.admits(ms === 30)]);
  assert.deepEqual(shown, [[0, true], [0, true], [0, false], [0, true]]);
  assert.equal(pace.over(at(1000)), 1);
  assert.equal(pace.admits(false), true);
  assert.equal(pace.rest(), 0);
  assert.equal(hiddenLine(5412, plain), "... 5,412 more packets in this second not shown");
});
