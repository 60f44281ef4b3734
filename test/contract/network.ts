/** Every Host: links and addresses, read and changed. */
import assert from "node:assert/strict";
import type { VirtualAddress } from "../../src/net/interfaces.ts";
import { after, milliseconds, seconds } from "../../src/time.ts";
import {
  assertDatagram,
  type ContractCase,
  entryOf,
  eth0,
  FLOATING,
  GROUP4,
  held,
  hostError,
  MULTICAST4,
  PEER4,
  untilHeard,
} from "./lab.ts";

/** Cases about addresses and links. */
export const NETWORK_CASES: readonly ContractCase[] = [
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
    name: "packets to an own address arrive soon, to an IPv4 address at once",
    async run({ host }) {
      const address = held("fd77::50/64");
      host.addAddresses([FLOATING, address]);
      assert.equal(host.isReady(FLOATING.prefix.address), true);
      const limit = after(host.now(), seconds(5));
      while (!host.isReady(address.prefix.address) && host.now() < limit) {
        await host.wait(after(host.now(), milliseconds(1)));
      }
      assert.equal(host.isReady(address.prefix.address), true);
      host.removeAddresses([FLOATING, address]);
    },
  },
  {
    name: "host addresses and labels are taken as they are",
    // deno-lint-ignore require-await
    async run({ host }) {
      const labelled: VirtualAddress = { ...held("10.77.0.51/32"), label: "eth0:web" };
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
    name: "what others add is seen, is not ours, and becomes ours when we add it",
    async run({ host, world, until }) {
      await world.addAddress("10.77.0.50/24");
      await until(host, () => entryOf(host, FLOATING) !== undefined);
      assert.equal(entryOf(host, FLOATING)?.ours, false);
      assert.equal(host.addAddress(FLOATING), "present");
      assert.equal(entryOf(host, FLOATING)?.ours, true);
    },
  },
  {
    name: "what others delete is an event, and can be added again",
    async run({ host, world, until }) {
      host.addAddress(FLOATING);
      await until(host, () => entryOf(host, FLOATING) !== undefined);
      await world.deleteAddress("10.77.0.50/24");
      const happened = await until(host, () => entryOf(host, FLOATING) === undefined);
      assert.ok(happened.some((event) => event.kind === "interfaces"));
      assert.equal(host.addAddress(FLOATING), "added");
    },
  },
  {
    name: "a lost carrier is a event, addresses stay, and it comes back",
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
    name: "a link switched off and on is a event each, and an open endpoint hears again",
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
    name: "an interface that went and came back is another one; endpoints are opened again",
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
];
