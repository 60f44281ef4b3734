/** Handing over to a node by its name, with the whole daemon, on a simulated LAN. */
import assert from "node:assert/strict";
import type { HandoverAnswer } from "../../../src/control/api.ts";
import { milliseconds, type Nanoseconds, seconds } from "../../../src/time.ts";
import { file, TellingNodes } from "../../support/cluster/telling.ts";

const ALL = ["n1", "n2", "n3"];

async function settled(config = file(), names: readonly string[] = ALL): Promise<TellingNodes> {
  const nodes = new TellingNodes(names, config);
  await nodes.run(seconds(10));
  assert.equal(masters(nodes), "n1");
  return nodes;
}

function masters(nodes: TellingNodes): string {
  return ALL.filter((name) => nodes.cluster.status(name)?.instances[0]?.state === "master").join();
}

/** The answer of `from`, or undefined where there is none within `within`. */
async function handOver(
  nodes: TellingNodes,
  from: string,
  to: string,
  within: Nanoseconds = seconds(4),
  forTime?: Nanoseconds,
): Promise<HandoverAnswer | undefined> {
  let answer: HandoverAnswer | undefined;
  const reply = (given: HandoverAnswer) => {
    answer = given;
  };
  nodes.cluster.order(from, { kind: "handover", instance: "web", to, forTime, reply });
  for (let passed = 0; passed < within && answer === undefined; passed += milliseconds(10)) {
    await nodes.run(milliseconds(10));
  }
  return answer;
}

/** Who was master in each hundredth of a second of `duration`, without repetitions. */
async function course(nodes: TellingNodes, duration: Nanoseconds): Promise<string> {
  const seen: string[] = [];
  for (let passed = 0; passed < duration; passed += milliseconds(10)) {
    await nodes.run(milliseconds(10));
    const now = masters(nodes);
    if (seen.at(-1) !== now) seen.push(now);
  }
  return seen.join(" ");
}

Deno.test("handover by name: past a better node, which leaves it alone, and back", async () => {
  const nodes = await settled();
  for (let round = 0; round < 3; round++) {
    const away = await handOver(nodes, "n1", "n3");
    assert.deepEqual([away?.outcome, away?.routers[0]?.master?.node], ["handed-over", "n3"]);
    assert.ok((away?.routers[0]?.took_ms ?? NaN) < 50, away?.words);
    assert.equal(await course(nodes, seconds(round === 0 ? 20 : 1)), "n3");
    const back = await handOver(nodes, "n3", "n1");
    assert.deepEqual([back?.outcome, back?.routers[0]?.master?.node], ["handed-over", "n1"]);
    assert.equal(await course(nodes, seconds(round === 0 ? 20 : 1)), "n1");
  }
});

Deno.test("handover by name: over after its time; the best node has it again", async () => {
  const nodes = await settled();
  assert.equal(
    (await handOver(nodes, "n1", "n3", seconds(4), seconds(20)))?.outcome,
    "handed-over",
  );
  assert.equal(await course(nodes, seconds(18)), "n3");
  await course(nodes, seconds(10));
  assert.equal(masters(nodes), "n1");
});

Deno.test("handover by name: the node that has it dies, and the others take over", async () => {
  const nodes = await settled();
  await handOver(nodes, "n1", "n3");
  await nodes.run(seconds(1));
  nodes.cluster.lan.kill("n3");
  await nodes.run(seconds(10));
  assert.match(masters(nodes), /^n[12]$/);
});

Deno.test("handover by name: the node that gave it dies, and it stays", async () => {
  const nodes = await settled();
  await handOver(nodes, "n1", "n3");
  await nodes.run(seconds(1));
  nodes.cluster.powerOff("n1");
  assert.equal(await course(nodes, seconds(20)), "n3");
  // After a boot it knows of no handover: the priorities decide.
  nodes.cluster.powerOn("n1");
  nodes.cluster.start("n1");
  await nodes.run(seconds(20));
  assert.equal(masters(nodes), "n1");
});

Deno.test("handover by name: a better node is silent: refused at once, nothing moves", async () => {
  const nodes = await settled();
  nodes.cluster.lan.kill("n2");
  await nodes.run(seconds(5));
  const answer = await handOver(nodes, "n1", "n3");
  assert.equal(answer?.outcome, "refused");
  assert.match(answer?.words ?? "", /^n2 would take over before n3, and cannot be told to wait: /);
  assert.equal(await course(nodes, seconds(10)), "n1");
});

Deno.test("handover by name: a node that dies meanwhile confirms nothing", async () => {
  const nodes = await settled();
  nodes.cluster.lan.kill("n2");
  const answer = await handOver(nodes, "n1", "n3");
  // It counts as there until its last report is old, and then as lost.
  assert.equal(answer?.outcome, "refused", answer?.words);
  assert.equal(await course(nodes, seconds(10)), "n1");
});

Deno.test("handover by name: a node that hears no advert of the master: refused", async () => {
  const nodes = await settled();
  nodes.cluster.lan.paths.mute("n1", "n3");
  await nodes.run(seconds(10));
  const answer = await handOver(nodes, "n1", "n3");
  assert.equal(answer?.words, "no advert of this node arrives at n3: it could not take web over");
  assert.equal(await course(nodes, seconds(10)), "n1");
});

Deno.test("handover by name: it outlives a restart of the node that gave it", async () => {
  const nodes = await settled();
  await handOver(nodes, "n1", "n3");
  await nodes.run(seconds(2));
  nodes.cluster.restart("n1", milliseconds(300));
  assert.equal(await course(nodes, seconds(30)), "n3");
});
