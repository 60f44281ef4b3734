import assert from "node:assert/strict";
import type { ReloadAnswer } from "../../../src/control/api.ts";
import { ControlClient, ControlError, type ControlTrouble } from "../../../src/control/client.ts";
import {
  type ControlAnswers,
  ControlServer,
  NotASocket,
  RunDirTaken,
} from "../../../src/control/server.ts";
import { PORTS } from "../../../src/control/printing.ts";
import { isRunDirLocked } from "../../../src/control/run_dir_lock.ts";
import { readingSocketPath, socketPath } from "../../../src/control/socket.ts";
import { documentOf, master } from "../../support/cli/documents.ts";
import { ANSWERS } from "../../support/control/answers.ts";
import { inFolder } from "../../support/in_folder.ts";

const document = documentOf([master()]);
const applied: ReloadAnswer = {
  applied: true,
  changes: ["web: priority 100 -> 150"],
  warnings: [],
};
const answers: ControlAnswers = {
  ...ANSWERS,
  status: () => JSON.stringify(document),
  metrics: () => "floatip_attention 0\n",
  reload: () => Promise.resolve(applied),
};

/** Runs `body` with a runtime directory of its own that does not exist yet. */
function withRunDir(body: (runDir: string) => Promise<void>): Promise<void> {
  return inFolder((root) => body(`${root}/run/floatip`));
}

async function troubleOf(request: Promise<unknown>): Promise<ControlTrouble | undefined> {
  const error: unknown = await request.then(() => undefined, (reason) => reason);
  assert.ok(error instanceof ControlError, `expected a ControlError, not ${error}`);
  return error.trouble;
}

/** Says `text` to the socket as it is, and answers all that comes back. */
async function saying(runDir: string, text: string): Promise<string> {
  const connection = await Deno.connect({ transport: "unix", path: socketPath(runDir) });
  await connection.write(new TextEncoder().encode(text));
  return await new Response(connection.readable).text();
}

/** Listens at the control socket and says `text` to whoever comes, then hangs up. */
async function withImpostor(
  runDir: string,
  text: string | undefined,
  body: () => Promise<void>,
): Promise<void> {
  Deno.mkdirSync(runDir, { recursive: true });
  using listener = Deno.listen({ transport: "unix", path: socketPath(runDir) });
  const visitors: Deno.Conn[] = [];
  const serving = (async () => {
    for await (const connection of listener) {
      visitors.push(connection);
      if (text === undefined) continue;
      await connection.read(new Uint8Array(4096));
      await connection.write(new TextEncoder().encode(text)).catch(() => {});
      connection.close();
    }
  })();
  try {
    await body();
  } finally {
    listener.close();
    await serving;
    if (text === undefined) { for (const connection of visitors) connection.close(); }
  }
}

Deno.test("the client gets what the server answers", () =>
  withRunDir(async (runDir) => {
    await using _server = ControlServer.open(runDir, answers);
    using client = new ControlClient(runDir);
    assert.deepEqual(await client.status(), document);
    assert.deepEqual(await client.reload(), applied);
  }));

Deno.test("problems come back as they are", () =>
  withRunDir(async (runDir) => {
    const refused: ReloadAnswer = { applied: false, problems: [] };
    const refusing = { ...answers, reload: () => Promise.resolve(refused) };
    await using _server = ControlServer.open(runDir, refusing);
    using client = new ControlClient(runDir);
    assert.deepEqual(await client.reload(), refused);
  }));

Deno.test("a server: makes its directory, a socket each for user and group, removes all", () =>
  withRunDir(async (runDir) => {
    const umask = Deno.umask(0o022);
    try {
      const server = ControlServer.open(runDir, answers);
      assert.equal((Deno.statSync(runDir).mode ?? 0) & 0o7777, 0o755);
      assert.equal((Deno.statSync(socketPath(runDir)).mode ?? 0) & 0o7777, 0o600);
      assert.equal((Deno.statSync(readingSocketPath(runDir)).mode ?? 0) & 0o7777, 0o660);
      assert.equal(Deno.umask(), 0o022);
      await server.close();
      // The file of the lock stays: to remove it would let two have one of their own.
      assert.deepEqual([...Deno.readDirSync(runDir)].map(({ name }) => name), ["lock"]);
    } finally {
      Deno.umask(umask);
    }
  }));

Deno.test("by the reading socket everything can be read and nothing ordered", () =>
  withRunDir(async (runDir) => {
    let orders = 0;
    const reload = (): Promise<ReloadAnswer> => {
      orders++;
      return answers.reload();
    };
    await using _server = ControlServer.open(runDir, { ...answers, reload });
    const proxy = { transport: "unix", path: readingSocketPath(runDir) } as const;
    using client = Deno.createHttpClient({ proxy });
    const ask = async (method: string, path: string): Promise<number> => {
      const response = await fetch(`http://127.0.0.1${path}`, { method, client });
      await response.body?.cancel();
      return response.status;
    };
    assert.equal(await ask("GET", "/v1/status"), 200);
    assert.equal(await ask("POST", "/v1/reload"), 403);
    assert.equal(await ask("POST", "/v1/notify-test"), 403);
    assert.equal(orders, 0);
  }));

