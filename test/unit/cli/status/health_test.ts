import assert from "node:assert/strict";
import type { Health, StatusDocument } from "../../../../src/control/api.ts";
import { verdict } from "../../../../src/cli/status/health.ts";
import { backup, documentOf, master } from "../../../support/cli/documents.ts";

const of = (health: Health) => documentOf([master(), backup({ name: "db", health })]);

/** What is told, what it is worth, and the document that says it. */
const TABLE: readonly (readonly [string, 0 | 1 | 2, StatusDocument])[] = [
  ["one node holds each", 0, of("held")],
  ["no instance at all", 0, documentOf([])],
  ["something needs attention", 1, documentOf([master()], { attention: ["web: look here"] })],
  ["in fault, the other instance well", 1, of("fault")],
  ["listening", 1, of("listening")],
  ["nobody holds one", 2, of("nobody")],
  ["two hold one", 2, of("two")],
  [
    "nobody, beside a fault",
    2,
    documentOf([master({ health: "fault" }), backup({ health: "nobody" })]),
  ],
  ["two, and attention", 2, documentOf([master({ health: "two" })], { attention: ["web: look"] })],
];

for (const [what, code, document] of TABLE) {
  Deno.test(`status is ${code}: ${what}`, () => assert.equal(verdict(document), code));
}
