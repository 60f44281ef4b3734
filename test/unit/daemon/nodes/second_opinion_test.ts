/** The second opinion with the whole daemon, on a simulated LAN with a second road. */
import assert from "node:assert/strict";
import { ip } from "../../../../src/net/ip.ts";
import {
  after,
  type Instant,
  milliseconds,
  type Nanoseconds,
  seconds,
} from "../../../../src/time.ts";
import { file, TellingNodes } from "../../../support/cluster/telling.ts";

const ALL = ["n1", "n2", "n3"];
const LANS = ["lan", "link"];

async function settled(config = file(), names: readonly string[] = ALL): Promise<TellingNodes> {
  const nodes = new TellingNodes(names, config);
  await nodes.run(seconds(10));
  return nodes;
}

/** Adverts alone are lost between `a` and `b`: a packet filter. */
function mute({ cluster: { lan } }: TellingNodes, a: string, b: string): void {
  lan.paths.mute(a, b);
  lan.paths.mute(b, a);
}

function cut({ cluster: { lan } }: TellingNodes, a: string, b: string, segments = LANS): void {
  for (const segment of segments) {
    lan.paths.cutOn(segment, a, b);
    lan.paths.cutOn(segment, b, a);
  }
}

function masters(nodes: TellingNodes): string {
  return ALL.filter((name) => nodes.cluster.status(name)?.instances[0]?.state === "master").join();
}

/** What `name` says a person should look at. */
function attention(nodes: TellingNodes, name: string): string {
  return nodes.status(name).attention.join("\n");
}

/** Who was master in each tenth of a second of `duration`, without repetitions. */
async function course(nodes: TellingNodes, duration: Nanoseconds): Promise<string> {
  const seen: string[] = [];
  for (let passed = 0; passed < duration; passed += milliseconds(100)) {
    await nodes.run(milliseconds(100));
    const now = masters(nodes);
    if (seen.at(-1) !== now) seen.push(now);
  }
  return seen.join(" ");
}

const FILTER =
  "a packet filter drops IP protocol 112 on the way, or the LAN between the two is cut";

Deno.test("second opinion: adverts lost: no second master, the reason on both", async () => {
  const nodes = await settled();
  mute(nodes, "n1", "n2");
  mute(nodes, "n1", "n3");
  assert.equal(await course(nodes, seconds(60)), "n1");
  for (const name of ["n2", "n3"]) {
    const [web] = nodes.status(name).instances;
    assert.equal(web?.health, "held");
    assert.equal(web?.master?.node, "n1");
    assert.equal(web?.counters.near_misses, 1);
    assert.equal(web?.adverts_lost, true);
    assert.ok(
      attention(nodes, name).includes(
        `web: n1 (10.0.0.1) reports that it is master, and its adverts do not arrive: ${FILTER}`,
      ),
      attention(nodes, name),
    );
    assert.ok(
      attention(nodes, "n1").includes(
        `web: the adverts of this node do not arrive at ${name}: ${FILTER}`,
      ),
      attention(nodes, "n1"),
    );
  }
});

Deno.test("second opinion: adverts come again: nothing is told any more", async () => {
  const nodes = await settled();
  mute(nodes, "n1", "n2");
  await nodes.run(seconds(20));
  nodes.cluster.lan.paths.unmute("n1", "n2");
  assert.equal(await course(nodes, seconds(10)), "n1");
  assert.deepEqual(nodes.status("n1").attention, []);
  assert.deepEqual(nodes.status("n2").attention, []);
});

Deno.test("second opinion: the LAN is cut, the other link is not: no second master", async () => {
  const nodes = await settled();
  cut(nodes, "n1", "n2", ["lan"]);
  cut(nodes, "n1", "n3", ["lan"]);
  assert.equal(await course(nodes, seconds(60)), "n1");
  assert.match(attention(nodes, "n2"), /its adverts do not arrive/);
  assert.match(attention(nodes, "n1"), /do not arrive at n2/);
});

Deno.test("second opinion: both roads are cut: taken over as without it", async () => {
  const took = await Promise.all([file(), withoutCluster()].map(async (config) => {
    const nodes = await settled(config);
    cut(nodes, "n1", "n2");
    cut(nodes, "n1", "n3");
    return await takeover(nodes);
  }));
  assert.equal(took[0], took[1]);
});

Deno.test("second opinion: a dead master is replaced not later than without it", async () => {
  for (const interval of ["1s", "200ms", "100ms", "10ms"]) {
    const [told, silent] = await Promise.all(
      [file(), withoutCluster()].map(async (config) => {
        const nodes = await settled(atInterval(config, interval));
        nodes.cluster.lan.kill("n1");
        return await takeover(nodes);
      }),
    );
    assert.ok(told !== undefined && silent !== undefined);
    assert.ok(told <= silent, `${interval}: ${told} ns with reports, ${silent} ns without`);
  }
});