Deno.test("a status at the control socket waits for no text that others are printed", () =>
  withRunDir(async (runDir) => {
    let isAnswered = false;
    const ended: string[] = [];
    // Without an answer meanwhile it ends, so that the test does.
    function* long(whose: string): Generator<string> {
      const limit = performance.now() + 2000;
      while (!isAnswered && performance.now() < limit) yield "";
      ended.push(whose);
    }
    await using _server = ControlServer.open(runDir, { ...answers, metrics: () => long("group") });
    const proxy = { transport: "unix", path: readingSocketPath(runDir) } as const;
    using reader = Deno.createHttpClient({ proxy });
    using client = new ControlClient(runDir);
    const others = [
      PORTS.encode(() => long("a port")),
      fetch("http://127.0.0.1/metrics", { client: reader }).then((answer) => answer.text()),
    ];
    assert.deepEqual(await client.status(), document);
    const before = [...ended];
    isAnswered = true;
    await Promise.all(others);
    assert.deepEqual(before, []);
    assert.deepEqual(ended.toSorted(), ["a port", "group"]);
  }));

Deno.test("a second daemon is turned away, and the first goes on", () =>
  withRunDir(async (runDir) => {
    await using _server = ControlServer.open(runDir, answers);
    assert.throws(() => ControlServer.open(runDir, answers), RunDirTaken);
    using client = new ControlClient(runDir);
    assert.equal((await client.status()).node, "pi-a");
  }));

Deno.test("a user with no more than the directory locks no other out", () =>
  withRunDir(async (runDir) => {
    Deno.mkdirSync(runDir, { recursive: true, mode: 0o755 });
    const lock = `${runDir}/lock`;
    // What any user of the machine may do, and a file from before that others could open too.
    using directory = Deno.openSync(runDir, { read: true });
    assert.ok(directory.tryLockSync(true));
    using stale = Deno.openSync(lock, { createNew: true, write: true, mode: 0o644 });
    assert.ok(stale.tryLockSync(true));
    for (let start = 0; start < 2; start++) {
      await using _server = ControlServer.open(runDir, answers);
      assert.equal((Deno.statSync(lock).mode ?? 0) & 0o777, 0o600);
      assert.ok(isRunDirLocked(runDir));
      using client = new ControlClient(runDir);
      assert.equal((await client.status()).node, "pi-a");
    }
    assert.ok(!isRunDirLocked(runDir), "the lock ends with the daemon, its file stays");
  }));

Deno.test("what stands in the lock's place is replaced, not followed", () =>
  withRunDir(async (runDir) => {
    Deno.mkdirSync(runDir, { recursive: true });
    Deno.writeTextFileSync(`${runDir}/victim`, "precious");
    const places: readonly ((path: string) => unknown)[] = [
      (path) => Deno.symlinkSync(`${runDir}/victim`, path),
      (path) => new Deno.Command("mkfifo", { args: [path] }).outputSync(),
      (path) => Deno.mkdirSync(path),
    ];
    for (const place of places) {
      place(`${runDir}/lock`);
      await using _server = ControlServer.open(runDir, answers);
      assert.ok(Deno.lstatSync(`${runDir}/lock`).isFile);
      Deno.removeSync(`${runDir}/lock`);
    }
    assert.equal(Deno.readTextFileSync(`${runDir}/victim`), "precious");
  }));

Deno.test("a socket left behind by a dead daemon is replaced", () =>
  withRunDir(async (runDir) => {
    Deno.mkdirSync(runDir, { recursive: true });
    const script = `Deno.listen({ transport: "unix", path: Deno.args[0] });
      Deno.kill(Deno.pid, "SIGKILL");`;
    const args = ["eval", script, socketPath(runDir)];
    await new Deno.Command(Deno.execPath(), { args, stderr: "null" }).output();
    assert.ok(Deno.statSync(socketPath(runDir)).isSocket, "the dead daemon left its socket");
    using stale = new ControlClient(runDir);
    assert.equal(await troubleOf(stale.status()), "not-running");
    await using _server = ControlServer.open(runDir, answers);
    using client = new ControlClient(runDir);
    assert.equal((await client.status()).node, "pi-a");
  }));

Deno.test("what stands in the socket's place and is none is left alone", () =>
  withRunDir(async (runDir) => {
    Deno.mkdirSync(runDir, { recursive: true });
    Deno.writeTextFileSync(socketPath(runDir), "precious");
    assert.throws(() => ControlServer.open(runDir, answers));
    assert.equal(Deno.readTextFileSync(socketPath(runDir)), "precious");
    await Promise.resolve();
  }));

