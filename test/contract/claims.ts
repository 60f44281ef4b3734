/** Every Host: address assertions of other machines. */
import assert from "node:assert/strict";
import type { Host, WatchedAddress } from "../../src/host.ts";
import { formatIp, type Ip, ip } from "../../src/net/ip.ts";
import { formatMac, type Mac, parseMac } from "../../src/net/mac.ts";
import { after, milliseconds } from "../../src/time.ts";
import { arpProbe, arpRequest, gratuitousArp } from "../../src/wire/arp.ts";
import { encodeNeighborAdvert, neighborProbe, unsolicitedNa } from "../../src/wire/ndp.ts";
import {
  type ContractCase,
  type ContractLab,
  eth0,
  type Happenings,
  held,
  HOST4,
  linkLocalOf,
  PEER4,
} from "./lab.ts";
import { arpReply } from "../support/wire/arp_reply.ts";

const VIP4 = ip("10.77.0.50");
const VIP6 = ip("fd77::50");
/** Claimed after everything else: when it is heard, nothing else is still to come. */
const LAST = ip("10.77.0.99");
const STRANGER: Mac = parseMac("02:77:77:77:77:77") ?? assert.fail();

/** Cases about claims. */
export const CLAIM_CASES: readonly ContractCase[] = [
  {
    name: "announcements and answers of others are claims, for IPv4 and IPv6",
    async run(lab) {
      const { host, peer } = lab;
      host.watchClaims(watched(VIP4, VIP6, LAST));
      const mac = macOf(peer);
      const request = {
        operation: "request",
        senderMac: macOf(host),
        senderIp: HOST4,
        targetMac: mac,
        targetIp: VIP4,
      } as const;
      const answer = {
        kind: "na",
        source: linkLocalOf(peer),
        destination: linkLocalOf(host),
        router: false,
        solicited: true,
        override: false,
        target: VIP6,
        mac,
      } as const;
      const frames: readonly (readonly [frame: Uint8Array, address: Ip])[] = [
        [gratuitousArp(mac, VIP4), VIP4],
        [arpRequest(mac, VIP4, HOST4), VIP4],
        [arpReply(mac, request), VIP4],
        [unsolicitedNa(mac, VIP6, false), VIP6],
        [encodeNeighborAdvert(mac, answer, macOf(host)), VIP6],
      ];
      for (const [frame, address] of frames) {
        assert.deepEqual(await claimsOf(lab, frame), [claimText(address, mac)]);
      }
    },
  },
  {
    name: "probes, questions and claims of other addresses are no claims of ours",
    async run(lab) {
      const { host, peer } = lab;
      host.watchClaims(watched(VIP4, VIP6, LAST));
      const mac = macOf(peer);
      const frames = [
        arpProbe(mac, VIP4),
        arpRequest(mac, PEER4, VIP4),
        gratuitousArp(mac, ip("10.77.0.51")),
        neighborProbe(mac, VIP6),
        unsolicitedNa(mac, ip("fd77::51"), false),
      ];
      assert.deepEqual(await claimsOf(lab, ...frames), []);
    },
  },
  {
    name: "a claim by our own MAC, sent or come back, is none",
    async run(lab) {
      const { host } = lab;
      host.watchClaims(watched(VIP4, VIP6, LAST));
      const mac = macOf(host);
      for (const frame of [gratuitousArp(mac, VIP4), unsolicitedNa(mac, VIP6, false)]) {
        host.sendFrame("eth0", frame);
        assert.deepEqual(await claimsOf(lab, frame), []);
      }
    },
  },
  {
    name: "the list is replaced, and without one nothing is heard",
    async run(lab) {
      const { host, peer } = lab;
      const [one, other] = [gratuitousArp(macOf(peer), VIP4), gratuitousArp(macOf(peer), PEER4)];
      host.watchClaims(watched(VIP4, LAST));
      assert.deepEqual(await claimsOf(lab, one, other), [claimText(VIP4, macOf(peer))]);
      host.watchClaims(watched(PEER4, LAST));
      assert.deepEqual(await claimsOf(lab, one, other), [claimText(PEER4, macOf(peer))]);
      host.watchClaims([]);
      peer.sendFrame("eth0", other);
      host.watchClaims(watched(LAST));
      assert.deepEqual(await claimsOf(lab, one), []);
    },
  },
  {
    name: "what is said a hundred times is told once in a batch, for each MAC",
    async run(lab) {
      const { host, peer } = lab;
      host.watchClaims(watched(VIP4, LAST));
      for (let i = 0; i < 30; i++) peer.sendFrame("eth0", gratuitousArp(macOf(peer), VIP4));
      peer.sendFrame("eth0", gratuitousArp(STRANGER, VIP4));
      const expected = [claimText(VIP4, macOf(peer)), claimText(VIP4, STRANGER)];
      const told = new Set<string>();
      while (told.size < expected.length) {
        const batch = claimTexts(await host.wait(undefined));
        assert.equal(new Set(batch).size, batch.length);
        for (const text of batch) told.add(text);
      }
      assert.deepEqual([...told], expected);
    },
  },
  {
    name: "a holder of an address answers a probe, and that is a claim",
    async run({ host, peer, until }) {
      const addresses = ["10.77.0.50/24", "fd77::50/64"].map(held);
      for (const address of addresses) peer.addAddress(address);
      host.watchClaims(watched(VIP4, VIP6));
      for (const probe of [arpProbe(macOf(host), VIP4), neighborProbe(macOf(host), VIP6)]) {
        host.sendFrame("eth0", probe);
        await until(host, (soFar) => claimTexts(soFar).length > 0);
      }
      for (const address of addresses) peer.removeAddress(address);
      host.sendFrame("eth0", arpProbe(macOf(host), VIP4));
      host.sendFrame("eth0", neighborProbe(macOf(host), VIP6));
      host.watchClaims(watched(VIP4, VIP6, LAST));
      peer.sendFrame("eth0", gratuitousArp(macOf(peer), LAST));
      const last = claimText(LAST, macOf(peer));
      const rest = await until(host, (soFar) => claimTexts(soFar).includes(last));
      assert.deepEqual(claimTexts(rest), [last]);
    },
  },
  {
    name:
      "an interface that is not there is passed over, and listened on when it is asked for again",
    async run(lab) {
      const { host, peer, world, until } = lab;
      host.watchClaims([{ interface: "nope0", address: VIP4 }, ...watched(VIP4, LAST)]);
      await world.deleteInterface();
      await until(host, () => eth0(host) === undefined);
      host.watchClaims(watched(VIP4, LAST));
      await world.createInterface();
      await until(host, () => eth0(host)?.running === true);
      host.watchClaims(watched(VIP4, LAST));
      const frame = gratuitousArp(macOf(peer), VIP4);
      assert.deepEqual(await claimsOf(lab, frame), [claimText(VIP4, macOf(peer))]);
    },
  },
  {
    name: "a link that was switched off and on is listened on as before",
    async run(lab) {
      const { host, peer, world, until } = lab;
      host.watchClaims(watched(VIP4, LAST));
      await world.setUp(false);
      await until(host, () => eth0(host)?.up === false);
      await world.setUp(true);
      await until(host, () => eth0(host)?.up === true && eth0(host)?.running === true);
      const frame = gratuitousArp(macOf(peer), VIP4);
      assert.deepEqual(await claimsOf(lab, frame), [claimText(VIP4, macOf(peer))]);
    },
  },
  {
    name: "claims come after interface changes and before what wakes",
    async run({ host, peer, world, until }) {
      host.watchClaims(watched(VIP4));
      for (let attempt = 0; attempt < 100; attempt++) {
        peer.sendFrame("eth0", gratuitousArp(macOf(peer), VIP4));
        await world.addAddress(`10.99.${attempt}.1/24`);
        await pause();
        host.wake();
        const kinds = (await until(host, (soFar) => soFar.length > 0)).map(({ kind }) => kind);
        if (kinds.length < 3) continue;
        assert.deepEqual(kinds, ["interfaces", "claim", "woken"]);
        return;
      }
      assert.fail("no batch had all three");
    },
  },
];

