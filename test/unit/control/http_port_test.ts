/** Metrics over TCP: served to valid requests, and no client is a burden. */
import assert from "node:assert/strict";
import { type HttpPort, type Listen, metricsPort } from "../../../src/control/http_port.ts";

const HOST = "127.0.0.1";

interface Scene {
  readonly server: HttpPort;
  readonly lines: readonly string[];
  /** How often metrics were printed. */
  readonly printed: () => number;
  readonly listen: Listen;
}

async function scene(
  body: (scene: Scene) => Promise<void>,
  options: Partial<Parameters<typeof metricsPort>[0]> = {},
): Promise<void> {
  const lines: string[] = [];
  let printed = 0;
  await using server = metricsPort({
    print: () => `floatip_attention ${printed++}\n`,
    journal: { write: (level, line) => void lines.push(`${level} ${line}`) },
    ...options,
  });
  const listen = { hostname: HOST, port: freePort() };
  await body({ server, lines, printed: () => printed, listen });
}

function freePort(): number {
  using listener = Deno.listen({ hostname: HOST, port: 0 });
  return listener.addr.port;
}

/** Says `text` and answers all that comes back until the other end closes. */
async function saying(listen: Listen, text: string | Uint8Array<ArrayBuffer>): Promise<string> {
  using connection = await Deno.connect(listen);
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  // The other end may have hung up before all was said.
  await connection.write(bytes).catch(() => 0);
  return await everything(connection);
}

async function everything(connection: Deno.Conn): Promise<string> {
  let all = "";
  const buffer = new Uint8Array(65536);
  for (;;) {
    // A reset is an end as well.
    const size = await connection.read(buffer).catch(() => null);
    if (size === null) return all;
    all += new TextDecoder().decode(buffer.subarray(0, size));
  }
}

function get(path: string, version = "1.1"): string {
  return `GET ${path} HTTP/${version}\r\nHost: x\r\nAccept: text/plain;q=0.5\r\n\r\n`;
}

Deno.test("metrics: HTTP/1.0, 1.1 and fetch; printed once for requests at one time", () =>
  scene(async ({ server, listen, lines, printed }) => {
    assert.deepEqual(server.settle(listen), []);
    const expected = [
      "HTTP/1.1 200 OK",
      "content-type: text/plain; version=0.0.4; charset=utf-8",
      "content-length: 20",
      "connection: close",
      "",
      "floatip_attention 0\n",
    ];
    assert.equal(await saying(listen, get("/metrics")), expected.join("\r\n"));
    assert.equal(await saying(listen, get("/metrics?name[]=x", "1.0")), expected.join("\r\n"));
    const response = await fetch(`http://${HOST}:${listen.port}/metrics`);
    assert.equal(await response.text(), "floatip_attention 0\n");
    assert.equal(printed(), 1);
    assert.deepEqual(lines, [`info metrics are at http://${HOST}:${listen.port}/metrics`]);
  }));

Deno.test("a long answer arrives whole", async () => {
  const long = "x".repeat(20_000_000);
  await scene(async ({ server, listen }) => {
    server.settle(listen);
    const answer = await saying(listen, get("/metrics"));
    assert.equal(answer.length - answer.indexOf("\r\n\r\n") - 4, long.length);
  }, { print: () => long, connectionMs: 60_000 });
});

Deno.test("what is not GET /metrics is told so", () =>
  scene(async ({ server, listen, printed }) => {
    server.settle(listen);
    const answers: readonly (readonly [string, RegExp])[] = [
      [get("/"), /^HTTP\/1.1 404 .*\r\n\r\nmetrics are at \/metrics\n$/s],
      [get("/metrics/"), /^HTTP\/1.1 404 /],
      [get("/v1/status"), /^HTTP\/1.1 404 /],
      ["POST /v1/reload HTTP/1.1\r\ncontent-length: 2\r\n\r\n{}", /^HTTP\/1.1 404 /],
      ["POST /metrics HTTP/1.1\r\n\r\n", /^HTTP\/1.1 405 .*\r\nallow: GET, HEAD\r\n/s],
      ["GET /metrics HTTP/2.0\r\n\r\n", /^HTTP\/1.1 400 /],
      ["GET /metrics\r\n\r\n", /^HTTP\/1.1 400 /],
      ["\r\n\r\n", /^HTTP\/1.1 400 /],
      ["\u0000\u00ff\u0016\u0003\u0001\r\n\r\n", /^HTTP\/1.1 400 /],
      [`GET /${"a".repeat(10_000)} HTTP/1.1\r\n\r\n`, /^(HTTP\/1.1 431 .*)?$/s],
      [`GET /metrics HTTP/1.1\r\nx: ${"a".repeat(10_000)}`, /^(HTTP\/1.1 431 .*)?$/s],
    ];
    for (const [request, answer] of answers) {
      assert.match(await saying(listen, request), answer, JSON.stringify(request.slice(0, 60)));
    }
    assert.equal(printed(), 0);
  }));

