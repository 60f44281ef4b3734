/** The README's picture of `floatip status`: it is what the program prints. */
import assert from "node:assert/strict";
import { plain } from "../../../../src/cli/terminal.ts";
import { statusLines } from "../../../../src/cli/status/text.ts";
import { ago, documentOf, master, NOW, SILENT, UP } from "../../../support/cli/documents.ts";

const AWAY_MS = 41_000;

/** pi-b has taken over from pi-a, which lost its power. */
const TAKEN_OVER = documentOf([
  master({
    base_priority: 190,
    priority: 190,
    master: { node: "pi-b", address: "192.168.1.12", priority: 190 },
    source: "192.168.1.12",
    since: ago(38_000),
    cause: "no advert from pi-a (192.168.1.11) for 3.26 s",
    master_down_ms: 3258,
    peers: [{
      ...SILENT,
      node: "pi-a",
      address: "192.168.1.11",
      priority: 200,
      last_heard_ms: AWAY_MS,
    }],
    checks: [{ name: "nginx", up: true, last: "200 in 3 ms", latency_ms: 3, weight: null }],
  }),
], {
  node: "pi-b",
  started: ago(127_000),
  nodes: [
    {
      name: "pi-a",
      addresses: ["192.168.1.11"],
      self: false,
      ...UP,
      state: "lost",
      words: "lost 41 s ago (was master, said no goodbye)",
      heard_ms: AWAY_MS,
    },
    { name: "pi-b", addresses: ["192.168.1.12"], self: true, ...UP },
  ],
  attention: ["pi-a is lost: it was master and said no goodbye, and it does not answer"],
});

Deno.test("README: its picture of status is what status prints", async () => {
  const readme = await Deno.readTextFile(new URL("../../../../README.md", import.meta.url));
  const [, shown] = /```text\n\$ floatip status\n([\s\S]*?)\n```/.exec(readme) ?? [];
  assert.equal(shown, statusLines(TAKEN_OVER, NOW, plain).join("\n"));
});
