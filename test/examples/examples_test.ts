/** Do the example configurations do what their comments promise? Each runs in namespaces that look like its network, and fails over. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load } from "../../src/config/load.ts";
import { masterDown } from "../../src/vrrp/intervals.ts";
import { seconds } from "../../src/time.ts";
import { atMost } from "../interop/at_most.ts";
import { Capture } from "../interop/capture.ts";
import { Floatip } from "../interop/floatip.ts";
import { askWhoHas, macOf } from "../interop/holders.ts";
import { wallNow } from "../interop/program_log.ts";
import { until } from "../interop/until.ts";
import type { LabHost } from "../lab/lab_host.ts";
import { type HostOptions, Lan } from "../lab/lan.ts";
import { missing, nameWith } from "../lab/prerequisites.ts";

const FOLDER = new URL("../../packaging/examples/", import.meta.url);

/** LANs at the same time. */
const AT_ONCE = 3;
/** A takeover takes up to 4 s at 1 s adverts; other tests may be using the machine. */
const PATIENCE_MS = 15_000;
const TOLERANCE_MS = 150;

/** A cluster of floatip nodes on a LAN with a client. */
class Cluster implements AsyncDisposable {
  readonly nodes = new Map<string, Floatip>();

  private constructor(
    readonly lan: Lan,
    readonly capture: Capture,
    readonly stack: AsyncDisposableStack,
  ) {}

  /** Builds the LAN; the client's address is the last of `hosts`. */
  static async open(prefix: string, hosts: readonly HostOptions[]): Promise<Cluster> {
    await using stack = new AsyncDisposableStack();
    const lan = stack.use(await Lan.open({ hosts, prefix }));
    const capture = stack.use(await Capture.open(lan));
    return new Cluster(lan, capture, stack.move());
  }

  host(name: string): LabHost {
    return this.lan.host(name);
  }

  /** Starts floatip on `name` with this file. */
  async start(name: string, file: string): Promise<void> {
    this.nodes.set(name, this.stack.use(await Floatip.start(this.host(name), file)));
  }

  /** Resolves when `name` is master of `instance`, it alone holds `address`, and it alone answers the client. */
  async untilHolder(name: string, instance: string, address: string): Promise<void> {
    await this.#floatip(name).untilState("master", PATIENCE_MS, instance);
    const others = [...this.nodes.keys()].filter((other) => other !== name);
    await until(`${name} alone holds ${address}`, async () => {
      const held = await Promise.all(others.map((other) => this.host(other).holds(address)));
      return await this.host(name).holds(address) && !held.includes(true);
    }, PATIENCE_MS);
    const macs = await askWhoHas(this.host("client"), this.capture, address);
    assert.deepEqual(macs, [await macOf(this.host(name))], `${name} alone answers for ${address}`);
  }

  /**
   * Pulls the cable of `name`; resolves with the time from its last advert for `vrid` that reached `next` to the first one
   * of `next`, which has heard it by then: a node that has just started listens for a whole master-down interval.
   */
  async cutOff(name: string, next: string, vrid: number): Promise<number> {
    await until(`${next} hears the master`, async () => {
      const { instances } = await this.#floatip(next).status();
      return instances.some((one) => one.vrid === vrid && one.last_advert_age_ms !== null);
    });
    await this.host(name).unplug();
    const cut = wallNow();
    const source = this.host(next).address;
    const claim = await this.capture.untilAdvert(
      `${next} takes over`,
      (seen) => seen.source === source && seen.advert.vrid === vrid && seen.advert.priority > 0,
      PATIENCE_MS,
      cut,
    );
    const last = this.capture.advertsOf(this.host(name).address)
      .findLast((seen) =>
        seen.advert.vrid === vrid && seen.at < claim.at &&
        [source, "224.0.0.18"].includes(seen.destination)
      );
    return claim.at - (last?.at ?? NaN);
  }

  /** {@link Cluster.cutOff} that took as long as the protocol says for a successor of `priority`. */
  async assertTakeover(
    name: string,
    next: string,
    { vrid, version, priority }: { vrid: number; version: 2 | 3; priority: number },
  ): Promise<void> {
    const measured = await this.cutOff(name, next, vrid);
    const expected = masterDown(version, priority, seconds(1)) / 1e6;
    console.log(
      `  ${next} after ${name}: ${measured.toFixed(1)} ms (protocol: ${expected.toFixed(1)} ms)`,
    );
    assert.ok(Math.abs(measured - expected) < TOLERANCE_MS, `${measured} ms, not ${expected} ms`);
  }

