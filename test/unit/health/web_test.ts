import assert from "node:assert/strict";
import { runProbe } from "../../../src/health/probe.ts";
import {
  attempt,
  check,
  descriptors,
  eventually,
  httpProbe,
  tools,
} from "../../support/health/checks.ts";

interface Wish {
  readonly statuses?: readonly number[];
  readonly match?: string;
  readonly host?: string;
  readonly insecure?: boolean;
  readonly timeoutMs?: number;
}

function get(url: string, wish: Wish = {}) {
  const { timeoutMs, ...more } = wish;
  return attempt(httpProbe(url, more), timeoutMs);
}

async function served(
  answer: (request: Request) => Response | Promise<Response>,
  run: (url: string) => Promise<void>,
  tls: { readonly cert?: string; readonly key?: string } = {},
): Promise<void> {
  const options = { hostname: "127.0.0.1", port: 0, onListen: () => {} };
  await using server = tls.cert === undefined || tls.key === undefined
    ? Deno.serve(options, answer)
    : Deno.serve({ ...options, cert: tls.cert, key: tls.key }, answer);
  const scheme = tls.cert === undefined ? "http" : "https";
  await run(`${scheme}://127.0.0.1:${server.addr.port}`);
}

/** A server that says `bytes` to whoever connects, and goes on as `then` wants. */
async function spoken(
  then: (connection: Deno.TcpConn) => Promise<void>,
  run: (url: string) => Promise<void>,
): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const open = new Set<Deno.TcpConn>();
  const accepting = (async () => {
    for await (const connection of listener) {
      open.add(connection);
      then(connection).catch(() => {});
    }
  })();
  try {
    await run(`http://127.0.0.1:${listener.addr.port}/`);
  } finally {
    listener.close();
    await accepting.catch(() => {});
    for (const connection of open) {
      try {
        connection.close();
      } catch {
        // Closed by its server.
      }
    }
  }
}

function answering(request: Request): Response {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/ok":
      return new Response("all is well");
    case "/moved":
      return new Response(null, { status: 301, headers: { location: "/broken" } });
    case "/nothing":
      return new Response(null, { status: 204 });
    case "/headers":
      return new Response(
        `<${request.headers.get("host")}> <${request.headers.get("authorization")}>`,
      );
    default:
      return new Response("broken", { status: 503 });
  }
}

Deno.test("a status that fits is ok, any other is not; a redirection is not followed", () =>
  served(answering, async (url) => {
    const fine = await get(`${url}/ok`);
    assert.ok(fine.ok && fine.latency > 0);
    assert.match(fine.text, /^200 in [\d.]+ ms$/);
    assert.match((await get(`${url}/moved`)).text, /^301 in/);
    assert.match((await get(`${url}/nothing`)).text, /^204 in/);
    const broken = await get(`${url}/broken`);
    assert.deepEqual([broken.ok, broken.text], [false, "503, not 200 to 399"]);
    assert.ok((await get(`${url}/broken`, { statuses: [200, 503] })).ok);
    const other = await get(`${url}/ok`, { statuses: [204, 503] });
    assert.deepEqual([other.ok, other.text], [false, "200, not 204, 503"]);
  }));

Deno.test("the body must match where a text is given", () =>
  served(answering, async (url) => {
    assert.ok((await get(`${url}/ok`, { match: "is well" })).ok);
    const other = await get(`${url}/ok`, { match: "is ill" });
    assert.deepEqual([other.ok, other.text], [false, "200, but the body does not match"]);
    assert.ok(!(await get(`${url}/nothing`, { match: "x" })).ok);
  }));

Deno.test("host header and credentials of the URL are sent, and never shown", () =>
  served(answering, async (url) => {
    const asked = { host: "pi.example", match: "<pi.example> <Basic dTpzZWNyZXQ=>" };
    const fine = await get(`${url.replace("//", "//u:secret@")}/headers`, asked);
    assert.ok(fine.ok, fine.text);
    const refused = await get("http://u:secret@127.0.0.1:2/?token=secret");
    assert.equal(refused.text, "connection refused");
  }));

Deno.test("of a huge body 64 KiB are looked at, and it is not downloaded", async () => {
  const sent = { bytes: 0 };
  const chunk = new Uint8Array(16 * 1024).fill(120);
  const endless = () =>
    new Response(
      new ReadableStream({
        pull(controller) {
          sent.bytes += chunk.length;
          controller.enqueue(chunk);
        },
      }),
    );
  await served(endless, async (url) => {
    const result = await get(url, { match: "not there" });
    assert.equal(result.text, "200, but the body does not match");
    assert.ok((await get(url)).ok);
  });
  // Socket buffers take some MB; an endless body would have gone on until the timeout.
  assert.ok(sent.bytes < 50e6, `${sent.bytes} bytes were sent`);
});

Deno.test("a match is found across chunks, cut in the middle of a letter", () =>
  spoken(async (connection) => {
    const body = new TextEncoder().encode("all is w\xe9ll");
    const header = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(header));
    await connection.write(body.subarray(0, 9));
    await new Promise((resolve) => setTimeout(resolve, 20));
    await connection.write(body.subarray(9));
  }, async (url) => {
    const result = await get(url, { match: "is w\xe9ll" });
    assert.ok(result.ok, result.text);
  }));