Deno.test("an unknown path and a wrong method are told apart, in JSON", () =>
  withRunDir(async (runDir) => {
    await using _server = ControlServer.open(runDir, answers);
    const expectations = [
      ["GET /nothing", "404"],
      ["GET /v1/reload", "405"],
      ["POST /v1/status", "405"],
      ["POST /metrics", "405"],
      ["DELETE /v1/status", "405"],
      ["constructor /v1/status", "405"],
      ["GET /v1/status/", "404"],
      ["GET /v1/status?x=y", "200"],
    ] as const;
    for (const [line, status] of expectations) {
      const answer = await saying(runDir, `${line} HTTP/1.0\r\nhost: floatip\r\n\r\n`);
      assert.match(answer, new RegExp(`^HTTP/1.1 ${status} `), line);
      assert.match(answer, /content-type: application\/json/i, line);
    }
    const notAllowed = await saying(runDir, "POST /v1/status HTTP/1.0\r\nhost: x\r\n\r\n");
    assert.match(notAllowed, /allow: GET/);
  }));

Deno.test("metrics come as the text that Prometheus expects", () =>
  withRunDir(async (runDir) => {
    await using _server = ControlServer.open(runDir, answers);
    const answer = await saying(runDir, "GET /metrics HTTP/1.0\r\nhost: floatip\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 200 /);
    assert.match(answer, /content-type: text\/plain; version=0\.0\.4; charset=utf-8\r\n/i);
    assert.match(answer, /\r\n\r\nfloatip_attention 0\n$/);
  }));

Deno.test("hostile input ends its own connection and nothing else", () =>
  withRunDir(async (runDir) => {
    await using _server = ControlServer.open(runDir, answers);
    const hostile = [
      "\x00\xff\xfe\r\n\r\n",
      "GET\r\n\r\n",
      "GET /v1/status HTTP/9.9\r\n\r\n",
      `GET /${"a".repeat(1_000_000)} HTTP/1.0\r\n\r\n`,
      `POST /v1/reload HTTP/1.0\r\ncontent-length: 5\r\n\r\n${"b".repeat(500_000)}`,
      "POST /v1/reload HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    ];
    for (const text of hostile) {
      // The server may hang up before all was said.
      await saying(runDir, text).catch((error) => assert.ok(error instanceof Error));
      using client = new ControlClient(runDir);
      assert.equal((await client.status()).node, "pi-a");
    }
  }));

Deno.test("an answer that fails is a 500, not an end", () =>
  withRunDir(async (runDir) => {
    let fail = true;
    const status = () => {
      if (fail) throw new Error("secret inner workings");
      return JSON.stringify(document);
    };
    await using _server = ControlServer.open(runDir, { ...answers, status });
    using client = new ControlClient(runDir);
    assert.equal(await troubleOf(client.status()), "bad-answer");
    const answer = await saying(runDir, "GET /v1/status HTTP/1.0\r\nhost: x\r\n\r\n");
    assert.match(answer, /^HTTP\/1.1 500 [^]*\{"error":"the request could not be answered"\}$/);
    fail = false;
    assert.equal((await client.status()).node, "pi-a");
  }));

Deno.test("each trouble of the client has its name", async (t) => {
  await t.step("nobody runs", () =>
    withRunDir(async (runDir) => {
      using client = new ControlClient(runDir);
      assert.equal(await troubleOf(client.status()), "not-running");
    }));
  await t.step(
    "somebody who never answers",
    () =>
      withRunDir((runDir) =>
        withImpostor(runDir, undefined, async () => {
          using client = new ControlClient(runDir, 50);
          assert.equal(await troubleOf(client.status()), "no-answer");
        })
      ),
  );
  const json = (body: string) =>
    `HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\nconnection: close\r\n\r\n${body}`;
  const impostors: readonly (readonly [string, string, ControlTrouble])[] = [
    ["another schema", json('{"schema":2}'), "bad-answer"],
    ["no object", json("null"), "bad-answer"],
    ["no JSON", json("hello"), "bad-answer"],
    ["a hang-up in the middle", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{", "hung-up"],
    ["an error", "HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n", "bad-answer"],
  ];
  for (const [what, text, trouble] of impostors) {
    await t.step(what, () =>
      withRunDir((runDir) =>
        withImpostor(runDir, text, async () => {
          using client = new ControlClient(runDir);
          assert.equal(await troubleOf(client.status()), trouble);
        })
      ));
  }
});

Deno.test("what stands in the place of a socket is named, and left as it is", async () => {
  for (const pathIn of [socketPath, readingSocketPath]) {
    for (const make of [Deno.mkdirSync, (path: string) => Deno.symlinkSync("/nowhere", path)]) {
      await withRunDir((runDir) => {
        const path = pathIn(runDir);
        Deno.mkdirSync(runDir, { recursive: true });
        make(path);
        assert.throws(
          () => ControlServer.open(runDir, answers),
          (error) => error instanceof NotASocket && error.message.startsWith(`${path} is there`),
        );
        assert.ok(Deno.lstatSync(path));
        return Promise.resolve();
      });
    }
  }
});