  #floatip(name: string): Floatip {
    const floatip = this.nodes.get(name);
    assert.ok(floatip !== undefined, `${name} was started`);
    return floatip;
  }

  untilBackup(name: string, instance: string): Promise<void> {
    return this.#floatip(name).untilState("backup", PATIENCE_MS, instance);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack.disposeAsync();
    for (const { folder, child } of this.nodes.values()) {
      assert.equal(child.exitCode, 0, `floatip of ${folder} ended in order`);
    }
  }
}

async function playFiveNodes(file: string): Promise<void> {
  const names = [1, 2, 3, 4, 5].map((n) => `node-${n}`);
  await using cluster = await Cluster.open("192.168.1.0/24", [
    ...names.map((name, i) => ({ name, address: `192.168.1.${11 + i}/24` })),
    { name: "client", address: "192.168.1.99/24" },
  ]);
  await Promise.all(names.map((name) => cluster.start(name, file)));
  await cluster.untilHolder("node-1", "service", "192.168.1.50");
  await cluster.assertTakeover("node-1", "node-2", { vrid: 50, version: 3, priority: 190 });
  await cluster.untilHolder("node-2", "service", "192.168.1.50");
  await cluster.assertTakeover("node-2", "node-3", { vrid: 50, version: 3, priority: 180 });
  await cluster.untilHolder("node-3", "service", "192.168.1.50");
  await cluster.host("node-1").plug();
  await cluster.untilHolder("node-1", "service", "192.168.1.50");
}

async function playWebPair(file: string): Promise<void> {
  await using cluster = await Cluster.open("192.168.1.0/24", [
    { name: "web-1" },
    { name: "web-2" },
    { name: "client" },
  ]);
  const second = file.replace('name = "web-1"', 'name = "web-2"')
    .replace(/^priority = 150/m, "priority = 100");
  assert.notEqual(second, file);
  await Promise.all([cluster.start("web-1", file), cluster.start("web-2", second)]);
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
  const [advert] = cluster.capture.advertsOf("192.168.1.1").slice(-1);
  assert.equal(advert?.advert.version, 2);
  assert.equal(new TextDecoder().decode(advert?.advert.auth?.data), "secret12");
  await cluster.assertTakeover("web-1", "web-2", { vrid: 51, version: 2, priority: 100 });
  await cluster.untilHolder("web-2", "web", "192.168.1.51");
  await cluster.host("web-1").plug();
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
}

async function playLoadBalancerPair(file: string): Promise<void> {
  await using cluster = await Cluster.open("192.168.1.0/24", [
    { name: "lb-1", address: "192.168.1.21/24" },
    { name: "lb-2", address: "192.168.1.22/24" },
    { name: "client", address: "192.168.1.99/24" },
  ]);
  await cluster.start("lb-1", file);
  await cluster.untilHolder("lb-1", "public", "192.168.1.60");
  await cluster.start("lb-2", file);
  await cluster.untilBackup("lb-2", "public");
  await cluster.assertTakeover("lb-1", "lb-2", { vrid: 60, version: 3, priority: 190 });
  await cluster.untilHolder("lb-2", "public", "192.168.1.60");
  await cluster.host("lb-1").plug();
  const back = wallNow();
  await cluster.untilBackup("lb-1", "public");
  // Longer than any master-down interval: a node that preempts would have done so.
  await cluster.capture.untilMaster("192.168.1.22", PATIENCE_MS, back + 4500);
  assert.deepEqual(cluster.capture.advertsOf("192.168.1.21", back), [], "lb-1 stays a backup");
  await cluster.untilHolder("lb-2", "public", "192.168.1.60");
  await cluster.assertTakeover("lb-2", "lb-1", { vrid: 60, version: 3, priority: 200 });
  await cluster.untilHolder("lb-1", "public", "192.168.1.60");
  await cluster.host("lb-2").plug();
}

