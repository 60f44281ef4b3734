/** The dashboard is well formed and asks for metrics that exist. */
import assert from "node:assert/strict";
import { demand } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";
import { expressionsOf, type Panel, readDashboard } from "../../support/metrics/dashboard.ts";
import { labelNames, labelsIn, namesIn, seriesNames } from "../../support/metrics/names.ts";

const exposition = await Deno.readTextFile(new URL("../../golden/metrics.txt", import.meta.url));
const dashboard = await readDashboard();
const reason = lacking("promtool");

Deno.test("every expression of the dashboard asks for metrics and labels that are printed", () => {
  const [series, labels] = [seriesNames(exposition), labelNames(exposition)];
  const expressions = expressionsOf(dashboard);
  assert.ok(expressions.length > 20);
  for (const { where, expression } of expressions) {
    for (const name of namesIn(expression)) assert.ok(series.has(name), `${where}: ${name}`);
    for (const label of labelsIn(expression)) assert.ok(labels.has(label), `${where}: ${label}`);
  }
  for (const { definition = "" } of dashboard.templating.list) {
    for (const name of namesIn(definition)) assert.ok(series.has(name), `a variable: ${name}`);
  }
});

Deno.test({
  ...nameWith("every expression of the dashboard is PromQL", reason),
  async fn() {
    const rules = expressionsOf(dashboard).map(({ expression }, index) => ({
      record: `panel:number_${index}`,
      expr: expression,
    }));
    const file = await Deno.makeTempFile({ suffix: ".yml" });
    try {
      // YAML reads JSON.
      await Deno.writeTextFile(file, JSON.stringify({ groups: [{ name: "dashboard", rules }] }));
      const said = await demand(["promtool", "check", "rules", file]);
      assert.match(said, new RegExp(`SUCCESS: ${rules.length} rules found`));
    } finally {
      await Deno.remove(file);
    }
  },
});

Deno.test("every variable is used, every panel has a place and a number of its own", () => {
  const known = new Set(dashboard.templating.list.map(({ name }) => name));
  const used = JSON.stringify(dashboard).matchAll(/\$\{?([a-zA-Z]\w*)/g);
  for (const [, name = ""] of used) assert.ok(known.has(name), name);
  const { panels } = dashboard;
  assert.equal(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const [index, panel] of panels.entries()) {
    assert.ok(panel.gridPos.x + panel.gridPos.w <= 24, panel.title);
    for (const other of panels.slice(index + 1)) {
      assert.ok(!overlap(panel, other), `${panel.title} lies on ${other.title}`);
    }
  }
});

function overlap({ gridPos: a }: Panel, { gridPos: b }: Panel): boolean {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}
