/** A test that may be skipped says why: nameWith alone skips one, and names the reason. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const TESTS = fileURLToPath(new URL("..", import.meta.url));
const OWNER = "support/lab/prerequisites.ts";

Deno.test("skips: the reason for which a test is skipped stands behind its name", () => {
  const files = readdirSync(TESTS, { recursive: true }).map(String)
    .filter((file) => file.endsWith(".ts") && file !== OWNER && !file.startsWith("style/"));
  const found = files.flatMap((file) =>
    skips(readFileSync(TESTS + file, "utf8")).map((line) => `${file}: ${line}`)
  );
  assert.deepEqual(found, [], `as in ${OWNER}: ...nameWith(name, reason)`);
  assert.equal(skips(readFileSync(TESTS + OWNER, "utf8")).length, 3);
});

/** The lines with the option of Deno.test that skips one, or with Deno.test.ignore. */
function skips(text: string): readonly string[] {
  return text.split("\n").filter((line) =>
    /(?<![-"])\bignore(?::|,| \}|\()/.test(line) && !/^\s*(?:\/\/|\*)/.test(line)
  );
}
