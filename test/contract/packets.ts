/** Every Host: sending and receiving. */
import assert from "node:assert/strict";
import { type Endpoint, HostError } from "../../src/host.ts";
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import { ip } from "../../src/net/ip.ts";
import {
  assertDatagram,
  type ContractCase,
  datagrams,
  endpointsOf,
  FLOATING,
  GROUP4,
  GROUP6,
  hasDatagrams,
  HOST4,
  hostError,
  linkLocalOf,
  MULTICAST4,
  MULTICAST6,
  numbered,
  numberOf,
  PEER4,
  udp,
  unicast,
} from "./lab.ts";

/** Cases about datagrams, endpoints and frames. */
export const PACKET_CASES: readonly ContractCase[] = [
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
    name: "an IPv4 datagram by UDP arrives whole",
    async run({ host, peer, until }) {
      host.open(udp(HOST4));
      peer.open(udp(PEER4));
      peer.send(udp(PEER4), PEER4, HOST4, numbered(14));
      const happened = await until(host, hasDatagrams(1));
      const expected = { source: PEER4, destination: HOST4, number: 14, port: 336 };
      assertDatagram(datagrams(happened)[0], expected);
      assert.deepEqual(endpointsOf(happened), [udp(HOST4)]);
    },
  },
  {
    name: "an IPv6 datagram by UDP between link-local addresses arrives whole",
    async run({ host, peer, until }) {
      const [here, there] = [linkLocalOf(host), linkLocalOf(peer)];
      host.open(udp(here));
      peer.open(udp(there));
      peer.send(udp(there), there, here, numbered(15));
      const [first] = datagrams(await until(host, hasDatagrams(1)));
      assertDatagram(first, { source: there, destination: here, number: 15, port: 336 });
    },
  },
  {
    name: "UDP to another port, unicast and multicast are not each other's, but a socket of the " +
      "group hears unicast",
    async run({ host, peer, until }) {
      const all = (own: typeof HOST4) => [udp(own), udp(own, 337), unicast(own), MULTICAST4];
      const [here, there] = [all(HOST4), all(PEER4)];
      for (const endpoint of here) host.open(endpoint);
      for (const endpoint of there) peer.open(endpoint);
      for (const [index, endpoint] of there.entries()) {
        const to = endpoint.kind === "multicast" ? GROUP4 : HOST4;
        peer.send(endpoint, PEER4, to, numbered(index));
      }
      const happened = await until(host, hasDatagrams(5));
      const heard = happened.flatMap((one) =>
        one.kind === "datagram" ? [`${one.endpoint.kind} ${numberOf(one.datagram)}`] : []
      );
      assert.deepEqual(heard.toSorted(), [
        "multicast 2",
        "multicast 3",
        "udp 0",
        "udp 1",
        "unicast 2",
      ]);
    },
  },
  {
    name: "a UDP port of an address is one endpoint's",
    async run({ host, peer, until }) {
      host.open(udp(HOST4));
      assert.throws(() => host.open({ ...udp(HOST4), interface: "lo" }), hostError("EADDRINUSE"));
      host.open(udp(HOST4, 337));
      host.close(udp(HOST4));
      host.open({ ...udp(HOST4), interface: "lo" });
      peer.open(udp(PEER4));
      peer.send(udp(PEER4), PEER4, HOST4, numbered(16));
      const happened = await until(host, hasDatagrams(1));
      assert.deepEqual(endpointsOf(happened), [{ ...udp(HOST4), interface: "lo" }]);
    },
  },
  {
    name:
      "UDP from an address that is not there is refused with EADDRNOTAVAIL, and works when it is",
    async run({ host, peer, world, until }) {
      const late = ip("10.77.0.9");
      assert.throws(() => host.open(udp(late)), hostError("EADDRNOTAVAIL"));
      await world.addAddress("10.77.0.9/24");
      await until(host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      host.open(udp(late));
      peer.open(udp(PEER4));
      peer.send(udp(PEER4), PEER4, late, numbered(17));
      const [first] = datagrams(await until(host, hasDatagrams(1)));
      assertDatagram(first, { source: PEER4, destination: late, number: 17, port: 336 });
      await world.deleteAddress("10.77.0.9/24");
      await until(host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      assert.throws(() => host.send(udp(late), late, PEER4, numbered(18)), HostError);
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
      const nowhere: VirtualAddress = { ...FLOATING, interface: "nope0" };
      assert.throws(() => host.addAddress(nowhere), hostError("ENODEV"));
      assert.throws(() => host.sendFrame("nope0", new Uint8Array(60)), hostError("ENODEV"));
      assert.equal(host.removeAddress(nowhere), "absent");
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
