import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { run } from "../../support/lab/command.ts";
import { withQuietServices } from "../../support/lab/quiet_services.ts";

Deno.test("no service starts while it is installed, and all may afterwards", async () => {
  const folder = mkdtempSync(`${tmpdir()}/fl-policy-`);
  const policy = `${folder}/policy-rc.d`;
  try {
    const during = await withQuietServices(
      () => run([policy, "prometheus", "start"]),
      policy,
    );
    assert.equal(during.code, 101);
    await assert.rejects(withQuietServices(() => Promise.reject(new Error("apt")), policy));
    assert.equal(existsSync(policy), false);

    writeFileSync(policy, "#!/bin/sh\nexit 0\n", { mode: 0o755 });
    const with0 = await withQuietServices(() => run([policy]), policy);
    assert.equal(with0.code, 0, "somebody's own policy holds");
    assert.equal(existsSync(policy), true);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
