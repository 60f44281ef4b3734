/**
 * Tests of records: a compromised daemon can send programs nothing that does not match the file.
 */
import assert from "node:assert/strict";
import { decode } from "../../../src/config/decode.ts";
import type { Config } from "../../../src/config/config.ts";
import { lineOf, linesOf, parseResponse } from "../../../src/runner/message.ts";
import { type Fields, validRecord } from "../../../src/runner/record.ts";
import { serve } from "../../../src/runner/serve.ts";
import { record } from "../../support/notify/records.ts";

function configured(tables: string): Config {
  const decoded = decode(tables);
  assert.ok(decoded.kind === "config", JSON.stringify(decoded));
  return decoded.config;
}

const WEB = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24", "192.168.1.51/24"]\n';
const CONFIG = configured(WEB);
const OTHER = configured(
  WEB.replace("web", "dns").replace("51\n", "52\n").replaceAll(".1.5", ".1.6"),
);
const GOOD = { ...record() } as Fields;

Deno.test("record: a valid one passes unchanged, also with required fields only, reloaded", () => {
  assert.deepEqual(validRecord(GOOD, [CONFIG]), record());
  const least = { instance: "web", from: "backup", to: "master", priority: 100 };
  assert.deepEqual(validRecord(least, [CONFIG]), least);
  assert.deepEqual(validRecord(GOOD, [OTHER, CONFIG]), record());
  assert.equal(validRecord(GOOD, [OTHER]), undefined);
  assert.equal(validRecord(GOOD, []), undefined);
  const quiet = { ...GOOD, interface: null, silence_ms: null, addresses: [] };
  assert.deepEqual(validRecord(quiet, [CONFIG]), quiet);
});

const WRONG: Fields = {
  time: "yesterday; rm -rf /",
  node: "pi a\n",
  instance: "nobody",
  family: "IPv4",
  vrid: 52,
  interface: "eth0/../x",
  addresses: ["192.168.1.50/24", "10.0.0.1/8"],
  from: "MASTER",
  to: "down",
  priority: 256,
  reason: "$(id)",
  cause: { deep: true },
  planned: "yes",
  silence_ms: "1",
  LD_PRELOAD: "/tmp/x.so",
  path: "/tmp",
};

for (const [name, value] of Object.entries(WRONG)) {
  Deno.test(`a record with ${name} = ${JSON.stringify(value)} is refused`, () => {
    assert.equal(validRecord({ ...GOOD, [name]: value }, [CONFIG]), undefined);
  });
}

Deno.test("more of a record that no file bears out", () => {
  const odd: readonly Fields[] = [
    { ...GOOD, instance: "__proto__" },
    { ...GOOD, instance: ["web"] },
    { ...GOOD, addresses: Array.from({ length: 5000 }, () => "192.168.1.50/24") },
    { ...GOOD, addresses: "192.168.1.50/24" },
    { ...GOOD, priority: 1e999 },
    { ...GOOD, priority: -1 },
    { ...GOOD, node: "x".repeat(300) },
    { ...GOOD, silence_ms: Number.MAX_VALUE },
    {},
    { instance: "web", from: "backup", to: "master" },
  ];
  for (const fields of odd) assert.equal(validRecord(fields, [CONFIG]), undefined);
});

Deno.test("a cause is cleaned and cut, since what a check said may be in it", () => {
  const cause = `check x: \x1b]0;title\x07\nexit 1 ${"a".repeat(10_000)}`;
  const said = validRecord({ ...GOOD, cause }, [CONFIG])?.cause ?? "";
  assert.match(said, /^check x: \?\]0;title\?\?exit 1 a+$/);
  assert.equal(said.length, 2000);
});

/**
 * Says `requests` to a runner with `config`, and answers what it answers until `count` have come.
 */
