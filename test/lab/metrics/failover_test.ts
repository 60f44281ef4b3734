/** A real Prometheus sees the holder, a failover with its reason, and a node that is gone. */
import assert from "node:assert/strict";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
import { startMaster, WEB } from "../../support/interop/stage.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { Lan } from "../../support/lab/lan.ts";
import { expressionsOf, readDashboard } from "../../support/metrics/dashboard.ts";
import { Prometheus } from "../../support/metrics/prometheus.ts";

const reason = missing("prometheus", "promtool");

const PORT = 9112;

/** A check that succeeds, one that fails and does not matter, and somebody who is told. */
function toml(name: string, priority: number): string {
  return writeFloatipToml(name, [{
    interface: "eth0",
    vrid: 51,
    priority,
    version: 3,
    // A busy machine must not cause a takeover that nobody asked for.
    intervalMs: 300,
    addresses: ["10.77.0.100/24"],
    more: ['checks = ["up", "down"]'],
  }]) + `
[check.up]
file = "/proc/version"
interval = "200ms"

[check.down]
file = "/nonexistent/flag"
interval = "200ms"
weight = -1

[notify]
command = ["/bin/true"]
user = "root"

[metrics]
listen = "0.0.0.0:${PORT}"

[nodes]
a = "10.77.0.1"
b = "10.77.0.2"

[cluster]
secret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"
`;
}

Deno.test({
  ...nameWith(
    "Prometheus sees a failover, and every panel of the dashboard shows something",
    reason,
  ),
  async fn() {
    await using lan = await Lan.open({ hosts: ["a", "b", "watcher"] });
    const [a, b, watcher] = [lan.host("a"), lan.host("b"), lan.host("watcher")];
    const target = (host: { readonly address: string }) => `${host.address}:${PORT}`;
    await using first = await Floatip.start(a, toml("a", 200));
    await first.untilState("master");
    await using second = await Floatip.start(b, toml("b", 100));
    await second.untilState("backup");
    // Somebody whose packets are refused: the same VRID for another address.
    await using _stranger = await startMaster(watcher, {
      ...WEB,
      addresses: ["10.77.0.200/24"],
    });
    await using prometheus = await Prometheus.start(watcher, [target(a), target(b)]);
    const one = 'vrrp_instance="web",vrid="51",family="ipv4"';
    const [atA, atB] = [a, b].map((host) => `instance="${target(host)}",${one}`);
    const see = (expression: string, value: number) => prometheus.until(expression, value);

    await see("sum(up)", 2);
    await see(`floatip_state{${atA},state="master"}`, 1);
    await see(`floatip_state{${atB},state="backup"}`, 1);
    await see('sum by (vrrp_instance, vrid, family) (floatip_state{state="master"})', 1);
    await see(`floatip_master_info{instance="${target(b)}",master="a"}`, 1);
    // Two scrapes of everything, for what is counted per time.
    await see("min(count_over_time(up[1m])) >= bool 4", 1);
    await see('min(floatip_rejects_total{reason="addresses"}) > bool 5', 1);
    await see("min(sum by (instance, check) (floatip_check_attempts_total)) > bool 3", 1);

    await first.crash();
    await second.untilState("master");
    await see(`floatip_state{${atB},state="master"}`, 1);
    await see(
      `floatip_transitions_total{${atB},from="backup",to="master",reason="master-silent"}`,
      1,
    );
    await see(`floatip_master_transitions_total{${atB}}`, 1);
    await see(`up{instance="${target(a)}"}`, 0);
    await see('sum by (vrrp_instance, vrid, family) (floatip_state{state=~"master|backup"})', 1);
    await see('sum(ALERTS{alertname="FloatipNoRedundancy",alertstate="pending"})', 1);

    // What it heard as backup, and what it sends as master, one interval apart.
    await see(`floatip_rcvd_advert_gap_seconds_count{${atB}} > bool 5`, 1);
    await see(`floatip_sent_advert_gap_seconds_count{${atB}} > bool 5`, 1);
    // The first interval may be a quarter shorter (decision 0080).
    const [mean] = await prometheus.query(
      `floatip_sent_advert_gap_seconds_sum{${atB}} / floatip_sent_advert_gap_seconds_count{${atB}}`,
    );
    assert.ok(mean !== undefined && mean.value > 0.27 && mean.value < 0.4, `${mean?.value} s`);

    for (const { where, expression } of expressionsOf(await readDashboard(), "1m")) {
      const found = await prometheus.query(expression);
      assert.notEqual(found.length, 0, `${where} shows nothing: ${expression}`);
    }
  },
});
