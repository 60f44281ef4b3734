/** Where the helpers of tests are: in test/support, and nowhere else. */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Folders that hold tests. The others are programs: the simulator, the bench, the lint plugin, ...
 */
const FOLDERS = ["unit", "lab", "golden", "scenarios"];
/** Not a helper: what one golden test prints, and words for it. */
const EXEMPT = ["golden/import_options.ts"];

Deno.test("support: folders of tests hold tests alone, helpers are in test/support", () => {
  const test = fileURLToPath(new URL("../", import.meta.url));
  const helpers = FOLDERS.flatMap((folder) =>
    readdirSync(`${test}${folder}`, { recursive: true })
      .map((name) => `${folder}/${name}`)
      .filter((path) => path.endsWith(".ts") && !path.endsWith("_test.ts"))
  );
  assert.deepEqual(helpers.filter((path) => !EXEMPT.includes(path)), []);
});