Deno.test("second opinion: a master that dies unheard is replaced", async () => {
  const nodes = await settled();
  mute(nodes, "n1", "n2");
  mute(nodes, "n1", "n3");
  await nodes.run(seconds(20));
  nodes.cluster.lan.kill("n1");
  const took = await takeover(nodes);
  assert.ok(took !== undefined && took <= seconds(1.3), `${took}`);
});

Deno.test("second opinion: the master stops in order while its adverts are lost", async () => {
  const nodes = await settled();
  mute(nodes, "n1", "n2");
  mute(nodes, "n1", "n3");
  await nodes.run(seconds(20));
  nodes.cluster.stop("n1");
  await nodes.run(seconds(2));
  assert.equal(masters(nodes), "n2");
  assert.match(nodes.status("n2").instances[0]?.cause ?? "", /^n1 \(10\.0\.0\.1\) reports that/);
});

Deno.test("second opinion: two masters whose adverts are lost: the worse one yields", async () => {
  const nodes = await settled();
  cut(nodes, "n1", "n2");
  cut(nodes, "n1", "n3");
  mute(nodes, "n1", "n2");
  mute(nodes, "n1", "n3");
  await nodes.run(seconds(10));
  assert.equal(masters(nodes), "n1,n2");
  nodes.cluster.lan.paths.healAll();
  assert.equal(await course(nodes, seconds(30)), "n1,n2 n1");
  assert.match(nodes.status("n2").instances[0]?.cause ?? "", /reports that it is master with/);
});

Deno.test("second opinion: a node that starts and hears no advert", async () => {
  const nodes = await settled(file(), ["n2"]);
  assert.equal(masters(nodes), "n2");
  mute(nodes, "n1", "n2");
  nodes.cluster.start("n1");
  assert.equal(await course(nodes, seconds(30)), "n2");
  assert.match(attention(nodes, "n1"), /n2 \(10\.0\.0\.2\) reports that it is master/);
});

Deno.test("second opinion: one way only: the worse one yields by reports", async () => {
  const nodes = await settled(file(), ["n2"]);
  nodes.cluster.lan.paths.mute("n1", "n2");
  nodes.cluster.start("n1");
  assert.equal(await course(nodes, seconds(30)), "n2 n1,n2 n1");
});

/** Each node asks the gateway, which hardly changes its priority. */
const GATEWAY = file(
  ['checks = ["nginx"]', 'checks = ["gw"]'],
  ["[check.nginx]", "[check.gw]"],
  ['http = "http://127.0.0.1/"', 'ping = "10.0.0.254"\nweight = -1'],
);

Deno.test("second opinion: the gateway is gone at the master alone", async () => {
  const nodes = await withGateway();
  loseGateway(nodes, "n1");
  assert.equal(await course(nodes, seconds(30)), "n1 n1,n2 n2");
  assert.match(nodes.status("n2").instances[0]?.cause ?? "", /n1 .* its gateway does not answer$/);
  assert.match(nodes.status("n1").instances[0]?.cause ?? "", /n2 .* reports that it is master/);
});

Deno.test("second opinion: a gateway that all have lost decides nothing", async () => {
  const nodes = await withGateway();
  for (const name of ALL) loseGateway(nodes, name);
  assert.equal(await course(nodes, seconds(30)), "n1");
});

/** n1 is master, and its adverts are lost. */
async function withGateway(): Promise<TellingNodes> {
  const nodes = new TellingNodes(ALL, GATEWAY);
  for (const name of ALL) nodes.cluster.lan.machine(name).gateways = [ip("10.0.0.254")];
  await nodes.run(seconds(10));
  mute(nodes, "n1", "n2");
  mute(nodes, "n1", "n3");
  assert.equal(await course(nodes, seconds(20)), "n1");
  return nodes;
}

function loseGateway({ cluster: { lan } }: TellingNodes, name: string): void {
  lan.machine(name).setService("gw", { ok: false });
}

/** When another node than n1 is master, from now; undefined: not within 10 s. */
async function takeover(nodes: TellingNodes): Promise<Nanoseconds | undefined> {
  const { lan } = nodes.cluster;
  const from = lan.now;
  let at: Instant | undefined;
  lan.watch((seen) => {
    if (seen.kind === "journal" && seen.line.includes("backup -> master")) at ??= lan.now;
  });
  while (at === undefined && lan.now < after(from, seconds(10))) await nodes.run(milliseconds(100));
  return at === undefined ? undefined : (at - from) as Nanoseconds;
}

function withoutCluster() {
  return { ...file(), cluster: undefined };
}

function atInterval<Of extends ReturnType<typeof file>>(config: Of, interval: string): Of {
  const { instances } = file(["vrid = 51", `vrid = 51\nadvert_interval = "${interval}"`]);
  return { ...config, instances };
}