Deno.test("printing that fails is a 500, not an end", async () => {
  let fail = true;
  const print = (): string => {
    if (fail) throw new Error("secret inner workings");
    return "floatip_attention 0\n";
  };
  await scene(async ({ server, listen }) => {
    server.settle(listen);
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 500 [^]*not be printed\n$/);
    fail = false;
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 200 /);
  }, { print });
});

Deno.test("a bound on connections: a further one replaces the oldest idle one", () =>
  scene(async ({ server, listen }) => {
    server.settle(listen);
    const idle: Deno.Conn[] = [];
    let ended = 0;
    const enough = Promise.withResolvers<void>();
    const ends: Promise<void>[] = [];
    for (let i = 0; i < 40; i++) {
      const connection = await Deno.connect(listen);
      idle.push(connection);
      ends.push(
        connection.read(new Uint8Array(1)).catch(() => null).then(() => {
          if (++ended === 24) enough.resolve();
        }),
      );
    }
    await enough.promise;
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 200 /, "and it is served");
    assert.equal(ended, 25);
    for (const connection of idle) connection.close();
    await Promise.all(ends);
  }, { connectionMs: 60_000 }));

Deno.test("a connection that says nothing, or half of it, ends by itself", () =>
  scene(async ({ server, listen }) => {
    server.settle(listen);
    const started = performance.now();
    const said = ["", "GET /metrics HTTP/1.1\r\nHost: x\r\n"];
    assert.deepEqual(await Promise.all(said.map((text) => saying(listen, text))), ["", ""]);
    assert.ok(performance.now() - started >= 95);
  }, { connectionMs: 100 }));

Deno.test("clients that never read are ended, and others are served", async () => {
  const print = () => "x".repeat(20_000_000);
  await scene(async ({ server, listen }) => {
    server.settle(listen);
    const deaf = await Promise.all(Array.from({ length: 16 }, () => Deno.connect(listen)));
    const request = new TextEncoder().encode(get("/metrics"));
    for (const connection of deaf) await connection.write(request);
    await untilServed(listen);
    for (const connection of deaf) connection.close();
  }, { print, connectionMs: 500 });
});

/** Resolves when a request is answered. */
async function untilServed(listen: Listen): Promise<void> {
  while (!(await saying(listen, get("/nothing"))).startsWith("HTTP/1.1 404 ")) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

Deno.test("a port that is taken is told, shown, and had as soon as it is free", () =>
  scene(async ({ server, listen, lines }) => {
    const other = Deno.listen(listen);
    const place = `${HOST}:${listen.port}`;
    const trouble = `metrics are not served at ${place}: another program has this port`;
    assert.deepEqual(server.settle(listen), [trouble], "a reload that cannot be done says so");
    assert.deepEqual(server.attention(), [trouble]);
    other.close();
    while (server.attention().length > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 200 /);
    assert.deepEqual(lines, [`warning ${trouble}`, `info metrics are at http://${place}/metrics`]);
  }, { retryMs: 20 }));

Deno.test("an address that is not this machine's is trouble, and forgotten with the next one", () =>
  scene(async ({ server, listen }) => {
    server.settle({ ...listen, hostname: "192.0.2.1" });
    assert.match(server.attention()[0] ?? "", /: this machine has no such address$/);
    assert.deepEqual(server.settle(undefined), []);
    assert.deepEqual(server.attention(), []);
    await Promise.resolve();
  }));

Deno.test("a reload moves it, leaves it alone, and ends it", () =>
  scene(async ({ server, listen }) => {
    const next = { hostname: "::1", port: freePort() };
    server.settle(listen);
    assert.deepEqual(server.settle({ ...listen }), []);
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 200 /);
    const open = await Deno.connect(listen);
    assert.deepEqual(server.settle(next), []);
    assert.equal(await everything(open), "", "a connection of before ends");
    open.close();
    await assert.rejects(saying(listen, get("/metrics")), Deno.errors.ConnectionRefused);
    assert.match(await saying(next, get("/metrics")), /^HTTP\/1.1 200 /);
    server.settle(listen);
    assert.match(await saying(listen, get("/metrics")), /^HTTP\/1.1 200 /, "and back at once");
    server.settle(undefined);
    await assert.rejects(saying(listen, get("/metrics")), Deno.errors.ConnectionRefused);
  }, { connectionMs: 60_000 }));
