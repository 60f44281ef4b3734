/** Prometheus' own parser and linter read what is printed. */
import assert from "node:assert/strict";
import { printMetrics } from "../../support/control/print_metrics.ts";
import { run } from "../../support/lab/command.ts";
import { lacking, nameWith } from "../../support/lab/prerequisites.ts";
import { documentOf, master } from "../../support/cli/documents.ts";
import { readingOf } from "../../support/control/readings.ts";

const reason = lacking("promtool");

const HOSTILE = ['a"b', "a\\", "a\nfloatip_info 1", "a}", "\u2028 \u0000", "größe", "\ud800"];

const EXPOSITIONS: Readonly<Record<string, () => Promise<string> | string>> = {
  "the golden one": () => Deno.readTextFile(new URL("../../golden/metrics.txt", import.meta.url)),
  "a daemon that has nothing": () =>
    printMetrics(documentOf([]), readingOf({ routers: [], checks: [] })),
  "names that try to break out": () =>
    printMetrics(
      documentOf(HOSTILE.map((name) => master({ name, interface: name, group: name }))),
      readingOf({ checks: [] }),
    ),
};

for (const [name, print] of Object.entries(EXPOSITIONS)) {
  Deno.test({
    ...nameWith(`promtool reads and likes the exposition: ${name}`, reason),
    async fn() {
      const outcome = await run(["promtool", "check", "metrics"], { input: await print() });
      assert.deepEqual(outcome, { code: 0, stdout: "", stderr: "" });
    },
  });
}
