/** Commands whose daemon takes the request and never answers: each ends soon and says so. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { Failure } from "../../../src/cli/exit.ts";
import { doctor } from "../../../src/cli/doctor/run.ts";
import { handover } from "../../../src/cli/handover/run.ts";
import { maintenance } from "../../../src/cli/maintenance/run.ts";
import { notifyTest } from "../../../src/cli/notify_test/run.ts";
import { reload } from "../../../src/cli/reload/run.ts";
import { restart } from "../../../src/cli/restart/run.ts";
import { status } from "../../../src/cli/status/run.ts";
import type { Terminal } from "../../../src/cli/terminal.ts";
import { readingSocketPath, socketPath } from "../../../src/control/socket.ts";
import { recordingTerminal } from "../../support/cli/recording_terminal.ts";

/** So long a command may wait, in milliseconds: what the client waits for a status, and more. */
const MOST_MS = 20_000;

type Command = (terminal: Terminal, runDir: string) => Promise<unknown>;

const COMMANDS: Readonly<Record<string, Command>> = {
  status: (terminal, runDir) => status(terminal, { runDir }, undefined),
  reload: (terminal, runDir) => reload(terminal, { runDir }),
  restart: (terminal, runDir) => restart(terminal, { runDir }),
  "notify-test": (terminal, runDir) => notifyTest(terminal, { runDir }),
  handover: (terminal, runDir) => handover(terminal, { runDir }, "web"),
  "maintenance on": (terminal, runDir) => maintenance(terminal, { runDir }, "on"),
  "maintenance off": (terminal, runDir) => maintenance(terminal, { runDir }, "off"),
  "maintenance status": (terminal, runDir) => maintenance(terminal, { runDir }, "status"),
};

/** What a daemon that does not answer sends: nothing, a part of a head, or an answer in drops. */
const DAEMONS: Readonly<Record<string, readonly [first: string, then: string]>> = {
  silent: ["", ""],
  "stopped in its head": ["HTTP/1.1 200 OK\r\ncontent-ty", ""],
  dripping: ["HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n", " "],
};

/** A daemon's sockets in `runDir`; every client gets `first`, and `then` each second. */
function sockets(runDir: string, [first, then]: readonly [string, string]): Disposable {
  const listeners = [socketPath(runDir), readingSocketPath(runDir)].map((path) =>
    Deno.listen({ transport: "unix", path })
  );
  const stack = new DisposableStack();
  const encoder = new TextEncoder();
  for (const listener of listeners) {
    stack.use(listener);
    (async () => {
      for await (const connection of listener) {
        stack.use(connection);
        if (first !== "") await connection.write(encoder.encode(first));
        if (then === "") continue;
        const timer = setInterval(
          () => connection.write(encoder.encode(then)).catch(() => 0),
          1000,
        );
        stack.defer(() => clearInterval(timer));
      }
    })().catch(() => undefined);
  }
  return stack;
}

for (const [name, says] of Object.entries(DAEMONS)) {
  Deno.test({
    name: `commands: each of them says soon that the daemon does not answer: ${name}`,
    sanitizeOps: false,
    async fn() {
      const runDir = mkdtempSync("/tmp/floatip-silent-");
      using _daemon = sockets(runDir, says);
      try {
        const start = performance.now();
        await Promise.all(
          Object.entries(COMMANDS).map(async ([command, run]) => {
            const terminal = recordingTerminal();
            const failure = await run(terminal, runDir).catch((error: unknown) => error);
            assert.ok(failure instanceof Failure, `${command}: ${failure}`);
            assert.match(failure.message, /^the daemon did not answer within 5 s$/, command);
            assert.deepEqual([...terminal.written, ...terminal.errors], [], command);
            assert.ok(performance.now() - start < MOST_MS, command);
          }),
        );
      } finally {
        rmSync(runDir, { recursive: true });
      }
    },
  });
}

/** A socket of a daemon that gives its status, and answers no order. */
function statusAlone(
  runDir: string,
  status: string,
  onOrder: (connection: Deno.Conn) => void = () => {},
): Disposable {
  const stack = new DisposableStack();
  const listener = stack.use(Deno.listen({ transport: "unix", path: socketPath(runDir) }));
  const head = `HTTP/1.1 200 OK\r\ncontent-length: ${status.length}\r\nconnection: close\r\n\r\n`;
  (async () => {
    for await (const connection of listener) {
      stack.use(connection);
      const asked = new Uint8Array(1000);
      const count = await connection.read(asked) ?? 0;
      if (!new TextDecoder().decode(asked.subarray(0, count)).startsWith("GET")) {
        onOrder(connection);
        continue;
      }
      await connection.write(new TextEncoder().encode(head + status));
    }
  })().catch(() => undefined);
  return stack;
}

Deno.test({
  name: "restart: a daemon that is stopped after its status has not ended",
  sanitizeOps: false,
  async fn() {
    const runDir = mkdtempSync("/tmp/floatip-silent-");
    const status = JSON.stringify({ schema: 1, started: "2026-11-21T12:00:00Z", instances: [] });
    using _daemon = statusAlone(runDir, status);
    const terminal = recordingTerminal();
    try {
      const failure = await restart(terminal, { runDir }).catch((error: unknown) => error);
      assert.ok(failure instanceof Failure, `${failure}`);
      assert.equal(failure.message, "the daemon did not answer within 5 s");
      assert.match(failure.hint, /stopped \(SIGSTOP\).* When it goes on it may restart\.$/);
    } finally {
      rmSync(runDir, { recursive: true });
    }
  },
});

Deno.test({
  name: "restart: a daemon that hangs up and goes on was not restarted, and has not ended",
  sanitizeOps: false,
  async fn() {
    const runDir = mkdtempSync("/tmp/floatip-silent-");
    const status = JSON.stringify({ schema: 1, started: "2026-11-21T12:00:00Z", instances: [] });
    const real = performance.now.bind(performance);
    let orderedAt = Infinity;
    using _daemon = statusAlone(runDir, status, (connection) => {
      orderedAt = real();
      connection.close();
    });
    // A minute for each second from the order on.
    performance.now = () => real() + Math.max(0, real() - orderedAt) * 60;
    const terminal = recordingTerminal();
    try {
      const failure = await restart(terminal, { runDir }).catch((error: unknown) => error);
      assert.ok(failure instanceof Failure, `${failure}`);
      assert.equal(failure.message, "not restarted: the daemon goes on");
    } finally {
      performance.now = real;
      rmSync(runDir, { recursive: true });
    }
  },
});

Deno.test({
  name: "doctor: a daemon that does not answer is asked once",
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const runDir = mkdtempSync("/tmp/floatip-silent-");
    let asked = 0;
    const terminal = recordingTerminal();
    const listener = Deno.listen({ transport: "unix", path: socketPath(runDir) });
    const held: Deno.Conn[] = [];
    (async () => {
      for await (const connection of listener) {
        asked++;
        held.push(connection);
      }
    })().catch(() => undefined);
    try {
      await doctor(terminal, { runDir, config: `${runDir}/none.toml`, json: true });
    } finally {
      listener.close();
      for (const connection of held) connection.close();
      rmSync(runDir, { recursive: true });
    }
    assert.match(terminal.written.join(""), /did not answer within 5 s/);
    assert.equal(asked, 1);
  },
});
