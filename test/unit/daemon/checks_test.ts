/** Checks start in time, never twice at once, and only a changed result is news. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { Checks } from "../../../src/daemon/checks.ts";
import type { ProbeResult } from "../../../src/health/check.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
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
/** The same check with another probe. */
const CADDY: CheckSettings = { ...NGINX, probe: { kind: "process", name: "caddy" } };
const OK: ProbeResult = { ok: true, text: "running", latency: milliseconds(1) };
const BAD: ProbeResult = { ok: false, text: "not running", latency: milliseconds(1) };

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
  checks.settle([CADDY], "pi-a", at(250));
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
  strictEqual(checks.isPending("nginx"), false);
  checks.settle([CADDY], "pi-a", at(500));
  strictEqual(checks.judgement("nginx").up, true, "as long as the new probe has no result");
  strictEqual(checks.judgement("nginx").last, undefined);
  strictEqual(checks.isPending("nginx"), true);
  checks.settle([], "pi-a", at(600));
  strictEqual(checks.take("nginx", BAD, at(700)), false);
});

Deno.test("checks: what ends is tried again at once, and the rhythm goes on from there", () => {
  const checks = started();
  checks.take("nginx", OK, at(200));
  checks.hurry("nginx", at(700));
  strictEqual(checks.nextDeadline(), at(700));
  strictEqual(checks.start(at(700)).length, 1);
  checks.take("nginx", BAD, at(710));
  strictEqual(checks.nextDeadline(), at(2700));
});

Deno.test("checks: an end during an attempt is looked at after the attempt, once", () => {
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

/**
 * The verdicts of `checks` after each result of "nginx", written "+" and "-"; "?": pending, beside
 * what is held.
 */
function verdictsOf(checks: Checks, results: string): string {
  return [...results].map((one, i) => {
    checks.take("nginx", one === "+" ? OK : BAD, at(10_000 * (i + 1)));
    const { up } = checks.judgement("nginx");
    return `${checks.isPending("nginx") ? "?" : ""}${up === undefined ? "" : up ? "U" : "d"}`;
  }).join(" ");
}

for (
  const [what, before, results, verdicts] of [
    ["new", "", "+-+", "U U U"],
    ["new", "", "--+", "? d d"],
    ["new", "", "-+-", "? U U"],
    ["changed while up", "+", "---", "?U d d"],
    ["changed while up", "+", "-+-", "?U U U"],
    ["changed while down", "-", "+", "U"],
    ["changed while down", "-", "-++", "d d U"],
  ] as const
) {
  Deno.test(`checks: one that is ${what} at a reload, then ${results}: ${verdicts}`, () => {
    const checks = new Checks();
    checks.settle(before === "" ? [] : [NGINX], "pi-a", at(0));
    if (before !== "") {
      checks.start(at(200));
      checks.take("nginx", before === "+" ? OK : BAD, at(200));
    }
    checks.settle([CADDY], "pi-a", at(300));
    strictEqual(checks.start(at(500)).length, 1);
    strictEqual(verdictsOf(checks, results), verdicts);
  });
}

Deno.test("checks: another name for the same probe keeps verdict and rhythm", () => {
  const checks = started();
  checks.take("nginx", BAD, at(300));
  checks.settle([{ ...NGINX, name: "web", fall: 5 }], "pi-a", at(400));
  strictEqual(checks.judgement("web").up, false);
  strictEqual(checks.isPending("web"), false);
  strictEqual(checks.nextDeadline() !== undefined && checks.nextDeadline() !== at(400), true);
  strictEqual(checks.isPending("nginx"), true, "the old name is nobody's");
});

Deno.test("checks: swapped names swap their verdicts, and old attempts say nothing", () => {
  const checks = new Checks();
  checks.settle([NGINX, { ...CADDY, name: "caddy" }], "pi-a", at(0));
  checks.start(at(200));
  checks.take("nginx", OK, at(300));
  checks.take("caddy", BAD, at(300));
  checks.start(at(3000));
  checks.settle([CADDY, { ...NGINX, name: "caddy" }], "pi-a", at(3100));
  const ups = () => ["nginx", "caddy"].map((name) => checks.judgement(name).up);
  deepStrictEqual(ups(), [false, true]);
  checks.take("nginx", OK, at(3200));
  checks.take("caddy", BAD, at(3200));
  deepStrictEqual(ups(), [false, true]);
  strictEqual(checks.judgement("nginx").streak, 0);
});

Deno.test("checks: a shorter interval counts at once", () => {
  const checks = new Checks();
  checks.settle([{ ...NGINX, interval: seconds(60) }], "pi-a", at(0));
  checks.start(at(200));
  checks.take("nginx", OK, at(300));
  checks.settle([NGINX], "pi-a", at(1000));
  strictEqual(checks.nextDeadline(), at(3000));
});

Deno.test("checks: beside a process that went on, an unknown one has its trial too", () => {
  const checks = new Checks(new Map());
  checks.settle([NGINX], "pi-a", at(0));
  checks.start(at(200));
  strictEqual(verdictsOf(checks, "--"), "? d");
});

Deno.test("checks: the end of a trial is news, also where the verdict stays", () => {
  const checks = started();
  checks.take("nginx", OK, at(300));
  checks.settle([CADDY], "pi-a", at(400));
  checks.start(at(600));
  strictEqual(checks.take("nginx", OK, at(700)), true);
});
