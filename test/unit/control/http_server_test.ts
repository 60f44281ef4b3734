/**
 * The bounds of the server behind both sockets and the metrics port: connections, pieces, pace, and
 * what never ends it.
 */
import assert from "node:assert/strict";
import { plainAnswer, readRequest } from "../../../src/control/http_message.ts";
import { type Connection, HttpServer } from "../../../src/control/http_server.ts";
import { eventually } from "../../support/health/checks.ts";

const HEAD = "GET /x HTTP/1.1\r\nhost: x\r\n\r\n";

/** A client in memory. */
class Client implements Connection {
  readonly #pieces: Uint8Array[];
  readonly #end = Promise.withResolvers<never>();
  /** How often the server has read. */
  reads = 0;
  written = "";
  closed = false;

  /** Sends `pieces`, then waits; reads its answer unless it is `deaf`. */
  constructor(pieces: readonly string[], readonly deaf = false) {
    this.#pieces = pieces.map((piece) => new TextEncoder().encode(piece));
    this.#end.promise.catch(() => {});
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    this.reads++;
    const piece = this.#pieces.shift();
    if (piece === undefined) return await this.#end.promise;
    buffer.set(piece);
    return piece.length;
  }

  async write(bytes: Uint8Array): Promise<number> {
    if (this.deaf) await this.#end.promise;
    this.written += new TextDecoder().decode(bytes);
    return bytes.length;
  }

  close(): void {
    this.closed = true;
    this.#end.reject(new Error("closed"));
  }
}

/** A listener at which `visit` arrives. */
class Door {
  readonly #waiting: (Connection | Error)[] = [];
  #wake: (() => void) | undefined;

  visit(visitor: Connection | Error): void {
    this.#waiting.push(visitor);
    this.#wake?.();
  }

  async accept(): Promise<Connection> {
    while (this.#waiting.length === 0) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    const visitor = this.#waiting.shift();
    if (visitor === undefined || visitor instanceof Error) throw visitor;
    return visitor;
  }

  close(): void {
    this.visit(new Error("closed"));
  }
}

const answer = () => plainAnswer(200, "here");

Deno.test("a server: an accept that fails, as without descriptors, is tried again", async () => {
  const door = new Door();
  await using _server = new HttpServer({ listener: door, answer });
  for (let i = 0; i < 3; i++) door.visit(new Error("too many open files"));
  const client = new Client([HEAD]);
  door.visit(client);
  await eventually("it is closed", () => client.closed);
  assert.match(client.written, /^HTTP\/1.1 200 OK\r\n[^]*\r\n\r\nhere\n$/);
});

Deno.test("a server: idle clients make room, those that wait for an answer do not", async () => {
  const door = new Door();
  const gate = Promise.withResolvers<void>();
  let waiting = 0;
  const slow = async () => {
    waiting++;
    await gate.promise;
    return plainAnswer(200, "here");
  };
  await using _server = new HttpServer({ listener: door, answer: slow });
  const patient = Array.from({ length: 15 }, () => new Client([HEAD]));
  for (const client of patient) door.visit(client);
  await eventually("15 wait", () => waiting === 15);
  const silent = new Client([]);
  const last = new Client([HEAD]);
  door.visit(silent);
  door.visit(last);
  await eventually("16 wait", () => waiting === 16);
  assert.ok(silent.closed, "the silent one made room");
  const refused = new Client([HEAD]);
  door.visit(refused);
  await eventually("it is refused", () => refused.closed);
  assert.equal(refused.written, "", "nobody who waits was ended for it");
  gate.resolve();
  await eventually("all are closed", () => [...patient, last].every(({ closed }) => closed));
  assert.ok([...patient, last].every(({ written }) => written.endsWith("here\n")));
});

Deno.test("a server: only the first request of a connection is answered", async () => {
  const door = new Door();
  let answered = 0;
  const count = () => {
    answered++;
    return answer();
  };
  await using _server = new HttpServer({ listener: door, answer: count });
  const client = new Client([HEAD.repeat(50)]);
  door.visit(client);
  await eventually("it is closed", () => client.closed);
  assert.equal(answered, 1);
});

Deno.test("a server: after a slow answer the loop rests longer", async () => {
  const door = new Door();
  const times: number[] = [];
  const heavy = () => {
    const start = performance.now();
    times.push(start);
    while (performance.now() - start < 20);
    return answer();
  };
  await using _server = new HttpServer({ listener: door, answer: heavy });
  const clients = Array.from({ length: 4 }, () => new Client([HEAD]));
  for (const client of clients) door.visit(client);
  await eventually("all are closed", () => clients.every(({ closed }) => closed));
  const [first = 0, ...rest] = times;
  assert.ok((rest.at(-1) ?? 0) - first >= 3 * 95, `${times.map((time) => time - first)}`);
});

Deno.test("a server: a client that never reads ends by itself", async () => {
  const door = new Door();
  await using _server = new HttpServer({ listener: door, answer, connectionMs: 30 });
  const client = new Client([HEAD], true);
  door.visit(client);
  await eventually("it is closed", () => client.closed);
});

Deno.test("a head byte by byte: refused after 64 pieces, its end found at any cut", async () => {
  const endless = new Client(Array.from({ length: 200 }, () => "A"));
  assert.deepEqual(await readRequest(endless), plainAnswer(431, "the request is too long"));
  assert.equal(endless.reads, 64);
  for (const end of ["\r\n\r\n", "\n\n", "\n\r\n"]) {
    const head = `GET /v1/status?a=b HTTP/1.0${end}`;
    for (let cut = 1; cut < head.length; cut++) {
      const request = await readRequest(new Client([head.slice(0, cut), head.slice(cut)]));
      assert.deepEqual(request, {
        method: "GET",
        path: "/v1/status",
        query: "a=b",
        headers: new Map(),
      });
    }
  }
});

Deno.test("a request line names the path, with or without a host in front", async () => {
  const lines: readonly (readonly [string, string | number])[] = [
    ["GET http://127.0.0.1/v1/status HTTP/1.1", "/v1/status"],
    ["GET /v1/../v1/status HTTP/1.1", "/v1/../v1/status"],
    ["GET //evil/v1/status HTTP/1.1", "//evil/v1/status"],
    ["CONNECT a:1 HTTP/1.1", 400],
    ["OPTIONS * HTTP/1.1", 400],
    ["PRI * HTTP/2.0", 400],
    ["GET  /v1/status HTTP/1.1", 400],
    ["GET /v1/status HTTP/1.1 ", 400],
  ];
  for (const [line, expected] of lines) {
    const read = await readRequest(new Client([`${line}\r\nhost: x\r\n\r\n`]));
    assert.equal("path" in read ? read.path : read.status, expected, line);
  }
});
