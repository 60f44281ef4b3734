/** Each packet reaches its virtual router or the right counter. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { Plan } from "../../../src/config/plan/plan.ts";
import type { Journal } from "../../../src/daemon/journal/journal.ts";
import { Budgets } from "../../../src/daemon/journal/budgets.ts";
import { Conflicts, rivalSight } from "../../../src/daemon/holders/conflicts.ts";
import { Neighbours } from "../../../src/daemon/holders/neighbours.ts";
import { Once } from "../../../src/daemon/journal/log.ts";
import { Routers } from "../../../src/daemon/routers.ts";
import { Receiver } from "../../../src/daemon/receive.ts";
import { createVirtualRouter } from "../../../src/daemon/virtual_router.ts";
import type { Datagram, Endpoint } from "../../../src/host.ts";
import type { Interfaces } from "../../../src/net/interfaces.ts";
import { type Ip, ip } from "../../../src/net/ip.ts";
import { type Instant, seconds, type WallTime } from "../../../src/time.ts";
import type { Vrid } from "../../../src/vrrp/rules.ts";
import { becomeMaster } from "../../../src/vrrp/transitions.ts";
import { type Advert, encodeAdvert } from "../../../src/wire/vrrp.ts";
import { aPlan, PEER } from "../../support/daemon/plans.ts";
import { address, link } from "../../support/net/links.ts";

const ENDPOINT: Endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
const GROUP = ip("224.0.0.18");
const OWN = ip("10.77.0.1");
/** On the LAN 10.77.0.0/24; and 10.88.0.0/24 is behind a tunnel, whose packets may take any way. */
const HERE: Interfaces = {
  links: [link("eth0", 2), link("wg0", 3, { arp: false })],
  addresses: [address(2, "10.77.0.1/24"), address(3, "10.88.0.1/24")],
};
const UDP: Endpoint = { ...ENDPOINT, kind: "udp", source: OWN, port: 336 };
const AT = 5_000_000_000 as Instant;

class Lines implements Journal {
  readonly lines: string[] = [];
  write(_level: string, line: string): void {
    this.lines.push(line);
  }
}

function lab(plan: Plan = aPlan(), endpoint: Endpoint = ENDPOINT) {
  const journal = new Lines();
  const router = createVirtualRouter(plan, 0 as WallTime, 0 as Instant);
  router.source = OWN;
  const once = new Once(journal, () => AT);
  const budget = new Budgets({ most: 10, every: seconds(60) });
  const neighbours = new Neighbours();
  const wallTime = () => 0 as WallTime;
  const conflicts = new Conflicts({ once, observers: [], budget, wallTime, neighbours });
  const all = new Routers();
  all.add(router);
  all.place(router, endpoint);
  const find: Routers["find"] = (at, vrid) => all.find(at, vrid);
  const reception = new Receiver({ once, conflicts, find, interfaces: () => HERE });
  const take = (datagram: Datagram, at = endpoint) => reception.receive(at, datagram, AT);
  return { router, all, reception, conflicts, journal, take };
}

const ADVERT: Advert = {
  version: 3,
  vrid: 51,
  priority: 150,
  interval: seconds(1),
  addresses: [ip("10.77.0.100")],
};

function packet(changes: Partial<Advert> = {}, source: Ip = PEER, ttl = 255): Datagram {
  const advert: Advert = { ...ADVERT, ...changes };
  return { source, destination: GROUP, ttl, payload: encodeAdvert(advert, source, GROUP) };
}

Deno.test("reception: an accepted advert becomes an event and is remembered", () => {
  const { router, take } = lab();
  const [accepted] = take(packet());
  strictEqual(accepted?.router, router);
  strictEqual(accepted.event.kind, "advert");
  strictEqual(router.counters.received, 1);
  deepStrictEqual(router.heard.get("10.77.0.2"), {
    source: PEER,
    priority: 150,
    at: AT,
    checksum: "pseudo-header",
    otherAddresses: false,
    interval: seconds(1),
  });
});