Deno.test("http probe: an unused body is not awaited, the answer ends the connection", async () => {
  const ended = Promise.withResolvers<void>();
  await spoken(async (connection) => {
    const header = "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n";
    await connection.write(new TextEncoder().encode(header));
    const heard = new Uint8Array(1024);
    while (await connection.read(heard).catch(() => null) !== null);
    ended.resolve();
  }, async (url) => {
    assert.ok((await get(url)).ok);
    await ended.promise;
  });
});

Deno.test("a server that takes the connection and says nothing is late, and left", async () => {
  const before = descriptors();
  await spoken(async (connection) => {
    while (await connection.read(new Uint8Array(1024)) !== null);
    connection.close();
  }, async (url) => {
    const idle = descriptors();
    const result = await get(url, { timeoutMs: 150 });
    assert.deepEqual([result.ok, result.text], [false, "no answer within 150 ms"]);
    await eventually("both ends are closed", () => descriptors() <= idle);
  });
  await eventually("nothing is open", () => descriptors() <= before);
});

Deno.test("a body that trickles for ever is late where a match is wanted", () =>
  spoken(async (connection) => {
    const say = (text: string) => connection.write(new TextEncoder().encode(text));
    await say("HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n");
    for (;;) {
      await say("x");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }, async (url) => {
    const late = await get(url, { match: "y", timeoutMs: 150 });
    assert.deepEqual([late.ok, late.text], [false, "no answer within 150 ms"]);
    assert.ok((await get(url)).ok);
  }));

Deno.test("what is not HTTP, or ends early, fails in a few words", async () => {
  const words: string[] = [];
  for (const text of ["SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 20", ""]) {
    await spoken(async (connection) => {
      await connection.read(new Uint8Array(1024));
      await connection.write(new TextEncoder().encode(text));
      connection.close();
    }, async (url) => {
      const result = await get(url);
      assert.ok(!result.ok);
      words.push(result.text);
    });
  }
  assert.deepEqual(words, ["the answer is not HTTP", "closed early", "closed early"]);
});

Deno.test("an unknown host, and a port that web clients never ask, are said", async () => {
  assert.equal(
    (await get("http://no.such.invalid/", { timeoutMs: 5000 })).text,
    "host name not found",
  );
  assert.match((await get("http://127.0.0.1:6000/")).text, /bad port/);
});

const folder = new URL("certificate/", import.meta.url);
const tls = {
  cert: Deno.readTextFileSync(new URL("cert.pem", folder)),
  key: Deno.readTextFileSync(new URL("key.pem", folder)),
};

Deno.test("a certificate that signed itself is refused, and accepted on request", () =>
  served(
    answering,
    async (url) => {
      const strict = await get(`${url}/ok`);
      assert.ok(!strict.ok);
      assert.match(strict.text, /^certificate not trusted/);
      for (let round = 0; round < 3; round++) {
        const loose = await get(`${url}/ok`, { insecure: true, match: "well" });
        assert.match(loose.text, /^200 in/);
      }
      const host = { insecure: true, host: "pi.example", match: "<pi.example>" };
      assert.ok((await get(`${url}/headers`, host)).ok);
      assert.equal(
        (await get(`${url}/broken`, { insecure: true })).text,
        "503, not 200 to 399",
      );
    },
    tls,
  ));

Deno.test("http probe: without a certificate check: hanging is late, refused refused", async () => {
  await spoken(() => Promise.resolve(), async (url) => {
    const secure = url.replace("http:", "https:");
    for (const insecure of [false, true]) {
      const late = await get(secure, { insecure, timeoutMs: 150 });
      assert.equal(late.text, "no answer within 150 ms");
    }
  });
  assert.equal((await get("https://127.0.0.1:2/", { insecure: true })).text, "connection refused");
});

Deno.test("a probe that is stopped ends at once", () =>
  spoken(() => Promise.resolve(), async (url) => {
    const stop = new AbortController();
    const probe = httpProbe(url);
    const running = runProbe(check(probe, 60_000), tools(), stop.signal);
    stop.abort();
    assert.equal((await running).text, "stopped");
    assert.equal((await runProbe(check(probe, 60_000), tools(), stop.signal)).text, "stopped");
  }));

const ROUNDS = Deno.env.get("FLOATIP_ROUNDS") === undefined
  ? 300
  : Number(Deno.env.get("FLOATIP_ROUNDS"));

for (const insecure of [false, true]) {
  Deno.test(`${ROUNDS} rounds leak no descriptor${insecure ? ", certificate unseen" : ""}`, () =>
    served(
      answering,
      async (url) => {
        for (let round = 0; round < 10; round++) await get(`${url}/ok`, { insecure, match: "w" });
        const before = descriptors();
        const start = performance.now();
        for (let round = 0; round < ROUNDS; round++) {
          await get(`${url}/${round % 2 === 0 ? "ok" : "broken"}`, { insecure, match: "w" });
        }
        const each = (performance.now() - start) / ROUNDS;
        console.log(`      ${each.toFixed(2)} ms each`);
        await eventually("no more is open than before", () => descriptors() <= before);
      },
      insecure ? tls : {},
    ));
}
