/**
 * Cases about a machine that has another's IPv4 address: what it hears of the other, and answers.
 */
import assert from "node:assert/strict";
import type { Endpoint, Host } from "../../src/host.ts";
import { formatIp, ip } from "../../src/net/ip.ts";
import { formatMac } from "../../src/net/mac.ts";
import { after, milliseconds } from "../../src/time.ts";
import { arpProbe, arpProbeToAll, arpRequest } from "../../src/wire/arp.ts";
import { neighborProbeToAll } from "../../src/wire/ndp.ts";
import {
  type ContractCase,
  datagrams,
  endpointsOf,
  eth0,
  GROUP4,
  hasDatagrams,
  held,
  HOST4,
  MULTICAST4,
  numbered,
  numberOf,
  PEER4,
  udp,
  unicast,
} from "./lab.ts";

/**
 * The kernel drops what comes from an own address (a martian, to it), and answers probes all the
 * same; what comes from an address that the host added itself is heard nevertheless.
 */
export const CLONE_CASES: readonly ContractCase[] = [
  {
    name: "an IPv4 datagram from an own address is dropped, and heard when it is none any more",
    async run({ host, peer, world, until }) {
      host.open(MULTICAST4);
      peer.open(MULTICAST4);
      await world.addAddress(`${formatIp(PEER4)}/24`);
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(1));
      // What came first would be there when the second thing has happened.
      await until(host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      await world.deleteAddress(`${formatIp(PEER4)}/24`);
      await until(host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      peer.send(MULTICAST4, PEER4, GROUP4, numbered(2));
      const heard = datagrams(await until(host, hasDatagrams(1)));
      assert.deepEqual(heard.map(numberOf), [2]);
    },
  },
  {
    name: "an IPv4 datagram from an address that the host added is heard, once, at every endpoint",
    async run({ host, peer, until }) {
      const byUdp = { at: udp(HOST4), from: udp(PEER4), to: HOST4 };
      // A socket of the group hears unicast too: one after the other.
      const lists = [
        [{ at: MULTICAST4, from: MULTICAST4, to: GROUP4 }, byUdp],
        [{ at: unicast(HOST4), from: unicast(PEER4), to: HOST4 }, byUdp],
      ];
      const address = held(`${formatIp(PEER4)}/24`);
      const hear = async (ways: (typeof lists)[number], number: number) => {
        for (const { from, to } of ways) peer.send(from, PEER4, to, numbered(number));
        const heard = await until(host, hasDatagrams(ways.length));
        assert.deepEqual(datagrams(heard).map(numberOf), ways.map(() => number));
        assert.deepEqual(endpointsOf(heard).toSorted(byKind), ways.map(({ at }) => at));
        for (const { source, ttl } of datagrams(heard)) {
          assert.deepEqual([formatIp(source), ttl], [formatIp(PEER4), 255]);
        }
      };
      const wait = () => host.wait(after(host.now(), milliseconds(1)));
      for (const ways of lists) {
        for (const { at, from } of ways) {
          host.open(at);
          peer.open(from);
        }
        await hear(ways, 1);
        host.addAddress(address);
        await wait();
        await hear(ways, 2);
        await hear(ways, 3);
        host.removeAddress(address);
        await wait();
        await hear(ways, 4);
        for (const { at, from } of ways) {
          host.close(at);
          peer.close(from);
        }
      }
    },
  },
  {
    name: "an ARP request from an own address is not answered, a probe is",
    async run({ host, peer, world, until }) {
      await world.addAddress(`${formatIp(PEER4)}/24`);
      await until(host, (soFar) => soFar.some(({ kind }) => kind === "interfaces"));
      peer.watchClaims([{ interface: "eth0", address: HOST4 }]);
      const claims = async (frame: Uint8Array) => {
        peer.sendFrame("eth0", frame);
        const end = after(peer.now(), milliseconds(100));
        const heard: string[] = [];
        while (peer.now() < end) {
          for (const one of await peer.wait(end)) {
            if (one.kind === "claim") heard.push(formatMac(one.mac));
          }
        }
        return heard;
      };
      assert.deepEqual(await claims(arpRequest(macOf(peer), PEER4, HOST4)), []);
      assert.deepEqual(await claims(arpProbe(macOf(peer), HOST4)), [formatMac(macOf(host))]);
    },
  },
  {
    name: "a machine with the host's own MAC answers a question to all, for IPv4 and IPv6",
    async run({ host, peer, world, until }) {
      await world.clonePeer();
      await until(peer, () => eth0(peer)?.running === true && macText(peer) === macText(host));
      const addresses = ["10.77.0.50/24", "fd77::50/64"].map(held);
      for (const address of addresses) peer.addAddress(address);
      const watched = addresses.map(({ prefix: { address } }) => ({ interface: "eth0", address }));
      host.watchClaims(watched);
      const mark = new Uint8Array([1, 2, 3, 4, 5, 6]);
      const questions = [
        arpProbeToAll(macOf(host), VIP4, mark),
        neighborProbeToAll(macOf(host), VIP6, mark),
      ];
      for (const question of questions) {
        const [claim] = await answered(host, question);
        assert.deepEqual([claim?.mac, claim?.answer], [macText(host), true]);
      }
    },
  },
];

const VIP4 = ip("10.77.0.50"), VIP6 = ip("fd77::50");

/**
 * What is claimed after `question`; it is asked again where nothing comes, since a link that came
 * up may swallow a frame.
 */
async function answered(host: Host, question: Uint8Array) {
  for (let attempt = 0; attempt < 50; attempt++) {
    host.sendFrame("eth0", question);
    const end = after(host.now(), milliseconds(100));
    while (host.now() < end) {
      const claims = (await host.wait(end)).flatMap((one) =>
        one.kind === "claim" ? [{ mac: formatMac(one.mac), answer: one.answer }] : []
      );
      if (claims.length > 0) return claims;
    }
  }
  return assert.fail("no machine answers");
}

function macText(host: Host): string {
  return formatMac(macOf(host));
}

/** Multicast, unicast, UDP. */
function byKind(a: Endpoint, b: Endpoint): number {
  return a.kind === b.kind ? 0 : a.kind === "udp" || b.kind === "multicast" ? 1 : -1;
}

function macOf(host: Host) {
  return eth0(host)?.mac ?? assert.fail("eth0 has a MAC");
}