function watched(...addresses: readonly Ip[]): readonly WatchedAddress[] {
  return addresses.map((address) => ({ interface: "eth0", address }));
}

/** What claims the host hears when the peer has sent `frames`; {@link LAST} must be watched. */
async function claimsOf(
  { host, peer }: ContractLab,
  ...frames: readonly Uint8Array[]
): Promise<readonly string[]> {
  const last = claimText(LAST, macOf(peer));
  const heard = new Set<string>();
  // A link that has just come up may swallow a few.
  for (let attempt = 0; !heard.has(last); attempt++) {
    assert.ok(attempt < 50, "the last claim is heard");
    for (const frame of frames) peer.sendFrame("eth0", frame);
    peer.sendFrame("eth0", gratuitousArp(macOf(peer), LAST));
    const end = after(host.now(), milliseconds(100));
    while (host.now() < end && !heard.has(last)) {
      for (const text of claimTexts(await host.wait(end))) heard.add(text);
    }
  }
  heard.delete(last);
  return [...heard];
}

function claimTexts(happened: Happenings): string[] {
  return happened.flatMap((one) => one.kind === "claim" ? [claimText(one.address, one.mac)] : []);
}

function claimText(address: Ip, mac: Mac): string {
  return `${formatIp(address)} at ${formatMac(mac)} on eth0`;
}

function macOf(host: Host): Mac {
  return eth0(host)?.mac ?? assert.fail("eth0 has a MAC");
}

async function pause(): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds(5) / 1e6));
}
