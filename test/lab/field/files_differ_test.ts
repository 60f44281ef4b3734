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
      await field.untilCode(1, [a]);
      const { text } = await field.status(a);
      const words = "web: b advertises priority 200, this file gives it 190: the files differ";
      assert.ok(text.includes(words), text);
      await field.reload(a, field.file({ prefer: ["b", "a"] }));
      await field.untilCode(0, [a, b]);
    },
  },
]);
