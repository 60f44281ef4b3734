import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { kernelTest } from "../../support/kernel/netns.ts";

const WRITER = fileURLToPath(new URL("../../support/kernel/history_writer.ts", import.meta.url));

const range = (to: number) => Array.from({ length: to }, (_, i) => i + 1);

kernelTest(
  "a history on a read-only or full file system complains once, and is whole with room again",
  async () => {
    const disk = await Deno.makeTempDir({ prefix: "floatip-" });
    try {
      // The mount goes with the namespace, whatever happens.
      const { code, stdout, stderr } = await new Deno.Command("unshare", {
        args: ["--mount", Deno.execPath(), "run", "-A", "--no-check", WRITER, disk],
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      const seen = JSON.parse(new TextDecoder().decode(stdout));
      assert.equal(seen.readOnly.length, 1, seen.readOnly);
      assert.match(seen.readOnly[0], /Read-only file system/);
      assert.deepEqual(seen.afterReadOnly, [range(4), 0]);
      assert.equal(seen.full.length, 1, seen.full);
      assert.match(seen.full[0], /only a part of the line|No space left on device/);
      assert.ok(seen.refused > 5 && seen.refused < 500, `${seen.refused} was refused`);
      assert.deepEqual(seen.afterFull, [range(seen.number), 0]);
    } finally {
      await Deno.remove(disk, { recursive: true });
    }
  },
  "unshare",
);
