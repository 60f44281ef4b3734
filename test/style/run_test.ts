/** Does the test runner end with its line of figures, and tell by its exit code? */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "../lab/command.ts";

const runner = fileURLToPath(new URL("../run.ts", import.meta.url));

Deno.test("run: skips what needs root on demand, says why, and ends with the figures alone", async () => {
  const outcome = await run([Deno.execPath(), "run", "-A", runner, "--without-root", "lab"]);
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  assert.match(outcome.stdout, /\n {2}lab: .*: needs root, left out on demand\n/);
  assert.match(outcome.stdout, /\n[1-9]\d* passed, 0 failed, [1-9]\d* skipped\n$/);
});

Deno.test("run: an unknown group is wrong usage, not a run of nothing", async () => {
  const outcome = await run([Deno.execPath(), "run", "-A", runner, "nonsense"]);
  assert.equal(outcome.code, 2);
  assert.match(outcome.stderr, /^usage: .*unit/);
});