async function answersTo(
  config: Config,
  requests: readonly unknown[],
  count: number,
): Promise<readonly ReturnType<typeof parseResponse>[]> {
  const up = new TransformStream<Uint8Array, Uint8Array>();
  const down = new TransformStream<Uint8Array, Uint8Array>();
  const serving = serve({
    requests: up.readable,
    responses: down.writable,
    load: () => Promise.resolve(config),
  });
  const writer = up.writable.getWriter();
  const said = (async () => {
    for (const request of requests) {
      await writer.write(new TextEncoder().encode(`${JSON.stringify(request)}\n`));
    }
  })();
  const answers = [];
  for await (const line of linesOf(down.readable)) {
    const response = parseResponse(line);
    if (response?.kind !== "ready") answers.push(response);
    if (answers.length === count) break;
  }
  await said;
  await writer.close();
  await serving;
  return answers;
}

Deno.test("runner: a flood for one check makes two attempts at a time, all answered", async () => {
  const folder = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const script = `echo x >> ${folder}/runs; sleep 1`;
    const config = configured(
      `${WEB}checks = ["slow"]\n[check.slow]\ncommand = ["/bin/sh", "-c", ${
        JSON.stringify(script)
      }]\ntimeout = "2s"\ninterval = "2s"\n`,
    );
    const requests = Array.from({ length: 200 }, (_, id) => ({ id, kind: "probe", check: "slow" }));
    const answers = await answersTo(config, requests, 200);
    const words = answers.map((answer) => answer?.kind === "probe" ? answer.result.text : "");
    assert.equal(words.filter((one) => one === "the previous one has not ended").length, 198);
    assert.equal((await Deno.readTextFile(`${folder}/runs`)).length, 4);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a request that does not match the file is answered, and runs nothing", async () => {
  const folder = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const config = configured(
      `${WEB}[notify]\ncommand = ["/usr/bin/touch", "${folder}/ran"]\n`,
    );
    const notify = { kind: "notify", instance: null, sink: "command" };
    const requests = [
      { ...notify, id: 1, record: { ...GOOD, instance: "other" } },
      { ...notify, id: 2, record: { ...GOOD, evil: "x" } },
      { ...notify, id: 3, sink: "states", record: GOOD },
      { ...notify, id: 4, instance: "web", record: GOOD },
    ];
    const answers = await answersTo(config, requests, 4);
    assert.ok(answers.every((answer) => answer?.kind === "notify" && !answer.result.ok));
    await assert.rejects(Deno.stat(`${folder}/ran`));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a line that comes byte by byte is looked through once", async () => {
  const text = JSON.stringify({ id: 1, kind: "probe", check: "x".repeat(200_000) });
  const bytes = new TextEncoder().encode(`${text}\nrest`);
  const pieces = Array.from({ length: bytes.length }, (_, i) => bytes.subarray(i, i + 1));
  const started = performance.now();
  const lines = await Array.fromAsync(linesOf(ReadableStream.from(pieces)));
  assert.deepEqual(lines, [text]);
  // The square of it took minutes.
  assert.ok(performance.now() - started < 30_000);
});

Deno.test("an answer whose inside is none is not taken", () => {
  const odd: readonly unknown[] = [
    { id: 1, kind: "probe" },
    { id: 1, kind: "probe", result: { ok: true, text: "x" } },
    { id: 1, kind: "probe", result: { ok: "yes", text: "x", latency: 1 } },
    { id: 1, kind: "notify", result: { ok: true, text: 7 } },
    { id: 1, kind: "other", result: { ok: true, text: "x", latency: 1 } },
    { kind: "probe", result: { ok: true, text: "x", latency: 1 } },
  ];
  for (const one of odd) assert.equal(parseResponse(JSON.stringify(one)), undefined);
  const good = { id: 1, kind: "notify", result: { ok: true, text: "x", retry: false } } as const;
  assert.deepEqual(parseResponse(new TextDecoder().decode(lineOf(good)).trimEnd()), good);
});
