import assert from "node:assert/strict";
import type { Config } from "../../../src/config/config.ts";
import { Reloader } from "../../../src/cli/reloader.ts";

const GOOD = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
const BAD = GOOD.replace("51", "0");

/** A reloader of a file of its own, whose clock counts seconds; `applied` is what was put in force. */
async function scene(
  body: (of: {
    readonly reloader: Reloader;
    readonly applied: readonly Config[];
    write(text: string): Promise<void>;
  }) => Promise<void>,
): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "floatip-", suffix: ".toml" });
  const applied: Config[] = [];
  let clock = 0;
  try {
    await Deno.writeTextFile(file, GOOD);
    const reloader = new Reloader({
      file,
      journal: { write: () => {} },
      service: undefined,
      apply: (config, reply) => {
        applied.push(config);
        reply(["web: vrid 51 -> 52"]);
      },
      now: () => `second ${clock++}`,
    });
    await body({ reloader, applied, write: (text) => Deno.writeTextFile(file, text) });
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a reloader says since when what is in force, and how the latest reload went", () =>
  scene(async ({ reloader, applied, write }) => {
    assert.deepEqual(reloader.status(), { config_since: "second 0", last_reload: null });

    await write(BAD);
    assert.equal((await reloader.reload()).applied, false);
    const refused = { at: "second 1", applied: false, problems: 1 };
    assert.deepEqual(reloader.status(), { config_since: "second 0", last_reload: refused });
    assert.equal(applied.length, 0);

    await write(GOOD);
    assert.deepEqual(await reloader.reload(), {
      applied: true,
      changes: ["web: vrid 51 -> 52"],
      warnings: [],
    });
    const last_reload = { at: "second 2", applied: true, problems: 0 };
    assert.deepEqual(reloader.status(), { config_since: "second 2", last_reload });
    assert.equal(applied.length, 1);
  }));
