/**
 * Field situations in which the floating address is this machine's, its gateway's or a stranger's.
 */
import assert from "node:assert/strict";
import type { Outcome } from "../../support/lab/command.ts";
import { FLOATIP } from "../../support/lab/program.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

fieldCases("an address that others have", [
  {
    name: "the machine's only address: refused by check and daemon, and there when it has stopped",
    play: async (field) => {
      const own = field.host("a").address;
      const wish = { nodes: {}, addresses: [`${own}/24`] };
      const b = await field.run("b", field.file({ ...wish, lines: ["priority = 150"] }));
      await b.untilState("master");
      const a = await field.run("a", field.file(wish));
      await refused(field, a, `${own} is this machine's own address on eth0`);
      assert.ok(await field.host("a").holds(own));
      await a.stop();
      assert.ok(await field.host("a").holds(own));
    },
  },
  {
    name: "the default gateway's: refused by check and daemon",
    play: async (field) => {
      await field.host("a").ip("route", "add", "default", "via", FLOATING);
      const a = await field.run("a");
      await refused(field, a, `${FLOATING} is the gateway of this machine's default route`);
    },
  },
  {
    name: "what a killed keepalived left goes once another node is master, and not before",
    play: async (field) => {
      await field.host("b").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      const b = await field.run("b");
      await b.untilState("fault");
      assert.ok(await field.host("b").holds(FLOATING));
      const a = await field.run("a");
      await a.untilState("master");
      await b.untilState("backup");
      assert.equal(await field.host("b").holds(FLOATING), false);
    },
  },
  {
    name: "a stranger's: check asks the LAN, and knows a node that is master",
    play: async (field) => {
      await field.host("client").ip("addr", "add", `${FLOATING}/24`, "dev", "eth0");
      const file = field.file();
      const a = await field.run("a", file);
      await a.untilState("master");
      const b = await field.run("b", file);
      const { code, stdout } = await check(b);
      assert.match(stdout, new RegExp(`another machine answers for ${FLOATING}: `));
      assert.equal(code, 1, stdout);
      await field.host("client").ip("addr", "del", `${FLOATING}/24`, "dev", "eth0");
      const well = await check(b);
      assert.equal(well.code, 0, well.stdout);
      // Without [nodes], by its adverts.
      const multicast = field.file({ nodes: {}, lines: ['transport = "multicast"'] });
      await field.reload(a, multicast);
      field.write(b, multicast);
      await field.until("a is master again", () => field.host("a").holds(FLOATING));
      const lonely = await check(b);
      assert.equal(lonely.code, 0, lonely.stdout);
    },
  },
]);

async function refused(field: Field, node: Floatip, words: string): Promise<void> {
  await node.untilState("fault");
  const { faults } = await node.instance();
  assert.ok(faults.some((fault) => fault.includes(words)), JSON.stringify(faults));
  const { code, stdout } = await check(node);
  assert.ok(stdout.includes(words), stdout);
  assert.equal(code, 1);
  assert.equal((await field.status(node)).code > 0, true);
}

/** `floatip check` of the file that the daemon runs. */
function check({ host, configFile, options }: Floatip): Promise<Outcome> {
  return host.exec([...options.program ?? FLOATIP, "check", configFile]);
}
