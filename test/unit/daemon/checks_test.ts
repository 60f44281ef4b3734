/** Do checks start in time, never twice at once, and does only a changed verdict count as news? */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import type { CheckSettings, ProbeResult } from "../../../src/health/check.ts";
import { type Instant, milliseconds, seconds } from "../../../src/time.ts";

const at = (ms: number) => milliseconds(ms) as number as Instant;
const NGINX: CheckSettings = {
  name: "nginx",
  probe: { kind: "process", name: "nginx" },
  interval: seconds(2),
  timeout: seconds(1),
  fall: 2,
  rise: 2,
  weight: undefined,
};
const OK: ProbeResult = { ok: true, words: "running", latency: milliseconds(1) };
const BAD: ProbeResult = { ok: false, words: "not running", latency: milliseconds(1) };

function started(): Checks {
  const checks = new Checks();
  checks.settle([NGINX], "pi-a", at(0));
  strictEqual(checks.start(at(200)).length, 1);
  return checks;
}

Deno.test("checks: the first attempt starts within 200 ms, elsewhere at another time", () => {
  const first = new Checks();
  first.settle([NGINX], "pi-a", at(0));
  const second = new Checks();
  second.settle([NGINX], "pi-b", at(0));
  const [a, b] = [first.nextDeadline() ?? NaN, second.nextDeadline() ?? NaN];
  strictEqual(a <= at(200) && b <= at(200) && a !== b, true);
});

Deno.test("checks: one that is under way has no deadline and is not started again", () => {
  const checks = started();
  strictEqual(checks.nextDeadline(), undefined);
  deepStrictEqual(checks.start(at(60_000)), []);
  checks.take("nginx", OK, at(60_000));
  strictEqual(checks.nextDeadline(), at(60_000));
});

Deno.test("checks: the first result is news, then only a turn of the verdict", () => {
  const checks = started();
  const news = [OK, OK, BAD, BAD, BAD, OK, OK].map((result, i) => {
    checks.start(at(10_000 * i));
    return checks.take("nginx", result, at(10_000 * i));
  });
  deepStrictEqual(news, [true, false, false, true, false, false, true]);
});

Deno.test("checks: a changed value is news", () => {
  const checks = started();
  strictEqual(checks.take("nginx", { ...OK, value: 3 }, at(300)), true);
  strictEqual(checks.take("nginx", { ...OK, value: 3 }, at(2300)), false);
  strictEqual(checks.take("nginx", { ...OK, value: 4 }, at(4300)), true);
});

Deno.test("checks: what the old probe finds after a reload says nothing about the new one", () => {
  const checks = started();
  checks.settle([{ ...NGINX, probe: { kind: "process", name: "caddy" } }], "pi-a", at(250));
  strictEqual(checks.nextDeadline(), undefined, "one attempt at a time");
  strictEqual(checks.take("nginx", BAD, at(300)), false);
  strictEqual(checks.judgement("nginx").up, undefined);
  strictEqual(checks.start(at(300)).length, 1);
  strictEqual(checks.take("nginx", OK, at(310)), true);
});

Deno.test("checks: a reload keeps verdicts unless something else is probed", () => {
  const checks = started();
  checks.take("nginx", OK, at(300));
  checks.settle([{ ...NGINX, interval: seconds(5) }], "pi-a", at(400));
  strictEqual(checks.judgement("nginx").up, true);
  checks.settle([{ ...NGINX, probe: { kind: "process", name: "caddy" } }], "pi-a", at(500));
  strictEqual(checks.judgement("nginx").up, undefined);
  checks.settle([], "pi-a", at(600));
  strictEqual(checks.take("nginx", BAD, at(700)), false);
});

Deno.test("checks: what ends is looked at once more at once, and the rhythm goes on from there", () => {
  const checks = started();
  checks.take("nginx", OK, at(200));
  checks.hurry("nginx", at(700));
  strictEqual(checks.nextDeadline(), at(700));
  strictEqual(checks.start(at(700)).length, 1);
  checks.take("nginx", BAD, at(710));
  strictEqual(checks.nextDeadline(), at(2700));
});

Deno.test("checks: an end while an attempt is under way is looked at when that is over, once", () => {
  const checks = started();
  checks.hurry("nginx", at(300));
  strictEqual(checks.nextDeadline(), undefined);
  checks.take("nginx", OK, at(400));
  strictEqual(checks.nextDeadline(), at(400));
  checks.start(at(400));
  checks.take("nginx", BAD, at(410));
  strictEqual(checks.nextDeadline(), at(2400));
  checks.hurry("gone", at(500));
});
