/** Every play goes as it is written; GOLDEN=write rewrites the chatter in them. */
import assert from "node:assert/strict";
import { perform } from "../support/scenarios/player.ts";

const FOLDER = new URL("./", import.meta.url);

for (const { name } of [...Deno.readDirSync(FOLDER)].toSorted((a, b) => a.name < b.name ? -1 : 1)) {
  if (!name.endsWith(".txt")) continue;
  Deno.test(`play: ${name.slice(0, -4)}`, async () => {
    const file = new URL(name, FOLDER);
    const source = await Deno.readTextFile(file);
    const played = await perform(name, source);
    if (Deno.env.get("GOLDEN") === "write") return await Deno.writeTextFile(file, played);
    assert.equal(played, source, `${name} goes otherwise (GOLDEN=write rewrites its chatter)`);
  });
}
