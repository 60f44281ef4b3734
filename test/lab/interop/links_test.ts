/** Links and addresses come and go, and the daemon was suspended. */
import assert from "node:assert/strict";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import {
  ADDRESS,
  assertFaultAndReturn,
  type Case,
  playAll,
  startMaster,
  untilHeld,
  WEB,
} from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";

const CASES: readonly Case[] = [
  {
    name: "an interface that is switched off is a fault with its reason, and heals by itself",
    play: async (stage) => {
      const { a } = stage;
      await using floatip = await startMaster(a, WEB);
      await a.linkDown();
      await assertFaultAndReturn(stage, floatip, /eth0 is switched off/, () => a.linkUp());
    },
  },
  {
    name: "a pulled cable is a fault with its reason, and heals by itself",
    play: async (stage) => {
      const { a } = stage;
      await using floatip = await startMaster(a, WEB);
      await a.unplug();
      await assertFaultAndReturn(stage, floatip, /eth0 has no carrier/, () => a.plug());
    },
  },
  {
    name: "an interface that is deleted and made again is found again",
    play: async (stage) => {
      const { a, lan } = stage;
      await using floatip = await startMaster(a, WEB);
      // The kernel's news and our own requests cross differently each time.
      for (const round of [1, 2, 3]) {
        await a.ip("link", "del", "eth0");
        await assertFaultAndReturn(stage, floatip, /no interface eth0/, async () => {
          const port = `again${round}`;
          const peer = ["peer", "name", port, "netns", lan.bridgeNamespace];
          await a.ip("link", "add", "eth0", "type", "veth", ...peer);
          await a.exec(["ip", "-n", lan.bridgeNamespace, "link", "set", port, "master", "br0"]);
          await a.exec(["ip", "-n", lan.bridgeNamespace, "link", "set", port, "up"]);
          await a.ip("link", "set", "eth0", "up");
          await a.ip("addr", "add", `${a.address}/24`, "dev", "eth0");
        });
      }
    },
  },
  {
    name: "without a source address it waits, and goes on when there is one",
    play: async (stage) => {
      const { a } = stage;
      await using floatip = await startMaster(a, WEB);
      await a.ip("addr", "del", `${a.address}/24`, "dev", "eth0");
      await assertFaultAndReturn(
        stage,
        floatip,
        /eth0 has no IPv4 address/,
        () => a.ip("addr", "add", `${a.address}/24`, "dev", "eth0"),
      );
    },
  },
  {
    name: "an interface and an address that are missing at the start are waited for",
    play: async ({ a }) => {
      await using floatip = await Floatip.run(a, { ...WEB, interface: "lan7" });
      const { state, faults } = await floatip.instance();
      assert.equal(state, "fault");
      assert.match(faults.join(), /no interface lan7/);
      await a.ip("link", "add", "lan7", "type", "veth", "peer", "name", "peer7");
      await a.ip("link", "set", "peer7", "up");
      await until(
        "the next fault",
        async () => (await floatip.instance()).faults.join().includes("switched off"),
      );
      await a.ip("link", "set", "lan7", "up");
      await until(
        "the last fault",
        async () => (await floatip.instance()).faults.join().includes("no IPv4 address"),
      );
      await a.ip("addr", "add", "10.79.0.1/24", "dev", "lan7");
      await floatip.untilState("master");
      const line = (await a.addresses()).find(({ address }) => address === ADDRESS);
      assert.equal(line?.interface, "lan7");
    },
  },
  {
    name: "both families come back after the interface was off, which takes its IPv6 addresses",
    lan: { ipv6: true },
    play: async ({ a }) => {
      await a.exec(["sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/eth0/accept_dad"]);
      await using floatip = await startMaster(a, {
        ...WEB,
        addresses: [`${ADDRESS}/24`, "fe80::100/64", "fd77::100/64"],
      });
      const untilFamilies = async (state: "master" | "fault") => {
        for (const family of ["ipv4", "ipv6"] as const) {
          await until(
            () => `${family} in ${state}\n${floatip.log.text}`,
            async () => (await floatip.instance("web", family)).state === state,
          );
        }
      };
      await untilFamilies("master");
      await a.linkDown();
      await untilFamilies("fault");
      await a.linkUp();
      await untilFamilies("master");
      for (const address of [ADDRESS, "fe80::100", "fd77::100"]) {
        assert.ok(await a.holds(address), address);
      }
    },
  },
  {
    name: "unicast survives its source address going and coming",
    play: async (stage) => {
      const { a, lan } = stage;
      const peers = [lan.host("client").address];
      await using floatip = await startMaster(a, {
        ...WEB,
        unicast: { source: a.address, peers },
      });
      await a.ip("addr", "del", `${a.address}/24`, "dev", "eth0");
      await assertFaultAndReturn(
        stage,
        floatip,
        /no interface has the source address/,
        () => a.ip("addr", "add", `${a.address}/24`, "dev", "eth0"),
      );
    },
  },
  {
    name: "an orderly end without the interface, and a second SIGTERM",
    play: async ({ a }) => {
      await using floatip = await startMaster(a, WEB);
      await a.ip("link", "del", "eth0");
      await floatip.untilState("fault");
      floatip.child.kill("SIGTERM");
      assert.equal(await floatip.stop(), 0);
    },
  },
  {
    name: "a renamed interface is gone, and found again under its old name",
    play: async (stage) => {
      const { a } = stage;
      await using floatip = await startMaster(a, WEB);
      const rename = async (from: string, to: string) => {
        await a.ip("link", "set", from, "down");
        await a.ip("link", "set", from, "name", to);
        await a.ip("link", "set", to, "up");
      };
      await rename("eth0", "wan0");
      await assertFaultAndReturn(
        stage,
        floatip,
        /no interface eth0/,
        () => rename("wan0", "eth0"),
      );
    },
  },
  {
    name: "however often link, source address and cable come and go, it ends as master",
    lan: { ipv6: true },
    play: async ({ a }) => {
      const addresses = [`${ADDRESS}/24`, "fe80::100/64", "fd77::100/64"];
      await using floatip = await startMaster(a, { ...WEB, addresses });
      const source = `${a.address}/24 dev eth0\n`;
      const flaps: readonly (() => Promise<unknown>)[] = [
        () => batch(a, "link set eth0 down\nlink set eth0 up\n", 100),
        () => batch(a, `addr del ${source}addr add ${source}`, 300),
        async () => {
          for (let n = 0; n < 10; n++) {
            await a.unplug();
            await a.plug();
          }
        },
        () => batch(a, "addr add 127.9.9.9/32 dev lo\naddr del 127.9.9.9/32 dev lo\n", 2000),
      ];
      for (const flap of flaps) {
        await flap();
        await until(() => `master of both families\n${floatip.log.text}`, async () => {
          const { instances } = await floatip.status();
          const held = await Promise.all([ADDRESS, "fd77::100"].map((ip) => a.holds(ip)));
          return instances.every(({ state }) => state === "master") && !held.includes(false);
        });
      }
      assert.equal(await floatip.stop(), 0);
      assert.ok(!await a.holds(ADDRESS) && !await a.holds("fd77::100"));
    },
  },
  {
    name: "a sync group leaves and returns together",
    lan: { second: { prefix: "10.78.0.0/24", interface: "eth1" } },
    play: async ({ a, lan }) => {
      const b = lan.host("client");
      const file = (host: LabHost, priority: number) =>
        writeFloatipToml(host.name, [
          { ...WEB, name: "inside", interface: "eth0", priority },
          {
            ...WEB,
            ...{ name: "outside", vrid: 52, interface: "eth1", priority },
            addresses: ["10.78.0.100/24"],
          },
        ]) + '\n[group.gateway]\ninstances = ["inside", "outside"]\n';
      await using first = await Floatip.start(a, file(a, 150));
      await using second = await Floatip.start(b, file(b, 100));
      for (const name of ["inside", "outside"]) {
        await first.untilState("master", 5000, name);
        await second.untilState("backup", 5000, name);
      }
      await a.unplug("eth1");
      for (const name of ["inside", "outside"]) await second.untilState("master", 5000, name);
      assert.ok(!await a.holds(ADDRESS) && !await a.holds("10.78.0.100"));
      assert.ok(await b.holds(ADDRESS) && await b.holds("10.78.0.100"));
      await a.plug("eth1");
      for (const name of ["inside", "outside"]) await first.untilState("master", 5000, name);
      for (const name of ["inside", "outside"]) await second.untilState("backup", 5000, name);
      assert.ok(!await b.holds(ADDRESS) && !await b.holds("10.78.0.100"));
    },
  },
  {
    name: "after a stall a master that was replaced gives way and does not fight",
    play: async ({ a, lan, capture }) => {
      const b = lan.host("client");
      await using first = await startMaster(a, { ...WEB, priority: 100 });
      await using second = await Floatip.run(b, { ...WEB, priority: 100 });
      await second.untilState("backup");
      first.child.kill("SIGSTOP");
      await second.untilState("master");
      const resumed = wallNow();
      first.child.kill("SIGCONT");
      // Equal priorities: the higher address stays, and that is the second one's.
      await first.untilState("backup");
      await untilHeld(a, ADDRESS, false);
      const sent = capture.advertsOf(a.address, resumed).length;
      console.log(`  a master that was stalled sent ${sent} adverts before it gave way`);
      // What was queued while it was stalled is looked at before the beat that is overdue.
      assert.equal(sent, 0);
      await second.stop();
      await first.untilState("master");
    },
  },
];

/** The same words to `ip` again and again, whatever it says to each. */
async function batch(host: LabHost, lines: string, times: number): Promise<void> {
  await host.exec(["ip", "-force", "-batch", "-"], { input: lines.repeat(times) });
}

playAll("links", CASES);
