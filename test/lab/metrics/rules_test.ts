/** The alert rules: each has a case in which it fires, and asks for metrics that exist. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { demand } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";
import { labelNames, labelsIn, namesIn, seriesNames } from "../../support/metrics/names.ts";

const reason = lacking("promtool");
const RULES = pathOf("../../../packaging/prometheus/floatip.rules.yml");
const CASES = pathOf("./floatip.rules.test.yml");

function pathOf(relative: string): string {
  return fileURLToPath(new URL(relative, import.meta.url));
}

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ ...nameWith(name, reason), fn });
}

test("promtool finds nothing wrong with the rules", async () => {
  assert.match(await demand(["promtool", "check", "rules", RULES]), /SUCCESS: \d+ rules found/);
});

test("each alarm rings and is silent as its cases say", async () => {
  assert.match(await demand(["promtool", "test", "rules", CASES]), /SUCCESS/);
});

Deno.test("each alarm has a case in which it rings", async () => {
  const rules = await Deno.readTextFile(RULES);
  const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
  const cases = (await Deno.readTextFile(CASES)).split(/^ {6}- /m);
  const ringing = cases
    .filter((one) => one.includes("exp_labels"))
    .map((one) => /alertname: (\w+)/.exec(one)?.[1]);
  assert.ok(alerts.length >= 7);
  for (const alert of alerts) assert.ok(ringing.includes(alert), `${alert} never rings`);
});

Deno.test("the rules ask for metrics and labels that are printed", async () => {
  const exposition = await Deno.readTextFile(pathOf("../../golden/metrics.txt"));
  const rules = await Deno.readTextFile(RULES);
  const [series, labels] = [seriesNames(exposition), labelNames(exposition)];
  const expressions = [...rules.matchAll(/expr: (?:>-\n\s+)?(.*)/g)].map(([, text = ""]) => text);
  assert.equal(expressions.length, rules.match(/- alert:/g)?.length);
  for (const expression of expressions) {
    for (const name of namesIn(expression)) assert.ok(series.has(name), name);
    for (const label of labelsIn(expression)) assert.ok(labels.has(label), label);
  }
});
