import assert from "node:assert/strict";
import { lineOf, linesOf, parseRequest, type Request } from "../../../src/runner/message.ts";
import { record } from "../../support/notify/records.ts";

async function linesFrom(...chunks: readonly string[]): Promise<readonly string[]> {
  const bytes = chunks.map((chunk) => new TextEncoder().encode(chunk));
  return await Array.fromAsync(linesOf(ReadableStream.from(bytes)));
}

Deno.test("lines come whole, however they are cut; an unfinished one does not", async () => {
  assert.deepEqual(await linesFrom("a", "b\nc\n\nd", "é\nrest"), ["ab", "c", "", "dé"]);
  await assert.rejects(linesFrom("x".repeat(300_000)), /without end/);
});

Deno.test("what the daemon says is understood", () => {
  const requests: readonly Request[] = [
    { id: 1, kind: "probe", check: "nginx" },
    { id: 2, kind: "stop" },
    { kind: "reload" },
    { id: 3, kind: "notify", instance: null, sink: "states", record: record({}) },
    { id: 4, kind: "notify", instance: "web", sink: "command", record: record({}) },
  ];
  for (const request of requests) {
    const line = new TextDecoder().decode(lineOf(request));
    assert.deepEqual(parseRequest(line.trimEnd()), request);
  }
});

Deno.test("whatever else comes down the line is no request", () => {
  const good = { id: 4, kind: "notify", instance: "web", sink: "command", record: record({}) };
  const odd: readonly unknown[] = [
    null,
    [],
    "probe",
    { kind: "probe", check: "nginx" },
    { id: 1.5, kind: "probe", check: "nginx" },
    { id: 1, kind: "probe", check: ["nginx"] },
    { id: 1, kind: "run", argv: ["rm", "-rf", "/"] },
    { ...good, sink: "webhook" },
    { ...good, instance: 7 },
    { ...good, record: undefined },
    { ...good, record: [record({})] },
  ];
  for (const value of odd) assert.equal(parseRequest(JSON.stringify(value)), undefined);
  for (const line of ["", "{", "\0"]) assert.equal(parseRequest(line), undefined);
});
