/** The counts of what happened. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Histogram } from "../../../../src/daemon/journal/histogram.ts";
import { Metrics } from "../../../../src/daemon/journal/metrics.ts";
import type { TransitionRecord } from "../../../../src/daemon/journal/record.ts";
import { createVirtualRouter, type VirtualRouter } from "../../../../src/daemon/virtual_router.ts";
import { type Instant, milliseconds, seconds, type WallTime } from "../../../../src/time.ts";
import { at } from "../../../support/vrrp/scene.ts";
import { aPlan } from "../../../support/daemon/plans.ts";

const RECORD: TransitionRecord = {
  time: "2026-11-21T12:00:00.000Z",
  node: "pi-a",
  instance: "web",
  family: "ipv4",
  vrid: 51,
  interface: "eth0",
  addresses: ["10.77.0.100/24"],
  from: "backup",
  to: "master",
  priority: 100,
  reason: "master-silent",
  cause: "no advert from 10.77.0.2 for 3.61 s",
  planned: false,
  silence_ms: 3610,
};

function lab() {
  const meter = new Metrics(0 as Instant);
  const router = createVirtualRouter(aPlan(), 0 as WallTime, 0 as Instant);
  const read = (routers: readonly VirtualRouter[] = [router], checks: readonly string[] = []) =>
    meter.read({ routers, checks, now: at(90_000) });
  return { meter, router, read };
}

/** How many durations were counted, by the upper bound of their bucket in seconds. */
function filled({ bounds, counts }: { bounds: readonly number[]; counts: readonly number[] }) {
  const entries = counts.map((count, index) => [String(bounds[index] ?? "beyond"), count] as const);
  return Object.fromEntries(entries.filter(([, count]) => count > 0));
}

Deno.test("histogram: a bound belongs to its bucket, more to the last, the sum in seconds", () => {
  const histogram = new Histogram([0.1, 1]);
  for (const ms of [-5, 0, 100, 100.001, 1000, 1001]) histogram.add(milliseconds(ms));
  const { counts, sum } = histogram.read();
  deepStrictEqual(counts, [3, 2, 1]);
  strictEqual(sum.toFixed(6), "2.201001");
});

Deno.test("meter: a deadline's lateness, and the time since the start", () => {
  const { meter, read } = lab();
  meter.awoke(at(1000), at(1000.04));
  meter.awoke(at(2000), at(2040));
  deepStrictEqual(filled(read().timerLateness), { "0.0001": 1, "0.05": 1 });
  strictEqual(read().uptimeMs, 90_000);
});

Deno.test("meter: gaps between adverts of the master, as the engine tells them", () => {
  const { meter, router, read } = lab();
  meter.heard(router, milliseconds(1000.3));
  meter.heard(router, milliseconds(2100));
  deepStrictEqual(filled(read([router]).routers[0]?.receivedGap ?? EMPTY), { "1.2": 1, "2.2": 1 });
});

const EMPTY = { bounds: [], counts: [] };

Deno.test("meter: gaps between own adverts while master; a farewell or new term has none", () => {
  const { meter, router, read } = lab();
  for (const ms of [0, 1000, 2000]) meter.sent(router, 100, at(ms));
  meter.sent(router, 0, at(2001));
  meter.observe({ ...RECORD, from: "master", to: "backup" });
  meter.sent(router, 100, at(50_000));
  meter.observe(RECORD);
  meter.sent(router, 100, at(51_000));
  deepStrictEqual(filled(read().routers[0]?.sentGap ?? EMPTY), { "1.2": 3 });
});

Deno.test("meter: transitions are counted by states and reason, by family", () => {
  const { meter, read } = lab();
  meter.observe(RECORD);
  meter.observe(RECORD);
  meter.observe({ ...RECORD, reason: "master-left" });
  meter.observe({ ...RECORD, family: "ipv6" });
  deepStrictEqual(read().routers[0]?.transitions, [
    { from: "backup", to: "master", reason: "master-silent", count: 2 },
    { from: "backup", to: "master", reason: "master-left", count: 1 },
  ]);
});

Deno.test("meter: attempts of checks: never tried reads as zero, a removed one not at all", () => {
  const { meter, read } = lab();
  meter.probed("nginx", { ok: true, text: "200 in 3 ms", latency: milliseconds(3) });
  meter.probed("nginx", { ok: false, text: "no answer within 1 s", latency: seconds(1) });
  meter.probed("gone", { ok: true, text: "", latency: seconds(0) });
  const [nginx, dns, ...rest] = read([], ["nginx", "dns"]).checks;
  deepStrictEqual([nginx?.succeeded, nginx?.failed], [1, 1]);
  deepStrictEqual(filled(nginx?.latency ?? EMPTY), { "0.005": 1, "1": 1 });
  deepStrictEqual([dns?.succeeded, dns?.failed, filled(dns?.latency ?? EMPTY)], [0, 0, {}]);
  deepStrictEqual(rest, []);
});
