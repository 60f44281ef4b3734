/** Field situations of a better node whose kernel refuses an address: the healthy one keeps it. */
import assert from "node:assert/strict";
import { FLOATIP } from "../../support/lab/program.ts";
import { fieldCases, FLOATING } from "../../support/field/field.ts";

const IPV6 = "/proc/sys/net/ipv6/conf/eth0/disable_ipv6";

fieldCases("a kernel that refuses", [
  {
    name:
      "IPv6 is switched off on the better node: the other keeps the address, until it is on again",
    play: async (field) => {
      const a = field.host("a");
      await a.exec(["sh", "-c", `echo 1 >${IPV6}`]);
      const extra = '{ address = "fd77::100/64", advertise = false }';
      const file = field.file().replace(`"${FLOATING}/24"`, `"${FLOATING}/24", ${extra}`);
      const b = await field.run("b", file);
      await b.untilState("master");
      const better = await field.run("a", file);
      await better.untilState("fault");
      const checked = await a.exec([...FLOATIP, "check", better.configFile]);
      assert.match(checked.stdout, /IPv6 is switched off on eth0, which is to have fd77::100/);
      assert.equal(checked.code, 1);
      const sent = async () => (await b.instance()).counters.sent_advertisements;
      const before = await sent();
      // Longer than a takeover and a pause take.
      await field.until("b goes on as master", async () => await sent() > before + 25);
      assert.equal((await better.instance()).state, "fault");
      assert.equal((await b.instance()).state, "master");
      assert.equal(b.history().filter(({ kind }) => kind === "transition").length, 2);
      await a.exec(["sh", "-c", `echo 0 >${IPV6}`]);
      await better.untilState("master");
      assert.ok(await a.holds("fd77::100"));
    },
  },
]);
