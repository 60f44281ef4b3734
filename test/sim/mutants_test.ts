/** What mutants of the program replace is there, so that each of them is what it says. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { SOURCE_MUTANTS } from "./source_mutants.ts";

for (const [name, { file, from, to }] of Object.entries(SOURCE_MUTANTS)) {
  Deno.test(`mutant: its text is there once: ${name}`, async () => {
    const text = await Deno.readTextFile(fileURLToPath(new URL(`../../${file}`, import.meta.url)));
    assert.equal(text.split(from).length, 2, `${file} has not once: ${from}`);
    assert.notEqual(from, to);
  });
}
