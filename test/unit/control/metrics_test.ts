/** /metrics says what the status says, in the form that Prometheus reads. */
import assert from "node:assert/strict";
import { printMetrics } from "../../support/control/print_metrics.ts";
import { golden } from "../../support/golden.ts";
import { ago, backup, documentOf, master } from "../../support/cli/documents.ts";
import { fullExposition, NGINX } from "../../support/control/full_exposition.ts";
import { readingOf } from "../../support/control/readings.ts";

/** The value of the line that begins with `series`; undefined: there is none. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

Deno.test("metrics of a master with a check and a sink, and a backup over IPv6", async () => {
  await golden("metrics", fullExposition());
});

Deno.test("a daemon without instances says that it runs", () => {
  const text = printMetrics(documentOf([]), readingOf({ routers: [], checks: [] }));
  assert.equal(valueOf(text, 'floatip_info{node="pi-a",version="0.1.0"}'), 1);
  assert.equal(valueOf(text, "floatip_uptime_seconds"), 90.5);
  assert.doesNotMatch(text, /floatip_(state|check|sink)/);
});

Deno.test("what a name may hold cannot end its label, or its line", () => {
  const name = 'a"b\\c\nd';
  const text = printMetrics(documentOf([master({ name })]), readingOf());
  assert.equal(
    valueOf(text, `floatip_priority{vrrp_instance="a\\"b\\\\c\\nd",vrid="51",family="ipv4"}`),
    200,
  );
});

Deno.test("witnesses are counted apart from nodes, and each is there or not", () => {
  const one = documentOf([]);
  const [first] = one.nodes;
  assert.ok(first !== undefined);
  const nas = { ...first, name: "nas", addresses: ["192.168.1.5"], witness: true } as const;
  const nodes = [first, nas, { ...nas, name: "pc", state: "lost" as const }];
  const text = printMetrics({ ...one, nodes, ready: {} }, readingOf());
  const counts = ["nodes", "nodes_up", "witnesses", "witnesses_up"]
    .map((name) => valueOf(text, `floatip_${name}`));
  assert.deepEqual(counts, [1, 1, 2, 1]);
  assert.equal(valueOf(text, 'floatip_node_up{node="nas"}'), 1);
  assert.equal(valueOf(text, 'floatip_node_up{node="pc"}'), 0);
});

Deno.test("standing down, for all or for one, shows", () => {
  const maintenance = { since: ago(5000), until: null, reason: "new disk" };
  const aside = { until: null };
  const text = printMetrics(documentOf([backup({ aside })], { maintenance }), readingOf());
  assert.equal(valueOf(text, "floatip_maintenance"), 1);
  assert.match(text, /^floatip_handed_over\{[^}]*\} 1$/m);
});

Deno.test("a refused reload, attention and a conflict show", () => {
  const conflict = { address: "192.168.1.12", since: ago(1000), words: "two masters" };
  const last_reload = { at: ago(5000), applied: false, problems: 2 };
  const status = documentOf([master({ conflict })], { attention: ["a", "b"], last_reload });
  const text = printMetrics(status, readingOf());
  const labels = '{vrrp_instance="web",vrid="51",family="ipv4"}';
  assert.equal(valueOf(text, `floatip_conflict${labels}`), 1);
  assert.equal(valueOf(text, "floatip_attention"), 2);
  assert.equal(valueOf(text, "floatip_config_last_reload_successful"), 0);
  const older = printMetrics(documentOf([master({ conflicts: ["somebody"] })]), readingOf());
  assert.equal(valueOf(older, `floatip_conflict${labels}`), 1);
});

Deno.test("no master, no result yet, no lease: no sample, rather than a wrong one", () => {
  const checks = [{ ...NGINX, up: null, latency_ms: null }];
  const text = printMetrics(documentOf([backup({ master: null, checks })]), readingOf());
  assert.doesNotMatch(text, /floatip_(master_info|check_up|lease_remaining)/);
  assert.match(text, /floatip_master_known\{[^}]*\} 0\n/);
});
