/** Stop and reload: one node, its signals and its commands. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
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
    name: "SIGTERM hands over and leaves nothing behind",
    play: async ({ a, capture }) => {
      await using floatip = await startMaster(a, WEB);
      const start = wallNow();
      assert.equal(await floatip.stop(), 0);
      assert.ok(!await a.holds(ADDRESS));
      assert.ok(!existsSync(`${floatip.folder}/run/control.sock`));
      await capture.untilAdvert("priority 0", ({ advert }) => advert.priority === 0, 1000, start);
    },
  },
  {
    name: "a reload adds and removes addresses and leaves another instance alone",
    play: async ({ a, capture }) => {
      const other = { ...WEB, name: "other", vrid: 52, addresses: ["10.77.0.110/24"] };
      await using floatip = await startMaster(a, WEB, other);
      const write = (...addresses: string[]) =>
        writeFileSync(
          floatip.configFile,
          writeFloatipToml("a", [{ ...WEB, interface: "eth0", addresses }, {
            ...other,
            interface: "eth0",
          }]),
        );
      const start = wallNow();
      write(`${ADDRESS}/24`, "10.77.0.101/24");
      floatip.child.kill("SIGHUP");
      await untilHeld(a, "10.77.0.101");
      write("10.77.0.101/24");
      const outcome = await floatip.command("reload");
      assert.equal(outcome.code, 0, outcome.stderr);
      await untilHeld(a, ADDRESS, false);
      assert.ok(await a.holds("10.77.0.101") && await a.holds("10.77.0.110"));
      await capture.untilMaster(a.address, 2000, wallNow() + 300);
      for (const { name, vrid } of [{ name: "web", vrid: 51 }, { name: "other", vrid: 52 }]) {
        const { state, counters } = await floatip.instance(name);
        assert.deepEqual([state, counters.master_transitions], ["master", 1], name);
        const gap = longestGap(capture.adverts, vrid, start - 200);
        console.log(`  across two reloads, ${name}: longest gap ${gap.toFixed(1)} ms of 100 ms`);
        assert.ok(gap < MISSED_MS, `${name}: a gap of ${gap}`);
      }
      assert.equal((await floatip.instance("other")).counters.sent_pri_zero_packets, 0);
    },
  },
  {
    name: "a reload moves addresses between instances, and changes a prefix length and a label",
    play: async ({ a, capture }) => {
      const one = { ...WEB, interface: "eth0", addresses: [] };
      const two = { ...one, name: "other", vrid: 52 };
      const list = (...entries: string[]) => [`addresses = [${entries.join(", ")}]`];
      const file = (first: string, second: string) =>
        writeFloatipToml("a", [{ ...one, more: list(first) }, { ...two, more: list(second) }]);
      await using floatip = await Floatip.start(a, file(`"${ADDRESS}/24"`, '"10.77.0.110/24"'));
      await floatip.untilState("master");
      await floatip.untilState("master", 5000, "other");
      const start = wallNow();
      const reload = async (first: string, second: string) => {
        writeFileSync(floatip.configFile, file(first, second));
        const outcome = await floatip.command("reload");
        assert.equal(outcome.code, 0, outcome.stderr);
      };
      const floating = async () =>
        (await a.addresses("eth0")).filter((line) =>
          line.family === "inet" && line.address !== a.address
        ).map((line) => `${line.address}/${line.prefixLength} ${line.label}`).toSorted();
      await reload('"10.77.0.110/24"', `"${ADDRESS}/24"`);
      const both = [`${ADDRESS}/24 eth0`, "10.77.0.110/24 eth0"];
      await until(
        "both addresses after the exchange",
        async () => `${await floating()}` === `${both}`,
      );
      await reload('"10.77.0.110"', `{ address = "${ADDRESS}/24", label = ":web" }`);
      const changed = [`${ADDRESS}/24 eth0:web`, "10.77.0.110/32 eth0"];
      await until(`${changed}`, async () => `${await floating()}` === `${changed}`).catch(
        async () => assert.deepEqual(await floating(), changed),
      );
      await capture.untilMaster(a.address, 2000, wallNow() + 300);
      for (const { name, vrid } of [{ name: "web", vrid: 51 }, { name: "other", vrid: 52 }]) {
        const { state, counters } = await floatip.instance(name);
        assert.deepEqual([state, counters.master_transitions], ["master", 1], name);
        assert.ok(longestGap(capture.adverts, vrid, start - 200) < MISSED_MS, name);
      }
      assert.equal(await floatip.stop(), 0);
      assert.deepEqual(await floating(), []);
    },
  },
  {
    name: "a reload that takes an instance away hands over, and one that brings one starts it",
    play: async ({ a, capture }) => {
      const one = { ...WEB, interface: "eth0" };
      const two = { ...one, name: "other", vrid: 52, addresses: ["10.77.0.110/24"] };
      await using floatip = await startMaster(a, one, two);
      writeFileSync(floatip.configFile, writeFloatipToml("a", [one]));
      const start = wallNow();
      assert.equal((await floatip.command("reload")).code, 0);
      await capture.untilAdvert(
        "priority 0 of the second",
        ({ advert }) => advert.vrid === 52 && advert.priority === 0,
        1000,
        start,
      );
      assert.ok(!await a.holds("10.77.0.110"));
      assert.deepEqual((await floatip.status()).instances.map(({ name }) => name), ["web"]);
      writeFileSync(floatip.configFile, writeFloatipToml("a", [one, two]));
      floatip.child.kill("SIGHUP");
      await until(
        "the second again",
        async () =>
          (await floatip.status()).instances.some(({ name, state }) =>
            name === "other" && state === "master"
          ),
      );
      assert.ok(await a.holds("10.77.0.110"));
      assert.equal((await floatip.instance("web")).counters.master_transitions, 1);
    },
  },
  {
    name: "a reload changes priority and transport of a running master",
    play: async ({ a, lan, capture }) => {
      const b = lan.host("client");
      const pair = (host: LabHost, other: LabHost, priority: number, unicast: boolean) => ({
        ...WEB,
        ...{ interface: "eth0", priority },
        unicast: unicast ? { source: host.address, peers: [other.address] } : undefined,
      });
      await using first = await startMaster(a, pair(a, b, 150, false));
      await using second = await Floatip.run(b, pair(b, a, 100, false));
      await second.untilState("backup");
      const write = async (floatip: Floatip, instance: ReturnType<typeof pair>) => {
        writeFileSync(floatip.configFile, writeFloatipToml(floatip.host.name, [instance]));
        const outcome = await floatip.command("reload");
        assert.equal(outcome.code, 0, outcome.stderr);
      };
      // Demoted: the other one preempts after its master-down interval.
      await write(first, pair(a, b, 50, false));
      await second.untilState("master");
      await first.untilState("backup");
      await untilHeld(a, ADDRESS, false);
      const start = wallNow();
      await Promise.all([
        write(first, pair(a, b, 50, true)),
        write(second, pair(b, a, 100, true)),
      ]);
      await capture.untilAdvert(
        "unicast",
        ({ destination, advert }) => destination === a.address && advert.priority > 0,
        3000,
        start,
      );
      await second.untilState("master");
      await first.untilState("backup");
      await until("only one holder", async () => !await a.holds(ADDRESS) && await b.holds(ADDRESS));
    },
  },
  {
    name: "a hail of reloads leaves what the last file says, and not one advert is left out",
    play: async ({ a, capture }) => {
      const one = { ...WEB, interface: "eth0" };
      const other = { ...one, name: "other", vrid: 52, addresses: ["10.77.0.110/24"] };
      const more = { ...one, addresses: ["10.77.0.101/24", `${ADDRESS}/24`] };
      await using floatip = await startMaster(a, one, other);
      const start = wallNow();
      for (let n = 0; n < 30; n++) {
        const first = n % 2 === 0 ? more : one;
        writeFileSync(floatip.configFile, writeFloatipToml("a", [first, other]));
        floatip.child.kill("SIGHUP");
        if (n % 5 === 0) await floatip.log.until(/reloaded/, 5000, wallNow());
      }
      assert.equal((await floatip.command("reload")).code, 0);
      await untilHeld(a, "10.77.0.101", false);
      assert.ok(await a.holds(ADDRESS) && await a.holds("10.77.0.110"));
      await capture.untilMaster(a.address, 2000, wallNow() + 300);
      for (const { name, vrid } of [{ name: "web", vrid: 51 }, { name: "other", vrid: 52 }]) {
        const { state, counters } = await floatip.instance(name);
        assert.deepEqual([state, counters.master_transitions], ["master", 1], name);
        assert.ok(longestGap(capture.adverts, vrid, start - 200) < MISSED_MS, name);
      }
    },
  },
  {
    name: "a bad reload changes nothing and says what is wrong",
    play: async ({ a, capture }) => {
      await using floatip = await startMaster(a, WEB);
      const good = readFileSync(floatip.configFile, "utf8");
      writeFileSync(floatip.configFile, good.replace("vrid = 51", "vrid = 999"));
      const start = wallNow();
      const outcome = await floatip.command("reload");
      assert.equal(outcome.code, 3, outcome.stdout + outcome.stderr);
      assert.match(outcome.stderr + outcome.stdout, /vrid/);
      floatip.child.kill("SIGHUP");
      await floatip.log.until(/vrid|reload/i, 5000, start);
      await capture.untilMaster(a.address, 2000, wallNow() + 300);
      const { state, vrid, counters } = await floatip.instance();
      assert.deepEqual([state, vrid, counters.master_transitions], ["master", 51, 1]);
      assert.ok(await a.holds(ADDRESS));
      assert.ok(longestGap(capture.adverts, 51, start - 200) < MISSED_MS);
    },
  },
];

playAll("orders", CASES);
