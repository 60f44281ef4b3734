/** Field situations of a master and its backup that are as they should be: the harness itself. */
import assert from "node:assert/strict";
import { fieldCases, FLOATING } from "../../support/field/field.ts";

fieldCases("a pair", [
  {
    name: "status is 0 on both, and 1 or 2 while the only holder is cut off",
    play: async (field) => {
      const [a, b] = await field.pair();
      await field.untilCode(0, [a, b]);
      await field.host("a").unplug();
      await field.until("b takes over", () => field.host("b").holds(FLOATING));
      await field.until("a says so", async () => (await field.status(a)).code > 0);
      await field.host("a").plug();
      await a.untilState("master");
      await field.untilCode(0, [a, b]);
      assert.equal(await field.host("b").holds(FLOATING), false);
    },
  },
]);
