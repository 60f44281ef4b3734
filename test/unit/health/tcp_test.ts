import assert from "node:assert/strict";
import { attempt, descriptors, eventually } from "../../support/health/checks.ts";

interface Wish {
  readonly send?: string;
  readonly expect?: string;
  readonly timeoutMs?: number;
}

function connect(port: number, { send, expect, timeoutMs }: Wish = {}) {
  return attempt({ kind: "tcp", target: { host: "127.0.0.1", port }, send, expect }, timeoutMs);
}

async function listening(
  answer: (connection: Deno.TcpConn) => Promise<void>,
  run: (port: number) => Promise<void>,
): Promise<void> {
  const before = descriptors();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const answers: Promise<void>[] = [];
  const accepting = (async () => {
    for await (const connection of listener) {
      answers.push(
        answer(connection).catch(() => {}).finally(() => {
          try {
            connection.close();
          } catch {
            // Closed already.
          }
        }),
      );
    }
  })();
  await run(listener.addr.port);
  listener.close();
  await accepting.catch(() => {});
  // The server's ends end because the probes closed theirs.
  await Promise.all(answers);
  await eventually("all is closed", () => descriptors() <= before);
}

async function readToEnd(connection: Deno.TcpConn): Promise<void> {
  while (await connection.read(new Uint8Array(4096)) !== null);
}

function say(connection: Deno.TcpConn, text: string): Promise<number> {
  return connection.write(new TextEncoder().encode(text));
}

Deno.test("a port that takes connections is ok", () =>
  listening(readToEnd, async (port) => {
    const result = await connect(port);
    assert.ok(result.ok);
    assert.match(result.text, /^connected in [\d.]+ ms$/);
  }));

Deno.test("a port without a listener is not", async () => {
  const result = await connect(2);
  assert.deepEqual([result.ok, result.text], [false, "connection refused"]);
});

Deno.test("what is sent arrives, and what is expected is heard, in pieces too", () =>
  listening(async (connection) => {
    const heard = new Uint8Array(64);
    const count = await connection.read(heard);
    assert.equal(new TextDecoder().decode(heard.subarray(0, count ?? 0)), "PING\r\n");
    await say(connection, "+PO");
    await new Promise((resolve) => setTimeout(resolve, 10));
    await say(connection, "NG\r\n");
    await readToEnd(connection);
  }, async (port) => {
    const result = await connect(port, { send: "PING\r\n", expect: "+PONG" });
    assert.ok(result.ok, result.text);
    assert.match(result.text, /^said what was expected in /);
  }));

Deno.test("another answer, an end, and silence are not ok", async () => {
  await listening((connection) => say(connection, "-LOADING\r\n").then(() => {}), async (port) => {
    const result = await connect(port, { expect: "+PONG" });
    assert.deepEqual([result.ok, result.text], [false, "closed without the expected text"]);
  });
  await listening(readToEnd, async (port) => {
    const result = await connect(port, { expect: "+PONG", timeoutMs: 120 });
    assert.deepEqual([result.ok, result.text], [false, "no answer within 120 ms"]);
  });
});

Deno.test("no more than 4096 bytes are read, and no endless trickle is followed", async () => {
  await listening(async (connection) => {
    for (;;) await say(connection, "x".repeat(1000));
  }, async (port) => {
    const result = await connect(port, { expect: "y" });
    assert.equal(result.text, "the expected text is not in the first 4096 bytes");
  });
  await listening(async (connection) => {
    for (;;) {
      await say(connection, "x");
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }, async (port) => {
    const result = await connect(port, { expect: "y", timeoutMs: 120 });
    assert.equal(result.text, "no answer within 120 ms");
  });
});

Deno.test("a server that reads nothing does not hold the probe", () => {
  const probed = Promise.withResolvers<void>();
  return listening(async (connection) => {
    await probed.promise;
    await readToEnd(connection);
  }, async (port) => {
    const result = await connect(port, { send: "x".repeat(20_000_000), timeoutMs: 120 });
    probed.resolve();
    assert.equal(result.text, "no answer within 120 ms");
  });
});

Deno.test("1,000 rounds leak no descriptor", () =>
  listening(readToEnd, async (port) => {
    const before = descriptors();
    const start = performance.now();
    for (let round = 0; round < 1000; round++) assert.ok((await connect(port)).ok);
    const each = (performance.now() - start) / 1000;
    console.log(`      ${each.toFixed(2)} ms each`);
    await eventually("no more is open than before", () => descriptors() <= before);
  }));