Deno.test("reception: another VRID is no router's, and a byte is too short", () => {
  const { reception, take } = lab();
  deepStrictEqual(take(packet({ vrid: 52 })), []);
  deepStrictEqual(take({ ...packet(), payload: new Uint8Array([0x31]) }), []);
  deepStrictEqual(Object.fromEntries(reception.unknown), { "unknown-vrid": 1, "too-short": 1 });
});

Deno.test("reception: unicast at a socket of the group is refused, if no other waits", () => {
  const { router, all, take } = lab();
  const toUs = { ...packet(), destination: OWN };
  const payload = encodeAdvert(ADVERT, PEER, OWN);
  deepStrictEqual(take({ ...toUs, payload }), []);
  strictEqual(router.rejects.get("destination"), 1);
  strictEqual(router.conflicts.get("refused 10.77.0.2")?.stranger, false);
  const unicast: Endpoint = { ...ENDPOINT, kind: "unicast", source: OWN };
  const other = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  all.add(other);
  all.place(other, unicast);
  deepStrictEqual(take({ ...toUs, payload }), []);
  strictEqual(router.rejects.get("destination"), 1);
});

Deno.test("reception: the same VRID behind another endpoint is no router's", () => {
  const { reception, take } = lab();
  deepStrictEqual(take(packet(), { ...ENDPOINT, interface: "eth1" }), []);
  strictEqual(reception.unknown.get("unknown-vrid"), 1);
});

Deno.test("reception: every refusal is counted; its line is written once per sender", () => {
  const { router, journal, take } = lab();
  for (let i = 0; i < 3; i++) deepStrictEqual(take(packet({}, PEER, 254)), []);
  deepStrictEqual(take(packet({}, ip("10.77.0.3"), 254)), []);
  strictEqual(router.rejects.get("ttl"), 4);
  strictEqual(journal.lines.length, 2);
  strictEqual(router.heard.size, 0);
});

Deno.test("reception: a stranger with other addresses is refused and shown as a conflict", () => {
  const { router, take } = lab();
  deepStrictEqual(take(packet({ priority: 254, addresses: [ip("10.77.0.200")] })), []);
  strictEqual(router.rejects.get("addresses"), 1);
  strictEqual(router.conflicts.get("refused 10.77.0.2")?.words.includes("10.77.0.200"), true);
});

Deno.test("reception: a losing master is a conflict, as the engine tells it, once per term", () => {
  const { router, conflicts, journal } = lab();
  router.state = becomeMaster("backup", { kind: "start" }, AT, router.plan.rules).state;
  const rival = { kind: "rival", source: PEER, priority: 50, interval: seconds(1) } as const;
  for (let i = 0; i < 2; i++) conflicts.note(router, rivalSight(router, rival, AT));
  strictEqual(journal.lines.filter((line) => line.includes("master too")).length, 1);
  strictEqual(router.conflicts.size, 1);
});

Deno.test("reception: a conflict counts once while it lasts, and again when it comes back", () => {
  const { router, reception } = lab();
  const stranger = packet({ priority: 254, addresses: [ip("10.77.0.200")] });
  for (const ms of [0, 1000, 4000, 20_000, 21_000]) {
    reception.receive(ENDPOINT, stranger, (AT + ms * 1e6) as Instant);
  }
  strictEqual(router.counters.conflicts, 2);
});

Deno.test("reception: senders are forgotten, the oldest first: memory has an end", () => {
  const { router, take } = lab();
  for (let i = 2; i < 102; i++) take(packet({}, ip(`10.77.0.${i}`)));
  strictEqual(router.heard.size, 32);
  strictEqual(router.heard.has("10.77.0.101"), true);
  strictEqual(router.heard.has("10.77.0.2"), false);
});

const FAR = ip("192.0.2.7");
const TUNNELLED = ip("10.88.0.2");

/** An advert by UDP to us. */
function byUdp(source: Ip, ttl: number, changes: Partial<Datagram> = {}): Datagram {
  const payload = encodeAdvert(ADVERT, source, OWN);
  return { source, destination: OWN, ttl, payload, port: 336, ...changes };
}

