/** The metrics of the real daemon follow the simulated LAN: a failover and a freeze, exact. */
import assert from "node:assert/strict";
import type { HistogramReading } from "../../src/control/exposition.ts";
import { seconds } from "../../src/time.ts";
import { Cluster, configFrom } from "./cluster.ts";

const TOML = `[nodes]
n1 = "10.0.0.1"
n2 = "10.0.0.2"

[instance.web]
vrid = 51
addresses = ["10.0.0.100/24"]
prefer = ["n1", "n2"]
`;

/** n1 is master, n2 hears it. */
async function cluster(): Promise<Cluster> {
  const made = new Cluster(7);
  for (const [index, name] of ["n1", "n2"].entries()) {
    const addresses = [`10.0.0.${index + 1}/24`];
    made.createNode(name, [{ name: "eth0", segment: "lan", addresses }]);
    made.setConfig(name, configFrom(TOML));
    made.start(name);
  }
  await made.lan.run(seconds(10));
  return made;
}

function read(made: Cluster, name: string) {
  const measurements = made.measurements(name) ?? assert.fail(`${name} does not run`);
  const [router] = measurements.routers;
  return { ...measurements, router: router ?? assert.fail("no router") };
}

/** The upper bounds of the buckets that are not empty, in seconds. */
function filled({ bounds, counts }: HistogramReading): readonly number[] {
  return counts.flatMap((count, index) => count > 0 ? [bounds[index] ?? Infinity] : []);
}

function total({ counts }: HistogramReading): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

Deno.test("a failover shows on the node that takes over, with its reason", async () => {
  const made = await cluster();
  const before = read(made, "n2").router;
  assert.deepEqual(before.transitions.map(({ to, reason }) => `${to} ${reason}`), ["backup start"]);
  assert.deepEqual(filled(before.receivedGap), [1.2]);
  assert.equal(total(before.sentGap), 0);
  assert.equal(total(read(made, "n1").router.sentGap), total(before.receivedGap));

  made.powerOff("n1");
  await made.lan.run(seconds(10));
  const { router, uptimeMs } = read(made, "n2");
  assert.deepEqual(router.transitions.at(-1), {
    from: "backup",
    to: "master",
    reason: "master-silent",
    count: 1,
  });
  assert.deepEqual(router.receivedGap, before.receivedGap, "a takeover is no gap of a master's");
  assert.deepEqual(filled(router.sentGap), [1.2]);
  assert.ok(total(router.sentGap) >= 5);
  assert.equal(uptimeMs, 20_000);
});

Deno.test("a freeze shows as lateness of its node, and as gaps at those that hear it", async () => {
  const made = await cluster();
  assert.ok((filled(read(made, "n1").timerLateness).at(-1) ?? 0) < 0.1);
  made.lan.pause("n1");
  await made.lan.run(seconds(2));
  made.lan.resume("n1");
  await made.lan.run(seconds(3));
  const lateness = filled(read(made, "n1").timerLateness).at(-1) ?? 0;
  assert.ok(lateness >= 1 && lateness <= 3, `${lateness} s`);
  assert.deepEqual(filled(read(made, "n2").router.receivedGap), [1.2, 3.2]);
  assert.equal(made.status("n2")?.instances[0]?.counters.near_misses, 1);
});
