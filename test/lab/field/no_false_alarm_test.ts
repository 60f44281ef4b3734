/** Field situations that look like two holders for a moment, or not even that: no alarm. */
import assert from "node:assert/strict";
import type { Floatip } from "../../support/interop/floatip.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

/**
 * Sends everything about addresses and VRRP back to where it came from, as a broken switch does.
 */
const MIRROR = `
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3)); s.bind((sys.argv[1], 0))
print("ready", flush=True)
while True:
    frame, where = s.recvfrom(2048)
    if where[2] == 4: continue
    kind = frame[12:14]
    if kind == b"\\x08\\x06" or (kind == b"\\x08\\x00" and frame[23] == 112): s.send(frame)
`;

/** How often a better node preempts, and how long it is looked at after that, in milliseconds. */
const PREEMPTIONS = 3;
const SETTLES_MS = 1500;

/** How often a health is looked at, in milliseconds. */
const LOOK_MS = 200;

/**
 * Looks at `nodes` until `signal` is aborted; how long each said "two", in milliseconds, the
 * longest time in one go.
 */
async function longestAlarm(nodes: readonly Floatip[], signal: AbortSignal): Promise<number> {
  let longest = 0;
  const since = new Map<Floatip, number>();
  while (!signal.aborted) {
    for (const node of nodes) {
      const found = await node.instance().catch(() => undefined);
      if (found?.health !== "two") since.delete(node);
      else if (!since.has(node)) since.set(node, performance.now());
      longest = Math.max(longest, performance.now() - (since.get(node) ?? performance.now()));
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  return longest;
}

/** The longest alarm of `nodes` while `act` is done, and for `afterMs` after it. */
async function alarmDuring(
  nodes: readonly Floatip[],
  afterMs: number,
  act: () => Promise<unknown>,
): Promise<number> {
  const over = new AbortController();
  const longest = longestAlarm(nodes, over.signal);
  await act();
  await new Promise((resolve) => setTimeout(resolve, afterMs));
  over.abort();
  return await longest;
}

async function untilMoved(field: Field, from: string, to: string): Promise<void> {
  await field.until(
    `the address moves to ${to}`,
    async () => await field.host(to).holds(FLOATING) && !await field.host(from).holds(FLOATING),
  );
}

fieldCases("no false alarm", [
  {
    name: "handed over, taken back, killed and come back: never two",
    play: async (field) => {
      const [a, b] = await field.pair();
      const longest = await alarmDuring([a, b], 12_000, async () => {
        await a.command("handover", "web");
        await untilMoved(field, "a", "b");
        await a.command("handover", "web", "--back");
        await untilMoved(field, "b", "a");
        await field.host("a").unplug();
        await field.until("b takes over", () => field.host("b").holds(FLOATING));
        await field.until("a lets go", async () => !await field.host("a").holds(FLOATING));
        await field.host("a").plug();
        await untilMoved(field, "b", "a");
      });
      assert.ok(longest < 1000, `two for ${longest} ms`);
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "a better node preempts: neither says two, and no conflict is told",
    play: async (field) => {
      const b = await field.run("b");
      await b.untilState("master");
      const nodes: Floatip[] = [b];
      const longest = await alarmDuring(nodes, 0, async () => {
        for (let round = 0; round < PREEMPTIONS; round++) {
          const a = await field.run("a");
          nodes.push(a);
          await untilMoved(field, "b", "a");
          await new Promise((resolve) => setTimeout(resolve, SETTLES_MS));
          nodes.pop();
          assert.doesNotMatch(a.log.text, /conflict/);
          await a.stop();
          await untilMoved(field, "a", "b");
        }
      });
      assert.equal(longest, 0);
      assert.doesNotMatch(b.log.text, /conflict/);
    },
  },
  {
    name: "a partition heals: two for a few seconds at most",
    play: async (field) => {
      const [a, b] = await field.pair();
      await field.host("a").isolate();
      await b.untilState("master");
      const longest = await alarmDuring([a, b], 10_000, async () => {
        await field.host("a").join();
        await b.untilState("backup");
      });
      assert.ok(longest < 8000, `two for ${longest} ms`);
      await field.untilCode(0, [a, b]);
    },
  },
  {
    name: "a switch that sends back what it gets makes no second holder",
    play: async (field) => {
      const a = await field.run("a", field.file({ nodes: {}, lines: ['interface = "eth0"'] }));
      const mirror = field.host("client").spawn(["python3", "-c", MIRROR, "eth0"]);
      const ready = Promise.withResolvers<unknown>();
      mirror.stdout?.once("data", ready.resolve);
      await ready.promise;
      await a.untilState("master");
      const longest = await alarmDuring([a], 25_000, () => Promise.resolve());
      assert.equal(longest, 0, a.log.text);
      await field.untilCode(0, [a]);
    },
  },
]);