async function playMutualPair(file: string): Promise<void> {
  await using cluster = await Cluster.open("192.168.1.0/24", [
    { name: "files-1", address: "192.168.1.31/24" },
    { name: "files-2", address: "192.168.1.32/24", interface: "enp3s0" },
    { name: "client", address: "192.168.1.99/24" },
  ]);
  await Promise.all([cluster.start("files-1", file), cluster.start("files-2", file)]);
  const assertBothWork = async () => {
    await cluster.untilHolder("files-1", "home", "192.168.1.71");
    await cluster.untilHolder("files-2", "media", "192.168.1.72");
  };
  await assertBothWork();
  const labelOf = async (host: string, address: string) =>
    (await cluster.host(host).addresses()).find((line) => line.address === address)?.label;
  assert.equal(await labelOf("files-1", "192.168.1.71"), "eth0:home");
  assert.equal(await labelOf("files-2", "192.168.1.72"), "enp3s0:media");
  assert.ok(cluster.capture.adverts.every(({ destination }) => !destination.startsWith("224.")));
  await cluster.assertTakeover("files-1", "files-2", { vrid: 71, version: 3, priority: 190 });
  await cluster.untilHolder("files-2", "home", "192.168.1.71");
  await cluster.untilHolder("files-2", "media", "192.168.1.72");
  assert.equal(await labelOf("files-2", "192.168.1.71"), "enp3s0:home");
  await cluster.host("files-1").plug();
  await assertBothWork();
}

async function playDatabaseTrio(file: string): Promise<void> {
  await using cluster = await Cluster.open("10.0.1.0/24", [
    { name: "db-1", address: "10.0.1.11/24" },
    { name: "db-2", address: "10.0.1.12/24" },
    { name: "db-3", address: "10.0.1.13/24" },
    { name: "client", address: "10.0.9.9/8" },
  ]);
  const started = wallNow();
  await cluster.start("db-1", file);
  const claim = await cluster.capture.untilMaster("10.0.1.11", PATIENCE_MS, started);
  console.log(`  db-1 claimed its address ${(claim.at - started).toFixed(0)} ms after its start`);
  await Promise.all([cluster.start("db-2", file), cluster.start("db-3", file)]);
  await cluster.untilHolder("db-1", "primary", "10.0.2.100");
  const ping = await cluster.host("client").exec(["ping", "-c1", "-W1", "10.0.2.100"]);
  assert.equal(ping.code, 0, "a client of 10.0.0.0/8 reaches it");
  await cluster.assertTakeover("db-1", "db-2", { vrid: 100, version: 3, priority: 254 });
  await cluster.untilHolder("db-2", "primary", "10.0.2.100");
  await cluster.assertTakeover("db-2", "db-3", { vrid: 100, version: 3, priority: 253 });
  await cluster.untilHolder("db-3", "primary", "10.0.2.100");
  await cluster.host("db-1").plug();
  await cluster.untilHolder("db-1", "primary", "10.0.2.100");
}

const PLAYS: Readonly<Record<string, (file: string) => Promise<void>>> = {
  "five-nodes.toml": playFiveNodes,
  "web-pair.toml": playWebPair,
  "load-balancer-pair.toml": playLoadBalancerPair,
  "mutual-pair.toml": playMutualPair,
  "database-trio.toml": playDatabaseTrio,
};

Deno.test("examples: every file has a play", () => {
  const files = readdirSync(FOLDER).filter((name) => name.endsWith(".toml"));
  assert.deepEqual(files.toSorted(), Object.keys(PLAYS).toSorted());
});

Deno.test("examples: every file is sound", async () => {
  for (const name of Object.keys(PLAYS)) {
    const loaded = await load(fileURLToPath(new URL(name, FOLDER)));
    assert.equal(loaded.kind, "config", `${name}: ${JSON.stringify(loaded)}`);
  }
});

const reason = missing("tcpdump", "ping");

Deno.test({
  name: nameWith("examples: they fail over", reason),
  ignore: reason !== undefined,
  fn: async (t) => {
    await atMost(AT_ONCE, Object.entries(PLAYS), async ([name, play]) => {
      await t.step({
        name,
        // Plays run beside each other, so that each sees the others' processes.
        sanitizeOps: false,
        sanitizeResources: false,
        sanitizeExit: false,
        fn: () => play(readFileSync(new URL(name, FOLDER), "utf8")),
      });
    });
  },
});
