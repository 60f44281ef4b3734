import assert from "node:assert/strict";
import { httpProbe } from "../../support/health/checks.ts";
import type { Probe } from "../../../src/config/tables/check.ts";
import { figuresOf } from "../../support/health/rounds.ts";

const FACTOR = Deno.env.get("FLOATIP_ROUNDS") === undefined ? 1 : 10;

async function keepsItsMemory(
  probes: readonly Probe[],
  rounds: number,
  timeoutMs: number,
): Promise<void> {
  const { once, twice } = await figuresOf(probes, rounds * FACTOR, timeoutMs);
  const grown = (twice - once) / 1e6;
  console.log(`      ${Math.round(once / 1e6)} MB, and ${grown.toFixed(1)} MB more later`);
  // What the first rounds take stays: code that is compiled, arenas of the allocator.
  assert.ok(grown < 12, `${grown} MB`);
}

Deno.test("commands of all kinds keep memory as it is", () => {
  const texts = ["exit 0", "yes & yes >&2", "exec sleep 1000", "setsid sleep 1000 & sleep 1000"];
  const probes = texts.map((text): Probe => ({
    kind: "command",
    argv: ["/bin/sh", "-c", text],
    user: undefined,
  }));
  return keepsItsMemory(probes, 100, 30);
});

for (const insecure of [false, true]) {
  Deno.test(`https keeps memory as it is${insecure ? ", certificate unseen" : ""}`, async () => {
    const folder = new URL("certificate/", import.meta.url);
    const [cert = "", key = ""] = ["cert.pem", "key.pem"]
      .map((name) => Deno.readTextFileSync(new URL(name, folder)));
    const options = { hostname: "127.0.0.1", port: 0, cert, key, onListen: () => {} };
    await using server = Deno.serve(options, () => new Response("all is well"));
    const url = `https://127.0.0.1:${server.addr.port}/`;
    // Node's part takes longer until it has all it wants.
    await keepsItsMemory(
      [httpProbe(url, { match: "well", insecure })],
      insecure ? 1000 : 400,
      1000,
    );
  });
}
