/** Field situations in which the nodes have files that differ: the node that notices says so. */
import assert from "node:assert/strict";
import { fieldCases } from "../../support/field/field.ts";

fieldCases("files that differ", [
  {
    name: "each file prefers its own node, so that both have priority 200",
    play: async (field) => {
      const b = await field.run("b", field.file({ prefer: ["b", "a"] }));
      await b.untilState("master");
      const a = await field.run("a", field.file({ prefer: ["a", "b"] }));
      await a.untilState("backup");
      const words = "web: b advertises priority 200, this file gives it 190: the files differ";
      await field.until(
        "a says that the files differ",
        async () => (await field.status(a)).text.includes(words),
      );
      assert.equal((await field.status(a)).code, 1);
      await field.reload(a, field.file({ prefer: ["b", "a"] }));
      await field.untilCode(0, [a, b]);
    },
  },
]);
