/** Field situations of two daemons on one machine: one runs a virtual router, the other waits. */
import assert from "node:assert/strict";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

/** A user of this machine takes the name of the virtual router first. */
const SQUATTER = `
import os, socket, sys, time
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.bind("\\0floatip 51 ipv4 eth0"); s.listen(8)
print("taken", flush=True); time.sleep(600)
`;

function file(field: Field): string {
  return field.file({ nodes: {}, lines: ['interface = "eth0"'] });
}

fieldCases("one daemon for each virtual router", [
  {
    name: "a second daemon with directories of its own waits, and harms nothing",
    play: async (field) => {
      const first = await field.run("a", file(field));
      await first.untilState("master");
      const second = await field.run("a", file(field));
      await second.untilState("fault");
      const { code, text } = await field.status(second);
      assert.equal(code, 1, text);
      const why =
        `another floatip on this machine, process ${first.child.pid}, runs VRID 51 on eth0`;
      assert.ok(text.includes(why), text);
      assert.ok(await field.host("a").holds(FLOATING));
      await field.untilCode(0, [first]);
      await second.stop();
      assert.ok(await field.host("a").holds(FLOATING), "the second one has taken nothing along");
      assert.equal((await first.instance()).state, "master");
    },
  },
  {
    name: "the second daemon goes on when the first one is killed",
    play: async (field) => {
      const first = await field.run("a", file(field));
      await first.untilState("master");
      const second = await field.run("a", file(field));
      await second.untilState("fault");
      await first.crash();
      await second.untilState("master", 20_000);
      await field.untilCode(0, [second]);
    },
  },
  {
    name: "a user that takes the name does not keep the daemon from it",
    play: async (field) => {
      const squatter = field.host("a").spawn(["python3", "-c", SQUATTER]);
      const taken = Promise.withResolvers<unknown>();
      squatter.stdout?.once("data", taken.resolve);
      await taken.promise;
      const first = await field.run("a", file(field));
      await first.untilState("master");
    },
  },
]);
