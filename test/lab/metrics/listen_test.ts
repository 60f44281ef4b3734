/** A running daemon serves metrics as its file says, through reloads and a port in use. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
import { WEB } from "../../support/interop/stage.ts";
import { run } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { has, missing, nameWith } from "../../support/lab/prerequisites.ts";
import { until } from "../../support/until.ts";

const reason = missing();

function toml(listen: string | undefined): string {
  const metrics = listen === undefined ? "" : `\n[metrics]\nlisten = "${listen}"\n`;
  return writeFloatipToml("a", [{ ...WEB, interface: "eth0" }]) + metrics;
}

/** What http://ADDRESS/metrics says inside `host`; undefined: nobody listens there. */
async function ask(host: LabHost, address: string): Promise<string | undefined> {
  const script = `console.log(await (await fetch("http://${address}/metrics")).text())`;
  const { code, stdout, stderr } = await host.exec([Deno.execPath(), "eval", script]);
  if (code === 0) return stdout;
  assert.match(stderr, /refused/i);
  return undefined;
}

/** Writes another file and has the daemon read it; answers what the command said. */
async function reload(floatip: Floatip, listen: string | undefined): Promise<string> {
  writeFileSync(floatip.configFile, toml(listen));
  const { code, stdout, stderr } = await floatip.command("reload");
  assert.equal(code, 0, stderr);
  return stdout;
}

Deno.test({
  ...nameWith("metrics move with a reload, wait for a port that is taken, and end", reason),
  async fn() {
    await using lan = await Lan.open({ hosts: ["a"] });
    const a = lan.host("a");
    await using floatip = await Floatip.start(a, toml("127.0.0.1:9112"));
    await floatip.untilState("master");
    const text = await ask(a, "127.0.0.1:9112");
    assert.match(text ?? "", /^floatip_state\{vrrp_instance="web",[^}]*,state="master"\} 1$/m);
    if (has("promtool")) {
      const checked = await run(["promtool", "check", "metrics"], { input: text ?? "" });
      assert.deepEqual(checked, { code: 0, stdout: "", stderr: "" });
    }

    const said = await reload(floatip, "[::1]:9113");
    assert.equal(said, "reloaded:\n  [metrics] listen 127.0.0.1:9112 -> [::1]:9113\n");
    assert.equal(await ask(a, "127.0.0.1:9112"), undefined);
    assert.match(await ask(a, "[::1]:9113") ?? "", /^floatip_info/m);

    const serve = `const listener = Deno.listen({ hostname: "127.0.0.1", port: 9114 });
      console.log("there");
      for await (const connection of listener) connection.close();`;
    const other = a.spawn([Deno.execPath(), "eval", serve]);
    await new Promise((resolve) => other.stdout?.once("data", resolve));
    await reload(floatip, "127.0.0.1:9114");
    const trouble = "metrics are not served at 127.0.0.1:9114: another program has this port";
    const { attention, instances } = await floatip.status();
    assert.deepEqual(attention, [trouble]);
    assert.equal(instances[0]?.state, "master", "and nothing else suffers");
    assert.match(floatip.log.text, new RegExp(`warning ${trouble}`));
    assert.match((await floatip.command("status")).stdout, new RegExp(trouble));

    other.kill("SIGKILL");
    const free = async () => (await floatip.status()).attention.length === 0;
    await until("the port to be had", free, 30_000, 100);
    assert.match(await ask(a, "127.0.0.1:9114") ?? "", /^floatip_info/m);

    await reload(floatip, undefined);
    assert.equal(await ask(a, "127.0.0.1:9114"), undefined);
    assert.doesNotMatch(floatip.log.text, /master -> /, "master all the time");
  },
});
