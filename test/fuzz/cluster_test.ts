/** Messages of other nodes, whatever is in them: read or refused, never more than fits. */
import fc from "fast-check";
import { ok } from "node:assert/strict";
import { MAX_MESSAGE } from "../../src/cluster/datagram.ts";
import { decodeMessage, encodePart } from "../../src/cluster/message.ts";
import { learn } from "../../src/cluster/knowledge.ts";
import type { Instant } from "../../src/time.ts";
import { nodeReport, routerReport } from "../support/cluster/reports.ts";

/** fast-check prints the seed of a failure. */
const RUNS = { numRuns: Number(Deno.env.get("FUZZ_RUNS") ?? 1000) };

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

Deno.test("fuzz: any bytes are a message or none", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: MAX_MESSAGE + 10, size: "medium" }), (bytes) => {
      decodeMessage(bytes);
    }),
    RUNS,
  );
});

/** A report in which one field, somewhere, is anything. */
const damaged = fc.tuple(fc.nat(), fc.jsonValue({ maxDepth: 3 })).map(([place, value]) => {
  const report = {
    kind: "report",
    number: 7,
    index: 0,
    last: true,
    node: nodeReport(),
    routers: [routerReport(), routerReport({ name: "db" })],
  };
  let left = place % 60;
  return JSON.stringify(report, (key, inner) => key !== "" && left-- === 0 ? value : inner);
});

Deno.test("fuzz: a report with a damaged field is read within its bounds", () => {
  fc.assert(
    fc.property(damaged, (text) => {
      const message = decodeMessage(bytesOf(text));
      if (message?.kind !== "report") return;
      const { part } = message;
      ok(part.index < 255 && part.routers.length <= 32);
      for (const { age, priority, cause } of part.routers) {
        ok(Number.isSafeInteger(age) && priority <= 255 && cause.length <= 160);
      }
      learn(undefined, part, 1n, 0 as Instant);
    }),
    RUNS,
  );
});

Deno.test("fuzz: what is told fits, and is read as it was told", () => {
  const word = fc.string({ unit: "grapheme", maxLength: 400 });
  const router = fc.record({
    name: fc.string({ maxLength: 60 }),
    cause: word,
    faults: fc.array(word, { maxLength: 20 }),
    checks: fc.array(
      fc.record({ name: word, up: fc.boolean(), last: word, age: fc.nat() }),
      { maxLength: 40 },
    ),
  }).map((changes) => routerReport(changes));
  fc.assert(
    fc.property(fc.array(router, { maxLength: 20 }), (routers) => {
      const { text, taken } = encodePart(
        { number: 1, index: 0, node: nodeReport() },
        routers,
        true,
      );
      ok(text.length <= MAX_MESSAGE && (taken > 0 || routers.length === 0));
      ok(decodeMessage(text) !== undefined);
    }),
    { numRuns: Math.min(RUNS.numRuns, 200) },
  );
});
