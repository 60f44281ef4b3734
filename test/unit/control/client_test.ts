/** The client of the control socket and answers that no daemon of ours gives. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { ControlClient, type ControlTrouble } from "../../../src/control/client.ts";
import { socketPath } from "../../../src/control/socket.ts";

const HEAD = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";

/** Answers each request with `head`, and then `body` so many times. */
async function answered(head: string, body: string, times: number): Promise<string> {
  const folder = mkdtempSync("/tmp/floatip-client-");
  const path = socketPath(folder);
  using listener = Deno.listen({ transport: "unix", path });
  const serving = (async () => {
    using connection = await listener.accept();
    await connection.read(new Uint8Array(4096));
    const encoder = new TextEncoder();
    const part = encoder.encode(body);
    try {
      await connection.write(encoder.encode(`${HEAD}${head}\r\n`));
      for (let i = 0; i < times; i++) await connection.write(part);
    } catch {
      // The client has heard enough.
    }
  })();
  try {
    // An order: so long a status may take a busy machine more than the 5 s that it has.
    using client = new ControlClient(folder, 60_000);
    await client.reload();
    return "an answer";
  } catch (error) {
    return (error as { readonly trouble?: ControlTrouble }).trouble ?? String(error);
  } finally {
    await serving;
    rmSync(folder, { recursive: true });
  }
}

Deno.test("a daemon whose queue of connections is full has not ended", async () => {
  const folder = mkdtempSync("/tmp/floatip-queue-");
  const path = socketPath(folder);
  try {
    using _stopped = Deno.listen({ transport: "unix", path });
    // Who has gone keeps its place until it is accepted.
    const refusal = await (async () => {
      for (;;) (await Deno.connect({ transport: "unix", path })).close();
    })().catch((error: unknown) => error);
    assert.ok(refusal instanceof Deno.errors.WouldBlock, String(refusal));
    using client = new ControlClient(folder);
    await assert.rejects(client.status(), { name: "ControlError", trouble: "no-answer" });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("an answer of any length, said or sent, ends in an error", async () => {
  assert.equal(await answered("content-length: 99999999999999\r\n", "{}", 1), "hung-up");
  assert.equal(await answered("", "[".repeat(0x10000), 10_000), "bad-answer");
});
