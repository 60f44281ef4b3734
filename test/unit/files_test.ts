import assert from "node:assert/strict";
import { readBeginning } from "../../src/files.ts";

Deno.test("the beginning of a file: no more than is wanted, whatever its length says", async () => {
  assert.equal((await readBeginning("/dev/zero", 5000)).length, 5000);
  assert.equal((await readBeginning("/proc/self/cmdline", 4)).length, 4);
  const all = await readBeginning("/proc/self/cmdline", 1_000_000);
  assert.ok(all.length > 4 && all.length < 1_000_000);
  assert.equal((await readBeginning("/dev/null", 10)).length, 0);
  await assert.rejects(readBeginning("/nowhere", 10), Deno.errors.NotFound);
});
