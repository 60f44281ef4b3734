/** Requests come out of an address as they went in, and nothing else does. */
import assert from "node:assert/strict";
import fc from "fast-check";
import {
  handoverQuery,
  handoverRequest,
  maintenanceQuery,
  maintenanceRequest,
} from "../../../src/control/requests.ts";

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined });
const ms = optional(fc.integer({ min: 1, max: 86_400_000 }));

Deno.test("a handover's wishes come out as they went in", () => {
  const wishes = fc.record({
    instance: fc.string(),
    back: fc.boolean(),
    to: optional(fc.string()),
    forMs: ms,
  });
  fc.assert(fc.property(wishes, (wish) => {
    assert.deepEqual(handoverRequest(new URLSearchParams(handoverQuery(wish))), { ...wish });
  }));
});

Deno.test("maintenance's wishes come out as they went in", () => {
  const wishes = fc.record({
    on: fc.boolean(),
    reason: optional(fc.string({ maxLength: 500 })),
    forMs: ms,
    force: fc.boolean(),
  });
  fc.assert(fc.property(wishes, (wish) => {
    assert.deepEqual(maintenanceRequest(new URLSearchParams(maintenanceQuery(wish))), { ...wish });
  }));
});

Deno.test("what cannot be understood is said", () => {
  assert.match(String(handoverRequest(new URLSearchParams(""))), /instance is missing/);
  assert.match(String(maintenanceRequest(new URLSearchParams("on=yes"))), /on must be/);
  for (const wrong of ["0", "-1", "1.5", "1e99", "NaN", ""]) {
    const parameters = new URLSearchParams({ on: "1", for_ms: wrong });
    assert.match(String(maintenanceRequest(parameters)), /for_ms must be/, wrong);
  }
  const reason = "x".repeat(501);
  assert.match(String(maintenanceRequest(new URLSearchParams({ on: "1", reason }))), /at most 500/);
});
