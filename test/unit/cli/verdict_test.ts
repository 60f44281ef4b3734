import assert from "node:assert/strict";
import type { StatusDocument } from "../../../src/control/api.ts";
import { healthOf, rivals, verdict } from "../../../src/cli/verdict.ts";
import { ago, backup, documentOf, master, NOW, SILENT, SPEAKING } from "./documents.ts";

const fault = { state: "fault", master: null, faults: ["eth0 has no carrier"] } as const;
const nobodyHeard = { master: null, last_advert_age_ms: null, peers: [SILENT] } as const;

/** What is told, what it is worth, and the document that says it. */
const TABLE: readonly (readonly [string, 0 | 1 | 2, StatusDocument])[] = [
  ["this node is master", 0, documentOf([master()])],
  ["a peer is master", 0, documentOf([backup()])],
  ["no instance at all", 0, documentOf([])],
  ["something needs attention", 1, documentOf([master()], { attention: ["web: look here"] })],
  ["in fault", 1, documentOf([master(fault)])],
  ["in fault, the other instance well", 1, documentOf([master(), backup(fault)])],
  ["not started yet", 1, documentOf([master({ state: "init", master: null })])],
  ["listening", 1, documentOf([backup({ ...nobodyHeard, since: ago(3000) })])],
  ["nobody for too long", 2, documentOf([backup({ ...nobodyHeard, since: ago(4000) })])],
  ["nobody, beside a fault", 2, documentOf([backup(nobodyHeard), master(fault)])],
  ["two masters", 2, documentOf([master({ peers: [SPEAKING] })])],
  [
    "two masters, and attention",
    2,
    documentOf([master({ peers: [SPEAKING] })], {
      attention: ["web: 192.168.1.12 claims to be master too"],
    }),
  ],
];

for (const [what, code, document] of TABLE) {
  Deno.test(`status is ${code}: ${what}`, () => assert.equal(verdict(document, NOW), code));
}

Deno.test("the advert of the one before us makes no second master", () => {
  const taken = master({ since: ago(1000), peers: [{ ...SPEAKING, last_heard_ms: 1200 }] });
  assert.deepEqual(rivals(taken, NOW), []);
  assert.equal(healthOf(taken, NOW), "held");
});

Deno.test("whoever fell silent or left is no second master", () => {
  const peers = [
    { ...SPEAKING, last_heard_ms: 3219 },
    { ...SPEAKING, address: "192.168.1.13", priority: 0 },
  ];
  assert.deepEqual(rivals(master({ peers }), NOW), []);
});
