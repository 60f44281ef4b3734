/** How does every Host behave? One battery for the simulated and the real one, so that they cannot drift apart. */
import assert from "node:assert/strict";
import {
  type Datagram,
  type Endpoint,
  type Happening,
  type Host,
  HostError,
} from "../../src/host.ts";
import { formatIp, type Ip, ip, isLinkLocal } from "../../src/net/ip.ts";
import {
  addressesOf,
  type HeldAddress,
  type LinkAddress,
  linkNamed,
} from "../../src/net/interfaces.ts";
import { formatPrefix, parsePrefix } from "../../src/net/prefix.ts";
import { after, milliseconds, nanoseconds } from "../../src/time.ts";

/** What happens to a host in a case; orders are plain words. */
export type Happenings = readonly Happening<string>[];

/** Hands on the surroundings of the lab's host: its interface eth0. All take effect before they return. */
export interface World {
  /** The cable of eth0. */
  setCarrier(running: boolean): void | Promise<void>;
  /** `ip link set eth0 up|down`. */
  setUp(up: boolean): void | Promise<void>;
  /** Somebody else adds "10.77.0.9/24" on eth0. */
  addAddress(text: string): void | Promise<void>;
  /** Somebody else deletes it. */
  deleteAddress(text: string): void | Promise<void>;
  /** eth0 is gone, and its addresses. */
  deleteInterface(): void | Promise<void>;
  /** eth0 is there again: up, plugged in to the peer, with 10.77.0.1/24. */
  createInterface(): void | Promise<void>;
}

/** Two hosts on one link, fresh for each case; both have eth0, which is up and has a usable link-local address. */
export interface ContractLab {
  /** eth0 has 10.77.0.1/24. */
  readonly host: Host<string>;
  /** eth0 has 10.77.0.2/24. */
  readonly peer: Host<string>;
  readonly world: World;
  /** Waits on `host` until `predicate` holds of everything that happened since; {@link waitUntil} does it. */
  until(host: Host<string>, predicate: (soFar: Happenings) => boolean): Promise<Happenings>;
  /** Takes everything down. */
  close(): void | Promise<void>;
}

/** Collects what happens to `host` until `predicate` holds; throws after 5 s of the host's own time. */
export async function waitUntil(
  host: Host<string>,
  predicate: (soFar: Happenings) => boolean,
): Promise<Happenings> {
  const limit = after(host.now(), milliseconds(5000));
  const collected: Happening<string>[] = [];
  while (!predicate(collected)) {
    const batch = await host.wait(limit);
    collected.push(...batch.filter((happening) => happening.kind !== "deadline"));
    if (host.now() >= limit && !predicate(collected)) {
      throw new Error(`still not so after 5 s; happened: ${JSON.stringify(collected)}`);
    }
  }
  return collected;
}

/** One property of a host. */
export interface ContractCase {
  readonly name: string;
  run(lab: ContractLab): Promise<void>;
}

/** A VRRP-like message that carries a number, so that each can be told from the others. */
export function numbered(number: number): Uint8Array {
  return Uint8Array.of(0x31, 51, 100, 1, 0, 100, 0, 0, 10, 77, number >> 8, number & 0xff);
}

const GROUP4 = ip("224.0.0.18");
const GROUP6 = ip("ff02::12");
const HOST4 = ip("10.77.0.1");
const PEER4 = ip("10.77.0.2");
const MULTICAST4: Endpoint = { kind: "multicast", family: "ipv4", interface: "eth0" };
const MULTICAST6: Endpoint = { kind: "multicast", family: "ipv6", interface: "eth0" };
const FLOATING = held("10.77.0.50/24");