/** What becomes of it: "accepted", or the reason why not. */
function fateOf(datagram: Datagram): string {
  const plan = aPlan({ peers: [PEER, FAR, TUNNELLED], rules: { transport: "udp" } });
  const { router, reception, take } = lab(plan, UDP);
  if (take(datagram).length > 0) return "accepted";
  return [...router.rejects.keys(), ...reception.unknown.keys()].join();
}

const whole = byUdp(PEER, 255).payload;

for (
  const [name, datagram, expected] of [
    ["from a neighbour", byUdp(PEER, 255), "accepted"],
    ["from a neighbour through a router", byUdp(PEER, 254), "ttl"],
    ["from a peer far away", byUdp(FAR, 57), "accepted"],
    ["from a peer through the hub of a VPN", byUdp(TUNNELLED, 254), "accepted"],
    ["from a stranger", byUdp(ip("10.77.0.9"), 255), "unknown-peer"],
    ["from another port of a peer", byUdp(PEER, 255, { port: 50_000 }), "source-port"],
    ["without a port", (({ port: _, ...rest }) => rest)(byUdp(PEER, 255)), "source-port"],
    ["cut off", byUdp(PEER, 255, { payload: whole.subarray(0, 11) }), "length"],
    ["empty", byUdp(PEER, 255, { payload: new Uint8Array() }), "too-short"],
    ["far too long", byUdp(PEER, 255, { payload: withMore(whole, 9000) }), "length"],
    ["with a bit turned", byUdp(PEER, 255, { payload: turned(whole, 9) }), "checksum"],
    ["with another's checksum", byUdp(PEER, 255, { payload: byUdp(FAR, 255).payload }), "checksum"],
  ] as const
) {
  Deno.test(`reception, by UDP: ${name}: ${expected}`, () => {
    strictEqual(fateOf(datagram), expected);
  });
}

Deno.test("reception, by UDP: what users and the Internet can send speaks for no holder", () => {
  const { router, take } = lab(aPlan({ peers: [PEER], rules: { transport: "udp" } }), UDP);
  take(byUdp(PEER, 255, { port: 50_000 }));
  take(byUdp(PEER, 254));
  strictEqual(router.conflicts.size, 0);
  take(byUdp(ip("10.77.0.9"), 255));
  deepStrictEqual([...router.conflicts.keys()], ["refused 10.77.0.9"]);
});

Deno.test("reception, by UDP: instances that share a port are told apart by their VRID", () => {
  const peers = [PEER];
  const { all, take } = lab(aPlan({ peers, rules: { transport: "udp" } }), UDP);
  const other = createVirtualRouter(
    aPlan({ name: "db", peers, rules: { transport: "udp", vrid: 52 as Vrid } }),
    0 as WallTime,
    0 as Instant,
  );
  other.source = OWN;
  all.add(other);
  all.place(other, UDP);
  const accepted = take(byUdp(PEER, 255));
  deepStrictEqual(accepted.map(({ router: { plan } }) => plan.name), ["web"]);
  strictEqual(other.rejects.size, 0);
});

function withMore(bytes: Uint8Array, length: number): Uint8Array {
  const more = new Uint8Array(length);
  more.set(bytes);
  return more;
}

function turned(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

Deno.test("reception: a subnet of this machine, or its broadcast, is no node's address", () => {
  const { router, take } = lab();
  const better = { priority: 255 };
  for (const source of ["10.77.0.0", "10.77.0.255", "10.88.0.255", "0.0.0.0"]) {
    deepStrictEqual(take(packet(better, ip(source))), []);
  }
  strictEqual(router.rejects.get("source"), 4);
  strictEqual(take(packet(better, ip("10.99.0.255"))).length, 1);
});

Deno.test("reception: what comes again is read once, what differs by a byte anew", () => {
  const { router, take } = lab();
  const first = packet();
  take(first);
  take({ ...first, payload: first.payload.slice() });
  strictEqual(router.counters.received, 2);
  // The buffer may be the same.
  first.payload.set(packet({ priority: 7 }).payload);
  take(first);
  strictEqual(router.heard.get("10.77.0.2")?.priority, 7);
  take({ ...first, ttl: 254 });
  strictEqual(router.rejects.get("ttl"), 1);
});
