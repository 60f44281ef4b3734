import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { createSocket } from "node:dgram";
import type { Probe } from "../../../src/config/tables/check.ts";
import { attempt, descriptors, eventually } from "../../support/health/checks.ts";

type Type = Extract<Probe, { kind: "dns" }>["type"];

const typeNumbers: Readonly<Record<number, Type>> = {
  1: "A",
  5: "CNAME",
  15: "MX",
  16: "TXT",
  28: "AAAA",
};

/**
 * The data of each record, by "NAME TYPE"; a number stands for a response code without an answer
 * (RFC 1035 4.1.1).
 */
const zone: Readonly<Record<string, readonly (readonly number[])[] | number | "silence">> = {
  "pi.hole A": [[192, 168, 1, 2]],
  "two.test A": [[10, 0, 0, 1], [10, 0, 0, 2]],
  "six.test AAAA": [[0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]],
  "alias.test CNAME": [[...label("Pi"), ...label("hole"), 0]],
  "mail.test MX": [[0, 10, ...label("mx"), ...label("test"), 0]],
  "text.test TXT": [[...label("v=ok "), ...label("and more")]],
  "refused.test A": 5,
  "broken.test A": 2,
  "silent.test A": "silence",
};

function label(text: string): readonly number[] {
  return [text.length, ...new TextEncoder().encode(text)];
}

/** "NAME TYPE" of a query, and where its question ends. */
function questionOf(query: Uint8Array): { readonly asked: string; readonly end: number } {
  const labels: string[] = [];
  let at = 12;
  for (let length = query[at] ?? 0; length > 0; length = query[at] ?? 0) {
    labels.push(new TextDecoder().decode(query.subarray(at + 1, at + 1 + length)));
    at += 1 + length;
  }
  const type = typeNumbers[((query[at + 1] ?? 0) << 8) | (query[at + 2] ?? 0)] ?? "?";
  return { asked: `${labels.join(".")} ${type}`, end: at + 5 };
}

function answerTo(query: Uint8Array): Uint8Array | undefined {
  const { asked, end } = questionOf(query);
  const known = zone[asked] ?? 3;
  if (known === "silence") return undefined;
  const records = typeof known === "number" ? [] : known;
  const code = typeof known === "number" ? known : 0;
  const [first = 0, second = 0] = query;
  const header = [first, second, 0x81, 0x80 | code, 0, 1, 0, records.length, 0, 0, 0, 0];
  const type = query.subarray(end - 4, end);
  const answers = records.flatMap((data) => [
    ...[0xc0, 12], // the name: as in the question
    ...type,
    ...[0, 0, 0, 60], // time to live
    ...[data.length >> 8, data.length & 0xff],
    ...data,
  ]);
  return Uint8Array.from([...header, ...query.subarray(12, end), ...answers]);
}

async function asking(run: (port: number) => Promise<void>): Promise<void> {
  const socket = createSocket("udp4");
  const bound = Promise.withResolvers<void>();
  socket.bind(0, "127.0.0.1", bound.resolve);
  await bound.promise;
  socket.on("message", (query, from) => {
    const answer = answerTo(query);
    if (answer !== undefined) socket.send(Buffer.from(answer), from.port, from.address);
  });
  try {
    await run(socket.address().port);
  } finally {
    const closed = Promise.withResolvers<void>();
    socket.close(closed.resolve);
    await closed.promise;
  }
}

function ask(port: number, query: string, type: Type = "A", expect?: string, timeoutMs?: number) {
  return attempt(
    { kind: "dns", server: { host: "127.0.0.1", port }, query, type, expect },
    timeoutMs,
  );
}

const found: readonly (readonly [query: string, type: Type, text: string])[] = [
  ["pi.hole", "A", "192.168.1.2"],
  ["pi.hole.", "A", "192.168.1.2"],
  ["two.test", "A", "10.0.0.1 10.0.0.2"],
  ["six.test", "AAAA", "fd00::1"],
  ["alias.test", "CNAME", "Pi.hole."],
  ["mail.test", "MX", "10 mx.test."],
  ["text.test", "TXT", "v=ok and more"],
];

Deno.test("an answer is ok, whatever it says", () =>
  asking(async (port) => {
    for (const [query, type, text] of found) {
      const result = await ask(port, query, type);
      assert.equal(result.text.replace(/ in [\d.]+ ms$/, ""), text);
      assert.ok(result.ok);
    }
  }));

Deno.test("an expected answer must be one of them", () =>
  asking(async (port) => {
    assert.ok((await ask(port, "two.test", "A", "10.0.0.2")).ok);
    assert.ok((await ask(port, "alias.test", "CNAME", "pi.hole")).ok);
    assert.ok((await ask(port, "text.test", "TXT", "v=ok and more")).ok);
    const other = await ask(port, "two.test", "A", "10.0.0.3");
    assert.deepEqual([other.ok, other.text], [
      false,
      "another answer than expected: 10.0.0.1 10.0.0.2",
    ]);
  }));

Deno.test("an unknown name, a refusal and a failure are no record", () =>
  asking(async (port) => {
    for (const query of ["unknown.test", "refused.test", "broken.test"]) {
      const result = await ask(port, query);
      assert.deepEqual([result.ok, result.text], [false, "no A record"]);
    }
  }));

Deno.test("a server that is silent, or not there, is late", () =>
  asking(async (port) => {
    const silent = await ask(port, "silent.test", "A", undefined, 150);
    assert.deepEqual([silent.ok, silent.text], [false, "no answer within 150 ms"]);
    assert.equal((await ask(2, "pi.hole", "A", undefined, 150)).text, "no answer within 150 ms");
  }));

Deno.test("rounds with and without answers leak no descriptor", () =>
  asking(async (port) => {
    await ask(port, "pi.hole");
    await ask(port, "silent.test", "A", undefined, 20);
    const before = descriptors();
    const start = performance.now();
    for (let round = 0; round < 1000; round++) assert.ok((await ask(port, "pi.hole")).ok);
    console.log(`      ${((performance.now() - start) / 1000).toFixed(2)} ms each`);
    for (let round = 0; round < 50; round++) await ask(port, "silent.test", "A", undefined, 20);
    await eventually("no more is open than before", () => descriptors() <= before);
  }));
