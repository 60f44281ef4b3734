/** Reference pages: what the tables of the code print is what stands in docs/reference. */
import assert from "node:assert/strict";
import { commandsPage, exitCodesPage } from "../../packaging/reference/commands.ts";
import { configurationPage } from "../../packaging/reference/configuration.ts";
import { eventsPage, metricsPage, statusPage } from "../../packaging/reference/documents.ts";
import { verbatim, wrap } from "../../packaging/reference/markdown.ts";
import { fullExposition } from "../support/control/full_exposition.ts";
import { strataLines } from "../style/strata.ts";
import { goldenFile } from "../support/golden.ts";

const read = (path: string) => Deno.readTextFile(new URL(`../../${path}`, import.meta.url));

const PAGES: Readonly<Record<string, () => string | Promise<string>>> = {
  "configuration": configurationPage,
  "commands": commandsPage,
  "exit-codes": exitCodesPage,
  "status-json": async () => statusPage(await read("src/control/api.ts")),
  "events": async () =>
    eventsPage(await read("src/daemon/journal/record.ts"), await read("src/history/line.ts")),
  "metrics": () => metricsPage(fullExposition()),
};

for (const [name, print] of Object.entries(PAGES)) {
  Deno.test(`reference page ${name}: it is what its tables print`, async () => {
    await goldenFile(`docs/reference/${name}.md`, await print());
  });
}

Deno.test("reference page metrics: every metric that the code names is on it", async () => {
  const page = metricsPage(fullExposition());
  let found = 0;
  for await (const { name } of Deno.readDir(new URL("../../src/control/", import.meta.url))) {
    if (!name.startsWith("metrics")) continue;
    const source = await read(`src/control/${name}`);
    const metrics = [
      ...[...source.matchAll(/\b(?:gauge|counter|mib)\(\s*"(\w+)"/g)].map(([, of]) =>
        `floatip_${of}`
      ),
      ...[...source.matchAll(/name: "(floatip_\w+)"/g)].map(([, of]) => of ?? ""),
    ];
    found += metrics.length;
    for (const metric of metrics) assert.ok(page.includes(`\`${metric}\``), `${metric} of ${name}`);
  }
  assert.ok(found > 30, `${found}`);
});

Deno.test("architecture page: its table of imports is what the lint plugin enforces", async () => {
  const path = "docs/internals/architecture.md";
  const page = await read(path);
  const lines = strataLines().flatMap((line) => wrap(line, "    ").split("\n"));
  const table = `<!-- strata -->\n\n${verbatim(lines)}\n\n<!-- end of strata -->`;
  const printed = page.replace(/<!-- strata -->[\s\S]*<!-- end of strata -->/, () => table);
  assert.ok(page.includes("<!-- strata -->"), "the table has no place");
  await goldenFile(path, printed);
});
