/**
 * Field situations of the owner (priority 255): the floating address is one of its machine's own.
 */
import assert from "node:assert/strict";
import { fieldCases } from "../../support/field/field.ts";

fieldCases("the owner of the address", [
  {
    name: "back after its cable was out, it is heard by the backup that holds its address",
    play: async (field) => {
      const [hostA, hostB] = [field.host("a"), field.host("b")];
      const addresses = [`${hostA.address}/24`];
      const file = (priority: number) =>
        field.file({ nodes: {}, addresses, lines: [`priority = ${priority}`] });
      const [a, b] = await field.pair(file(255), file(100));
      await hostA.unplug();
      await b.untilState("master");
      assert.ok(await hostB.holds(hostA.address));
      await hostA.plug();
      await a.untilState("master");
      await b.untilState("backup");
      assert.equal(await hostB.holds(hostA.address), false);
      assert.ok(await hostA.holds(hostA.address));
      await field.untilCode(0, [a, b]);
    },
  },
]);
