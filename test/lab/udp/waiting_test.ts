/** An instance whose UDP port is in use waits, says why, and runs when the port is free. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Floatip } from "../../support/interop/floatip.ts";
import { ProgramLog } from "../../support/interop/program_log.ts";
import { until } from "../../support/until.ts";
import { hostIn } from "../../support/kernel/netns.ts";
import { ip } from "../../../src/net/ip.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";

const reason = missing("setpriv");

const FILE = `[nodes]
a = "10.77.0.1"
b = "10.77.0.2"

[instance.web]
vrid = 51
addresses = ["10.77.0.100/24"]
advert_interval = "100ms"
transport = "udp"

[instance.plain]
vrid = 52
addresses = ["10.77.0.101/24"]
advert_interval = "100ms"
`;

Deno.test({
  ...nameWith(
    "udp: a port that another program has is waited for, and what needs none runs",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a"] });
    using other = hostIn(lan.host("a").namespace);
    const port = {
      kind: "udp",
      family: "ipv4",
      source: ip("10.77.0.1"),
      port: 336,
      interface: "eth0",
    } as const;
    other.open(port);
    await using a = await Floatip.start(lan.host("a"), FILE);
    await a.untilState("master", 10_000, "plain");
    const { state, faults } = await a.instance();
    assert.equal(state, "fault");
    assert.match(
      faults.join(),
      /^bind UDP port 336 of 10\.77\.0\.1: Address already in use \(EADDRINUSE\)$/,
    );
    other.close(port);
    // It looks again after five seconds.
    await a.untilState("master", 15_000);
    assert.ok(await lan.host("a").holds("10.77.0.100"));
  },
});

Deno.test({
  ...nameWith("udp: an address that comes late is waited for", reason),
  fn: async () => {
    await using lan = await Lan.open({ hosts: [{ name: "a", address: null }] });
    const host = lan.host("a");
    const file = FILE.replace("[nodes]", '[node]\nname = "a"\n\n[nodes]')
      .replaceAll("advert_interval", 'interface = "eth0"\nadvert_interval');
    await using a = await Floatip.start(host, file);
    const { state, faults } = await a.instance();
    assert.equal(state, "fault");
    assert.match(faults.join(), /no interface has the source address 10\.77\.0\.1/);
    await host.ip("addr", "add", "10.77.0.1/24", "dev", "eth0");
    await a.untilState("master");
    await host.ip("addr", "del", "10.77.0.1/24", "dev", "eth0");
    await a.untilState("fault");
    await host.ip("addr", "add", "10.77.0.1/24", "dev", "eth0");
    await a.untilState("master");
  },
});

Deno.test({
  ...nameWith(
    "udp: without the right to a low port it says so, and with a high one it needs none",
    reason,
  ),
  fn: async () => {
    await using lan = await Lan.open({ hosts: ["a"] });
    const folder = mkdtempSync("/tmp/fl-floatip-");
    try {
      const low = "[instance.plain]";
      const high =
        `[instance.high]\nvrid = 53\naddresses = ["10.77.0.102/24"]\ntransport = "udp"\n` +
        `port = 5336\nadvert_interval = "100ms"\n\n${low}`;
      writeFileSync(`${folder}/floatip.toml`, FILE.replace(low, high), { mode: 0o600 });
      const child = lan.host("a").spawn([
        ...["setpriv", "--bounding-set=-net_bind_service", "--inh-caps=-net_bind_service"],
        ...[...FLOATIP, "run", "-c", `${folder}/floatip.toml`],
        ...["--run-dir", `${folder}/run`, "--state-dir", `${folder}/state`],
      ], { env: LAB_ENVIRONMENT });
      const log = new ProgramLog("floatip", child);
      await log.until(
        new RegExp(
          /web: init -> fault: bind UDP port 336 of 10\.77\.0\.1, /.source +
            /without CAP_NET_BIND_SERVICE: Permission denied/.source,
        ),
        20_000,
      );
      await log.until(/high: backup -> master/, 10_000);
      child.kill("SIGTERM");
      await until("its end", () => child.exitCode === 0);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
});
