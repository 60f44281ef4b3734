/** Does the daemon stop and reload as it promises? One node, its signals and its commands. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { writeFloatipToml } from "./floatip.ts";
import { wallNow } from "./program_log.ts";
import { ADDRESS, type Case, longestGap, playAll, startMaster, untilHeld, WEB } from "./stage.ts";

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
        assert.ok(gap < 160, `${name}: a gap of ${gap}`);
      }
      assert.equal((await floatip.instance("other")).counters.sent_pri_zero_packets, 0);
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
      assert.ok(longestGap(capture.adverts, 51, start - 200) < 160);
    },
  },
];

playAll("orders", CASES);
