/** Sealed adverts by UDP with the whole daemon, on a simulated LAN. */
import assert from "node:assert/strict";
import type { Seen } from "../../../sim/record.ts";
import { milliseconds, type Nanoseconds, seconds } from "../../../../src/time.ts";
import { file, TellingNodes } from "../../../support/cluster/telling.ts";

const INTERVALS_MS = [10, 100, 1000];

function udp(intervalMs: number, ...changes: readonly (readonly [string, string])[]) {
  const lines = `vrid = 51\ntransport = "udp"\nadvert_interval = "${intervalMs}ms"`;
  return file(["vrid = 51", lines], ...changes);
}

const CLUSTER = `[cluster]\nsecret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"\n`;

/** The same without [cluster]. */
function plain(intervalMs: number) {
  return udp(intervalMs, [CLUSTER, ""]);
}

/** The nodes, and what has been seen of their adverts. */
async function settled(config = udp(100)) {
  const nodes = new TellingNodes(["n1", "n2", "n3"], config);
  const sent: Extract<Seen, { kind: "sent" }>[] = [];
  const { lan } = nodes.cluster;
  lan.watch((seen) => {
    if (seen.kind === "sent") sent.push(seen);
  });
  await nodes.run(seconds(10));
  sent.length = 0;
  return { nodes, lan, sent };
}

function isSealed({ message }: { readonly message: Uint8Array }): boolean {
  return message[0] === 0x46;
}

/** The nodes that were master in `duration`, looked at often. */
async function masters(nodes: TellingNodes, duration: Nanoseconds): Promise<string> {
  const seen = new Set<string>();
  const step = milliseconds(20);
  for (let passed = 0; passed < duration; passed += step) {
    await nodes.run(step);
    for (const name of ["n1", "n2", "n3"]) {
      if (nodes.cluster.status(name)?.instances[0]?.state === "master") seen.add(name);
    }
  }
  return [...seen].join();
}

/** What `name` has refused of web, by reason. */
function rejects(nodes: TellingNodes, name: string) {
  return nodes.status(name).instances[0]?.rejects ?? {};
}

Deno.test("sealed: each advert between nodes with sessions is, and none is refused", async () => {
  const { nodes, sent } = await settled();
  assert.equal(await masters(nodes, seconds(5)), "n1");
  assert.ok(sent.length >= 90 && sent.every(isSealed), `${sent.length} adverts`);
  for (const name of ["n2", "n3"]) assert.deepEqual(rejects(nodes, name), {});
});

Deno.test("sealed: a restart in place of each node loses nothing, at any interval", async () => {
  for (const intervalMs of INTERVALS_MS) {
    const { nodes, sent } = await settled(udp(intervalMs));
    for (const name of ["n1", "n2", "n3", "n1"]) {
      nodes.cluster.restart(name, milliseconds(Math.min(200, 2 * intervalMs)));
      assert.equal(await masters(nodes, seconds(4)), "n1", `${name} at ${intervalMs} ms`);
    }
    assert.ok(sent.every(isSealed), `each advert is sealed at ${intervalMs} ms`);
  }
});

Deno.test("sealed: killed and started again within the patience, it is master still", async () => {
  const { nodes } = await settled(udp(1000));
  nodes.cluster.lan.kill("n1");
  nodes.cluster.startLater("n1", milliseconds(1500));
  assert.equal(await masters(nodes, seconds(8)), "n1");
});

Deno.test("sealed: a dead master is replaced when it is without seals", async () => {
  const causes = [];
  for (const config of [udp(100), plain(100)]) {
    const { nodes } = await settled(config);
    nodes.cluster.lan.kill("n1");
    assert.equal(await masters(nodes, seconds(1)), "n2");
    causes.push(nodes.status("n2").instances[0]?.cause);
  }
  assert.equal(causes[0], causes[1]);
  assert.match(causes[0] ?? "", /^no advert from n1 .* for 32\d ms$/);
});

Deno.test("sealed: [cluster] comes and goes node by node: no second master", async () => {
  for (const intervalMs of INTERVALS_MS) {
    const { nodes, sent } = await settled(plain(intervalMs));
    assert.ok(!sent.some(isSealed));
    for (const config of [udp(intervalMs), plain(intervalMs)]) {
      for (const name of ["n1", "n2", "n3"]) {
        nodes.cluster.reload(name, config);
        assert.equal(await masters(nodes, seconds(4)), "n1", `${name} at ${intervalMs} ms`);
      }
    }
  }
});

Deno.test("sealed: a node that boots hears its master, and is heard as one", async () => {
  for (const intervalMs of [100, 1000]) {
    const { nodes } = await settled(udp(intervalMs));
    nodes.cluster.powerOff("n1");
    assert.equal(await masters(nodes, seconds(8)), "n2");
    nodes.cluster.powerOn("n1");
    nodes.cluster.start("n1");
    // From the moment on at which it is master, the other is none.
    let both = 0;
    for (let look = 0; look < 600; look++) {
      await nodes.run(milliseconds(20));
      const [one, two] = ["n1", "n2"].map((name) =>
        nodes.cluster.status(name)?.instances[0]?.state === "master"
      );
      if (one && two) both++;
    }
    assert.ok(both <= 1, `${both} looks at ${intervalMs} ms found two masters`);
    assert.equal(nodes.status("n1").instances[0]?.state, "master");
  }
});

Deno.test("sealed: a node that boots without greetings obeys a living master", async () => {
  for (const intervalMs of INTERVALS_MS) {
    const { nodes, lan } = await settled(udp(intervalMs));
    nodes.cluster.powerOff("n1");
    assert.equal((await masters(nodes, seconds(5))).endsWith("n2"), true);
    let greets = false;
    // HELLO and ACK are lost.
    lan.machine("n1").filter.talk = (datagram) => !greets && datagram[3] !== 3;
    nodes.cluster.powerOn("n1");
    assert.equal(await masters(nodes, seconds(8)), "n2", `${intervalMs} ms`);
    assert.deepEqual(rejects(nodes, "n2"), {}, "nothing of it had to be refused");
    greets = true;
    assert.match(await masters(nodes, seconds(8)), /n1$/, `preempts at ${intervalMs} ms`);
    assert.deepEqual(rejects(nodes, "n2"), {});
  }
});

Deno.test("sealed: a node that boots without greetings yields to a second master", async () => {
  const { nodes, lan } = await settled(udp(100));
  nodes.cluster.powerOff("n1");
  await nodes.run(seconds(5));
  lan.machine("n1").filter.talk = (datagram) => datagram[3] !== 3;
  nodes.cluster.powerOn("n1");
  await nodes.run(seconds(2));
  nodes.cluster.powerOff("n2");
  await nodes.run(seconds(2));
  // n3 takes no plain advert of n1, which hears n3: one of both is master.
  const states = ["n1", "n3"].map((name) => nodes.status(name).instances[0]?.state);
  assert.deepEqual(states, ["backup", "master"]);
  assert.match(nodes.status("n1").instances[0]?.cause ?? "", /n3/);
});
