/** The daemon's addresses: one node against the real kernel. */
import assert from "node:assert/strict";
import { AddressWatch } from "../../support/interop/holders.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  type Case,
  longestGap,
  MISSED_MS,
  playAll,
  startMaster,
  untilHeld,
  WEB,
} from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";

const CASES: readonly Case[] = [
  {
    name: "an address that others delete is put back at once, without leaving master",
    play: async ({ a, capture }) => {
      await using floatip = await startMaster(a, WEB);
      await using watch = await AddressWatch.open(a);
      const start = wallNow();
      await a.ip("addr", "del", `${ADDRESS}/24`, "dev", "eth0");
      await untilHeld(a, ADDRESS);
      const removed = await watch.untilRemoved(ADDRESS, 1000, start);
      const added = await until(
        "it is back",
        () => watch.changesOf(ADDRESS, removed.at).find(({ kind }) => kind === "added"),
      );
      assert.ok(added.at - removed.at < 500);
      await capture.untilMaster(a.address, 1000, start + 500);
      const { state, counters } = await floatip.instance();
      assert.deepEqual([state, counters.master_transitions], ["master", 1]);
      assert.equal(counters.sent_pri_zero_packets, 0);
      assert.ok(longestGap(capture.adverts, 51, start - 300) < MISSED_MS);
    },
  },
  {
    name: "addresses that others delete over and over are there in the end",
    lan: { ipv6: true },
    play: async ({ a }) => {
      const addresses = [ADDRESS, "fe80::100", "fd77::100"];
      await using floatip = await startMaster(a, {
        ...WEB,
        addresses: [`${ADDRESS}/24`, "fe80::100/64", "fd77::100/64"],
      });
      await untilHeld(a, "fd77::100");
      // Some of these fall between the kernel's yes and its news of it.
      const once = addresses.map((address) => {
        const length = address.includes(":") ? 64 : 24;
        return `addr del ${address}/${length} dev eth0\n`;
      }).join("");
      await a.exec(["ip", "-force", "-batch", "-"], { input: once.repeat(2000) });
      for (const address of addresses) await untilHeld(a, address);
      for (const family of ["ipv4", "ipv6"] as const) {
        const { state, counters } = await floatip.instance("web", family);
        assert.deepEqual([state, counters.master_transitions], ["master", 1], family);
      }
    },
  },
  {
    name: "an address that a floatip before has left there is taken over, not duplicated",
    play: async ({ a }) => {
      const left = [`${ADDRESS}/24`, "10.77.0.101/32"];
      await using before = await startMaster(a, {
        ...WEB,
        addresses: left,
        more: ['lease = "off"'],
      });
      await before.crash();
      assert.ok(await a.holds(ADDRESS) && await a.holds("10.77.0.101"));
      await using floatip = await startMaster(a, {
        ...WEB,
        addresses: [`${ADDRESS}/24`, "10.77.0.101/24"],
      });
      const lines = await a.addresses();
      for (const address of [ADDRESS, "10.77.0.101"]) {
        const found = lines.filter((line) => line.address === address);
        assert.deepEqual(found.map(({ prefixLength }) => prefixLength), [24], address);
      }
      await floatip.stop();
      assert.ok(!await a.holds(ADDRESS) && !await a.holds("10.77.0.101"));
    },
  },
  {
    name: "after a crash the address is taken over by the next start",
    play: async ({ a }) => {
      await using floatip = await startMaster(a, WEB);
      await floatip.crash();
      await using again = await startMaster(a, WEB);
      const lines = (await a.addresses()).filter(({ address }) => address === ADDRESS);
      assert.equal(lines.length, 1);
      await again.stop();
      assert.ok(!await a.holds(ADDRESS));
    },
  },
  {
    name: "host addresses are never chosen as a source",
    lan: { ipv6: true },
    play: async ({ a, lan }) => {
      await using _floatip = await startMaster(a, {
        ...WEB,
        addresses: [ADDRESS, "fe80::100", "fd77::100"],
      });
      await until("both families", async () => await a.holds("fd77::100"));
      const client = lan.host("client");
      const source = async (to: string) => /src (\S+)/.exec(await a.ip("route", "get", to))?.[1];
      assert.equal(await source(client.address), a.address);
      assert.equal(await source(client.address6), a.address6);
      const line = (await a.addresses()).find(({ address }) => address === "fd77::100");
      assert.deepEqual([line?.prefixLength, line?.preferredSeconds], [128, 0]);
      assert.equal((await client.exec(["ping", "-c1", "-W1", ADDRESS])).code, 0);
      assert.equal((await client.exec(["ping", "-c1", "-W1", "fd77::100"])).code, 0);
    },
  },
  {
    name: "another interface, another subnet, a label",
    lan: { second: { prefix: "10.0.1.0/24", interface: "eth1" } },
    play: async ({ a }) => {
      await using floatip = await startMaster(a, {
        ...WEB,
        addresses: [],
        more: ['addresses = [{ address = "10.0.2.100/8", interface = "eth1", label = "eth1:1" }]'],
      });
      const line = (await a.addresses()).find(({ address }) => address === "10.0.2.100");
      assert.deepEqual(
        [line?.interface, line?.prefixLength, line?.label, line?.secondary],
        ["eth1", 8, "eth1:1", false],
      );
      // Somebody's own address of that subnet is a secondary one now: it must outlive ours.
      await a.ip("addr", "add", "10.0.2.5/8", "dev", "eth1");
      await floatip.stop();
      assert.ok(!await a.holds("10.0.2.100"));
      assert.ok(await a.holds("10.0.2.5"), "other addresses of its subnet stay");
      assert.ok(await a.holds("10.0.1.1"));
    },
  },
  {
    name: "one instance with both families",
    lan: { ipv6: true },
    play: async ({ a }) => {
      await using floatip = await startMaster(a, {
        ...WEB,
        addresses: [`${ADDRESS}/24`, "fe80::100/64", "fd77::100/64"],
      });
      for (const family of ["ipv4", "ipv6"] as const) {
        await until(family, async () => (await floatip.instance("web", family)).state === "master");
      }
      assert.ok(await a.holds(ADDRESS) && await a.holds("fd77::100"));
      await floatip.stop();
      assert.ok(!await a.holds(ADDRESS) && !await a.holds("fd77::100"));
    },
  },
  {
    name: "a new master announces its address five times, and five times more after 5 s",
    play: async ({ a, capture }) => {
      await using _floatip = await startMaster(a, WEB);
      const times = () =>
        capture.claims.filter(({ address, kind }) => address === ADDRESS && kind === "announcement")
          .map(({ at }) => at);
      await until("ten announcements", () => times().length >= 10, 8000);
      const [first = 0, , , , fifth = 0, sixth = 0] = times();
      assert.ok(fifth - first < 500, `the first five within ${fifth - first} ms`);
      assert.ok(Math.abs(sixth - first - 5000) < 500, `the others after ${sixth - first} ms`);
      const [advert] = capture.advertsOf(a.address);
      assert.ok((advert?.at ?? Infinity) <= first, "the advert comes first");
    },
  },
];

playAll("addresses", CASES);