/** The battery. */
export const CONTRACT_CASES: readonly ContractCase[] = [
  {
    name: "an IPv4 multicast datagram arrives whole",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(1));
      const [first] = datagrams(await until(host, hasDatagrams(1)));
      assertDatagram(first, { source: PEER4, destination: GROUP4, number: 1 });
    },
  },
  {
    name: "an IPv6 multicast datagram arrives whole",
    async run({ host, peer, until }) {
      const source = linkLocalOf(peer);
      host.open(MULTICAST6);
      peer.open(MULTICAST6);
      peer.send(MULTICAST6, source, GROUP6, numbered(2));
      const [first] = datagrams(await until(host, hasDatagrams(1)));
      assertDatagram(first, { source, destination: GROUP6, number: 2 });
    },
  },
  {
    name: "an IPv4 unicast datagram arrives whole",
    async run({ host, peer, until }) {
      const mine = unicast(HOST4);
      const theirs = unicast(PEER4);
      host.open(mine);
      peer.open(theirs);
      peer.send(theirs, PEER4, HOST4, numbered(3));
      const happened = await until(host, hasDatagrams(1));
      assertDatagram(datagrams(happened)[0], { source: PEER4, destination: HOST4, number: 3 });
      assert.deepEqual(endpointsOf(happened), [mine]);
    },
  },
  {
    name: "an IPv6 unicast datagram between link-local addresses arrives whole",
    async run({ host, peer, until }) {
      const [here, there] = [linkLocalOf(host), linkLocalOf(peer)];
      host.open(unicast(here));
      peer.open(unicast(there));
      peer.send(unicast(there), there, here, numbered(4));
      const [first] = datagrams(await until(host, hasDatagrams(1)));
      assertDatagram(first, { source: there, destination: here, number: 4 });
    },
  },
  {
    name: "datagrams keep their order",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      const numbers = Array.from({ length: 20 }, (_, i) => i);
      for (const number of numbers) peer.send(MULTICAST4, PEER4, GROUP4, numbered(number));
      const happened = await until(host, hasDatagrams(numbers.length));
      assert.deepEqual(datagrams(happened).map(numberOf), numbers);
    },
  },
  {
    name: "a closed endpoint hears nothing, an open one beside it still does",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      host.open(unicast(HOST4));
      host.close(MULTICAST4);
      host.close(MULTICAST4);
      peer.open(MULTICAST4);
      peer.open(unicast(PEER4));
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(5));
      peer.send(unicast(PEER4), PEER4, HOST4, numbered(6));
      const happened = await until(host, hasDatagrams(1));
      assert.deepEqual(datagrams(happened).map(numberOf), [6]);
    },
  },
  {
    name: "opening twice is opening once",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      for (const number of [7, 8]) peer.send(MULTICAST4, PEER4, GROUP4, numbered(number));
      const happened = await until(host, hasDatagrams(2));
      assert.deepEqual(datagrams(happened).map(numberOf), [7, 8]);
    },
  },
  {
    name: "own multicast is not heard",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      host.send(MULTICAST4, HOST4, GROUP4, numbered(9));
      await until(peer, hasDatagrams(1));
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(10));
      const happened = await until(host, hasDatagrams(1));
      assert.deepEqual(datagrams(happened).map(numberOf), [10]);
    },
  },
  {
    name: "a datagram to a floating address's holder can be sent from its own address",
    async run({ host, peer, until }) {
      host.addAddress(FLOATING);
      peer.open(MULTICAST4);
      host.open(MULTICAST4);
      host.send(MULTICAST4, HOST4, GROUP4, numbered(11));
      const [first] = datagrams(await until(peer, hasDatagrams(1)));
      assertDatagram(first, { source: HOST4, destination: GROUP4, number: 11 });
    },
  },
  {
    name: "opening on an interface that is not there is refused with ENODEV",
    // deno-lint-ignore require-await
    async run({ host }) {
      const missing: Endpoint = { ...MULTICAST4, interface: "nope0" };
      assert.throws(() => host.open(missing), hostError("ENODEV"));
      assert.throws(() => host.open({ ...MULTICAST6, interface: "nope0" }), hostError("ENODEV"));
    },
  },
  {
    name: "opening with a source that is not there is refused with EADDRNOTAVAIL",
    // deno-lint-ignore require-await
    async run({ host }) {
      assert.throws(() => host.open(unicast(ip("10.77.0.200"))), hostError("EADDRNOTAVAIL"));
    },
  },
  {
    name: "a frame or an address for an interface that is not there is refused",
    // deno-lint-ignore require-await
    async run({ host }) {
      const nowhere: HeldAddress = { ...FLOATING, interface: "nope0" };
      assert.throws(() => host.addAddress(nowhere), hostError("ENODEV"));
      assert.throws(() => host.sendFrame("nope0", new Uint8Array(60)), hostError("ENODEV"));
      assert.equal(host.removeAddress(nowhere), "absent");
    },
  },
  {
    name: "a deadline wakes, not before its time",
    async run({ host }) {
      const due = after(host.now(), milliseconds(30));
      let happened = await host.wait(due);
      // The kernel may have something to tell first.
      while (happened.at(-1)?.kind !== "deadline") happened = await host.wait(due);
      assert.ok(host.now() >= due);
    },
  },
  {
    name: "an overdue deadline comes after the datagrams that are queued",
    async run({ host, peer }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      for (let attempt = 0; attempt < 100; attempt++) {
        peer.send(MULTICAST4, PEER4, GROUP4, numbered(attempt));
        const batch = await host.wait(after(host.now(), nanoseconds(-1)));
        const kinds = batch.map((happening) => happening.kind);
        assert.equal(kinds.at(-1), "deadline");
        assert.equal(kinds.filter((kind) => kind === "deadline").length, 1);
        if (kinds.includes("datagram")) return;
      }
      assert.fail("no datagram arrived together with an overdue deadline");
    },
  },
  {
    name: "an order wakes a host that waits for nothing else",
    async run({ host }) {
      const waiting = host.wait(undefined);
      host.post("first");
      host.post("second");
      const orders = ordersOf(await waiting);
      if (orders.length < 2) orders.push(...ordersOf(await host.wait(undefined)));
      assert.deepEqual(orders, ["first", "second"]);
    },
  },
  {
    name: "an order posted before the wait is not lost",
    async run({ host, until }) {
      host.post("early");
      const happened = await until(host, (soFar) => ordersOf(soFar).length > 0);
      assert.deepEqual(ordersOf(happened), ["early"]);
    },
  },
  {
    name: "an own address shows at once, marked as ours, and goes at once",
    // deno-lint-ignore require-await
    async run({ host }) {
      assert.equal(host.addAddress(FLOATING), "added");
      assert.equal(entryOf(host, FLOATING)?.ours, true);
      assert.equal(entryOf(host, held("10.77.0.1/24"))?.ours, false);
      assert.equal(host.addAddress(FLOATING), "present");
      assert.equal(host.removeAddress(FLOATING), "removed");
      assert.equal(entryOf(host, FLOATING), undefined);
      assert.equal(host.removeAddress(FLOATING), "absent");
    },
  },
  {
    name: "an own IPv6 address is usable at once",
    // deno-lint-ignore require-await
    async run({ host }) {
      const address = held("fd77::50/64");
      assert.equal(host.addAddress(address), "added");
      assert.equal(entryOf(host, address)?.tentative, false);
      assert.equal(entryOf(host, address)?.ours, true);
      assert.equal(host.addAddress(address), "present");
      assert.equal(host.removeAddress(address), "removed");
      assert.equal(host.removeAddress(address), "absent");
    },
  },
  {
    name: "host addresses and labels are taken as they are",
    // deno-lint-ignore require-await
    async run({ host }) {
      const labelled: HeldAddress = { ...held("10.77.0.51/32"), label: "eth0:web" };
      const deprecated = held("fd77::51/128");
      for (const address of [labelled, deprecated]) {
        assert.equal(host.addAddress(address), "added");
        assert.equal(entryOf(host, address)?.ours, true);
      }
      assert.equal(entryOf(host, deprecated)?.deprecated, true);
    },
  },
  {
    name: "an address of the same subnet is secondary and outlives the first one's removal",
    // deno-lint-ignore require-await
    async run({ host }) {
      const [first, second] = [held("10.88.0.50/24"), held("10.88.0.51/24")];
      host.addAddress(first);
      host.addAddress(second);
      assert.equal(entryOf(host, first)?.secondary, false);
      assert.equal(entryOf(host, second)?.secondary, true);
      host.removeAddress(first);
      assert.equal(host.addAddress(second), "present");
    },
  },
  {
    name: "what somebody else adds is seen, is not ours, and becomes ours when we add it",
    async run({ host, world, until }) {
      await world.addAddress("10.77.0.50/24");
      await until(host, () => entryOf(host, FLOATING) !== undefined);
      assert.equal(entryOf(host, FLOATING)?.ours, false);
      assert.equal(host.addAddress(FLOATING), "present");
      assert.equal(entryOf(host, FLOATING)?.ours, true);
    },
  },
  {
    name: "what somebody else deletes is a happening, and can be added again",
    async run({ host, world, until }) {
      host.addAddress(FLOATING);
      await until(host, () => entryOf(host, FLOATING) !== undefined);
      await world.deleteAddress("10.77.0.50/24");
      const happened = await until(host, () => entryOf(host, FLOATING) === undefined);
      assert.ok(happened.some((happening) => happening.kind === "interfaces"));
      assert.equal(host.addAddress(FLOATING), "added");
    },
  },
  {
    name: "a lost carrier is a happening, addresses stay, and it comes back",
    async run({ host, world, until }) {
      host.addAddress(FLOATING);
      await world.setCarrier(false);
      await until(host, () => eth0(host)?.running === false);
      assert.equal(eth0(host)?.up, true);
      assert.notEqual(entryOf(host, FLOATING), undefined);
      await world.setCarrier(true);
      await until(host, () => eth0(host)?.running === true);
    },
  },
  {
    name: "a link switched off and on is a happening each, and an open endpoint hears again",
    async run({ host, peer, world, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      await world.setUp(false);
      await until(host, () => eth0(host)?.up === false);
      await world.setUp(true);
      await until(host, () => eth0(host)?.up === true && eth0(host)?.running === true);
      const happened = await untilHeard(host, peer);
      assertDatagram(happened, { source: PEER4, destination: GROUP4 });
    },
  },
  {
    name: "an interface that went and came back is another one; endpoints are opened anew",
    async run({ host, peer, world, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      const before = eth0(host)?.index;
      await world.deleteInterface();
      await until(host, () => eth0(host) === undefined);
      assert.equal(host.removeAddress(FLOATING), "absent");
      assert.throws(() => host.addAddress(FLOATING), hostError("ENODEV"));
      host.close(MULTICAST4);
      assert.throws(() => host.open(MULTICAST4), hostError("ENODEV"));
      await world.createInterface();
      await until(
        host,
        () => eth0(host)?.running === true && entryOf(host, held("10.77.0.1/24")) !== undefined,
      );
      assert.notEqual(eth0(host)?.index, before);
      host.open(MULTICAST4);
      assertDatagram(await untilHeard(host, peer), { source: PEER4, destination: GROUP4 });
    },
  },
  {
    name: "sending from an address that is not there is refused, and the endpoint lives on",
    async run({ host, peer, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      const nobody = ip("10.77.0.200");
      assert.throws(() => host.send(MULTICAST4, nobody, GROUP4, numbered(12)), HostError);
      host.send(MULTICAST4, HOST4, GROUP4, numbered(13));
      const happened = await until(peer, hasDatagrams(1));
      assert.deepEqual(datagrams(happened).map(numberOf), [13]);
    },
  },
];

function unicast(source: Ip): Endpoint {
  return { kind: "unicast", family: source.family, source, interface: "eth0" };
}

function held(text: string): HeldAddress {
  const prefix = parsePrefix(text);
  assert.ok(prefix !== undefined, text);
  return { interface: "eth0", prefix };
}

function eth0(host: Host<string>) {
  return linkNamed(host.interfaces(), "eth0");
}

function entryOf(host: Host<string>, address: HeldAddress): LinkAddress | undefined {
  const interfaces = host.interfaces();
  const link = linkNamed(interfaces, address.interface);
  if (link === undefined) return undefined;
  return addressesOf(interfaces, link).find((entry) =>
    formatPrefix(entry.prefix) === formatPrefix(address.prefix)
  );
}

function linkLocalOf(host: Host<string>): Ip {
  const interfaces = host.interfaces();
  const index = linkNamed(interfaces, "eth0")?.index;
  const entry = interfaces.addresses.find(({ index: at, prefix: { address }, tentative }) =>
    at === index && address.family === "ipv6" && isLinkLocal(address) && !tentative
  );
  assert.ok(entry !== undefined, "eth0 has a usable link-local address");
  return entry.prefix.address;
}

/** The next datagram of a peer that repeats itself every 10 ms: routes may need a moment after a link's return. */
async function untilHeard(host: Host<string>, peer: Host<string>): Promise<Datagram | undefined> {
  for (let attempt = 0; attempt < 200; attempt++) {
    try {
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(attempt));
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
    }
    const [first] = datagrams(await host.wait(after(host.now(), milliseconds(10))));
    if (first !== undefined) return first;
  }
  return undefined;
}

function datagrams(happened: Happenings): readonly Datagram[] {
  return happened.flatMap((one) => one.kind === "datagram" ? [one.datagram] : []);
}

function endpointsOf(happened: Happenings): readonly Endpoint[] {
  return happened.flatMap((one) => one.kind === "datagram" ? [one.endpoint] : []);
}

function ordersOf(happened: Happenings): string[] {
  return happened.flatMap((one) => one.kind === "order" ? [one.order] : []);
}

function hasDatagrams(count: number): (soFar: Happenings) => boolean {
  return (soFar) => datagrams(soFar).length >= count;
}

function numberOf(datagram: Datagram): number {
  return ((datagram.payload[10] ?? 0) << 8) | (datagram.payload[11] ?? 0);
}

function assertDatagram(
  datagram: Datagram | undefined,
  expected: { readonly source: Ip; readonly destination: Ip; readonly number?: number },
): void {
  assert.ok(datagram !== undefined, "a datagram arrived");
  assert.equal(formatIp(datagram.source), formatIp(expected.source));
  assert.equal(formatIp(datagram.destination), formatIp(expected.destination));
  assert.equal(datagram.ttl, 255);
  if (expected.number !== undefined) assert.deepEqual(datagram.payload, numbered(expected.number));
}

function hostError(code: string): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof HostError, `a HostError, not ${error}`);
    assert.equal(error.code, code);
    return true;
  };
}
