/** The test runner: its last line, its exit code, its words for wrong usage. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { run } from "../support/lab/command.ts";

const runner = fileURLToPath(new URL("../run.ts", import.meta.url));

Deno.test("run: skips what needs root on demand, says why, ends with the figures", async () => {
  const outcome = await run([Deno.execPath(), "run", "-A", runner, "--without-root", "lan"]);
  assert.equal(outcome.code, 0, outcome.stdout + outcome.stderr);
  assert.match(outcome.stdout, /\n {2}lab: .*: needs root, left out on demand\n/);
  assert.match(outcome.stdout, /\n[1-9]\d* passed, 0 failed, [1-9]\d* skipped\n$/);
});

Deno.test("run: an unknown group is wrong usage, not a run of nothing", async () => {
  const outcome = await run([Deno.execPath(), "run", "-A", runner, "nonsense"]);
  assert.equal(outcome.code, 2);
  assert.match(outcome.stderr, /^usage: .*unit/);
});

const ONE = ["--without-root", "test/unit/net/ip_test.ts"];

Deno.test("run: a path runs this file alone, and --filter one test of it", async () => {
  const plain = { env: { NO_COLOR: "1" } };
  const whole = await run([Deno.execPath(), "run", "-A", runner, ...ONE], plain);
  assert.equal(whole.code, 0, whole.stdout + whole.stderr);
  const [, passed = ""] = /\n(\d+) passed, 0 failed, 0 skipped\n$/.exec(whole.stdout) ?? [];
  assert.ok(Number(passed) > 1, whole.stdout);
  const [, name = ""] = /^(?:\S+ => )?(.+) \.\.\. ok/m.exec(whole.stdout) ?? [];
  const one = await run([Deno.execPath(), "run", "-A", runner, ...ONE, "--filter", name], plain);
  assert.equal(one.code, 0, one.stdout + one.stderr);
  assert.match(one.stdout, /\n1 passed, 0 failed, 0 skipped\n$/);
});

Deno.test("run: a path without tests is wrong usage", async () => {
  for (const path of ["test/unit/nonsense", "src/vrrp", "test/run.ts"]) {
    const outcome = await run([Deno.execPath(), "run", "-A", runner, path]);
    assert.equal(outcome.code, 2, path);
  }
});
