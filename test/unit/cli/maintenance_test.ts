/** What `floatip maintenance` says while the daemon takes its time. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { maintenance } from "../../../src/cli/maintenance/run.ts";
import { socketPath } from "../../../src/control/socket.ts";
import { recordingTerminal } from "../../support/cli/recording_terminal.ts";

/** So long the daemon takes, in milliseconds: longer than the command waits without a word. */
const TAKES_MS = 1000;

const ANSWERS: Readonly<Record<string, unknown>> = {
  GET: { schema: 1 },
  POST: { outcome: "done", words: "it is done", saved: true },
};

/** What is printed on standard error for "on" or "off". */
async function told(what: "on" | "off"): Promise<string> {
  const runDir = mkdtempSync("/tmp/floatip-maintenance-");
  await using _server = Deno.serve(
    { transport: "unix", path: socketPath(runDir), onListen: () => undefined },
    async ({ method }) => {
      if (method === "POST") await new Promise((resolve) => setTimeout(resolve, TAKES_MS));
      return Response.json(ANSWERS[method]);
    },
  );
  try {
    const terminal = recordingTerminal();
    assert.equal(await maintenance(terminal, { runDir }, what), 0);
    return terminal.errors.join("");
  } finally {
    rmSync(runDir, { recursive: true });
  }
}

Deno.test("maintenance: on may wait for another node and says so, off does not", async () => {
  assert.match(await told("on"), /^waiting until another node has taken over/);
  assert.equal(await told("off"), "");
});
