/** The example configurations do what their comments promise, each on a network like its own. */
import assert from "node:assert/strict";
import { chmodSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { load } from "../../../src/config/load.ts";
import { seconds, toMilliseconds } from "../../../src/time.ts";
import { masterDown, skew } from "../../../src/vrrp/intervals.ts";
import { playEach } from "../../support/interop/play_each.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { Cluster, PATIENCE_MS } from "../../support/examples/cluster.ts";

const FOLDER = new URL("../../../packaging/examples/", import.meta.url);

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
    .replace(/^priority = 150/m, "priority = 110");
  assert.notEqual(second, file);
  await cluster.startNginx("web-1", "web-2");
  await Promise.all([cluster.start("web-1", file), cluster.start("web-2", second)]);
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
  const [advert] = cluster.capture.advertsOf("192.168.1.1").slice(-1);
  assert.equal(advert?.advert.version, 2);
  assert.equal(new TextDecoder().decode(advert?.advert.auth?.data), "secret12");
  await cluster.assertTakeover("web-1", "web-2", { vrid: 51, version: 2, priority: 110 });
  await cluster.untilHolder("web-2", "web", "192.168.1.51");
  await cluster.host("web-1").plug();
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
  await cluster.assertClaim("nginx dies on web-1", () => cluster.killNginx("web-1"), {
    ...{ name: "web-2", vrid: 51 },
    longestMs: 2000 + masterDownMs(2, 110),
  });
  await cluster.untilHolder("web-2", "web", "192.168.1.51");
  const down = await cluster.judged("web-1", "web", "nginx", false);
  assert.deepEqual([down.base_priority, down.priority, down.faults], [150, 100, []]);
  await cluster.assertClaim("nginx is back on web-1", () => cluster.startNginx("web-1"), {
    ...{ name: "web-1", vrid: 51 },
    longestMs: 2000 + masterDownMs(2, 150),
  });
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
  await cluster.killNginx("web-2");
  assert.equal((await cluster.judged("web-2", "web", "nginx", false)).priority, 60);
  const dead = wallNow();
  await cluster.killNginx("web-1");
  assert.equal((await cluster.judged("web-1", "web", "nginx", false)).priority, 100);
  await cluster.capture.untilMaster("192.168.1.1", PATIENCE_MS, wallNow() + masterDownMs(2, 110));
  assert.deepEqual(cluster.capture.advertsOf("192.168.1.2", dead), [], "nginx is down on both");
  await cluster.untilHolder("web-1", "web", "192.168.1.51");
}

async function playLoadBalancerPair(file: string): Promise<void> {
  await using cluster = await Cluster.open("192.168.1.0/24", [
    { name: "lb-1", address: "192.168.1.21/24" },
    { name: "lb-2", address: "192.168.1.22/24" },
    { name: "client", address: "192.168.1.99/24" },
  ]);
  await cluster.startNginx("lb-1", "lb-2");
  await cluster.start("lb-1", file);
  await cluster.untilHolder("lb-1", "public", "192.168.1.60");
  await cluster.start("lb-2", file);
  await cluster.untilBackup("lb-2", "public");
  await cluster.assertTakeover("lb-1", "lb-2", { vrid: 60, version: 3, priority: 190 });
  await cluster.untilHolder("lb-2", "public", "192.168.1.60");
  await cluster.host("lb-1").plug();
  await cluster.untilHolder("lb-1", "public", "192.168.1.60");
  await cluster.untilBackup("lb-2", "public");
  await cluster.assertClaim("the balancer of lb-1 dies", () => cluster.killNginx("lb-1"), {
    ...{ name: "lb-2", vrid: 60 },
    longestMs: 2000 + skewMs(190),
  });
  await cluster.untilHolder("lb-2", "public", "192.168.1.60");
  const { state, faults } = await cluster.judged("lb-1", "public", "haproxy", false);
  assert.equal(state, "fault");
  assert.match(faults.join("; "), /^check haproxy is down: .*refused/);
  await cluster.assertClaim("the balancer of lb-1 is back", () => cluster.startNginx("lb-1"), {
    ...{ name: "lb-1", vrid: 60 },
    leastMs: 4000,
    longestMs: 5000 + masterDownMs(3, 200),
  });
  await cluster.untilHolder("lb-1", "public", "192.168.1.60");
}

async function playMutualPair(file: string): Promise<void> {
  await using cluster = await Cluster.open("192.168.1.0/24", [
    { name: "files-1", address: "192.168.1.31/24" },
    { name: "files-2", address: "192.168.1.32/24", interface: "enp3s0" },
    { name: "client", address: "192.168.1.99/24" },
  ]);
  const flagOf = (name: string) => `${cluster.folder}/${name}-out-of-service`;
  const fileOf = (name: string) => file.replaceAll("/run/out-of-service", flagOf(name));
  assert.notEqual(fileOf("files-1"), file);
  await Promise.all(["files-1", "files-2"].map((name) => cluster.start(name, fileOf(name))));
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
  await cluster.assertClaim("files-1 goes out of service", () => touch(flagOf("files-1")), {
    ...{ name: "files-2", vrid: 71 },
    longestMs: 500 + skewMs(190),
  });
  await cluster.untilHolder("files-2", "home", "192.168.1.71");
  await cluster.untilHolder("files-2", "media", "192.168.1.72");
  assert.equal((await cluster.judged("files-1", "home", "in-service", false)).priority, 170);
  assert.equal((await cluster.judged("files-1", "media", "in-service", false)).priority, 160);
  await cluster.assertClaim("files-1 is in service again", () => rmSync(flagOf("files-1")), {
    ...{ name: "files-1", vrid: 71 },
    longestMs: 500 + masterDownMs(3, 200),
  });
  await assertBothWork();
}

async function playDatabaseTrio(file: string): Promise<void> {
  await using cluster = await Cluster.open("10.0.1.0/24", [
    { name: "db-1", address: "10.0.1.11/24" },
    { name: "db-2", address: "10.0.1.12/24" },
    { name: "db-3", address: "10.0.1.13/24" },
    { name: "client", address: "10.0.9.9/8" },
  ]);
  const fileOf = (name: string) => withDatabase(file, cluster.folder, name);
  const readyOf = (name: string) => `${cluster.folder}/${name}-ready`;
  for (const name of ["db-1", "db-2", "db-3"]) touch(readyOf(name));
  const started = wallNow();
  await cluster.start("db-1", fileOf("db-1"));
  const claim = await cluster.capture.untilMaster("10.0.1.11", PATIENCE_MS, started);
  console.log(`  db-1 claimed its address ${(claim.at - started).toFixed(0)} ms after its start`);
  await Promise.all(["db-2", "db-3"].map((name) => cluster.start(name, fileOf(name))));
  await cluster.untilBackup("db-2", "primary");
  await cluster.untilHolder("db-1", "primary", "10.0.2.100");
  const ping = await cluster.host("client").exec(["ping", "-c1", "-W1", "10.0.2.100"]);
  assert.equal(ping.code, 0, "a client of 10.0.0.0/8 reaches it");
  assert.equal(readFileSync(`${cluster.folder}/db-1-user`, "utf8"), "nobody\n");
  await cluster.assertClaim("the database of db-1 hangs", () => rmSync(readyOf("db-1")), {
    ...{ name: "db-2", vrid: 100 },
    // Up to an interval to the first attempt, another to the second, and the time after which that
    // is killed.
    longestMs: 2000 + 2000 + 1000 + skewMs(254),
  });
  await cluster.untilHolder("db-2", "primary", "10.0.2.100");
  const hung = await cluster.judged("db-1", "primary", "postgres", false);
  assert.equal(hung.state, "fault");
  assert.deepEqual(hung.faults, ["check postgres is down: killed after 1 s"]);
  await cluster.assertClaim("the database of db-1 answers", () => touch(readyOf("db-1")), {
    ...{ name: "db-1", vrid: 100 },
    leastMs: 4 * 2000,
    longestMs: 5 * 2000,
  });
  await cluster.untilHolder("db-1", "primary", "10.0.2.100");
  await cluster.assertTakeover("db-1", "db-2", { vrid: 100, version: 3, priority: 254 });
  await cluster.untilHolder("db-2", "primary", "10.0.2.100");
  await cluster.assertTakeover("db-2", "db-3", { vrid: 100, version: 3, priority: 253 });
  await cluster.untilHolder("db-3", "primary", "10.0.2.100");
  await cluster.host("db-1").plug();
  await cluster.untilHolder("db-1", "primary", "10.0.2.100");
}

/**
 * The file with a stand-in for pg_isready, that hangs unless FOLDER/NAME-ready is there and notes
 * who runs it, and with a user that every machine has.
 */
function withDatabase(file: string, folder: string, name: string): string {
  const script = `${folder}/${name}-is-ready`;
  const user = `${folder}/${name}-user`;
  writeFileSync(
    script,
    `#!/bin/sh\nid -un > ${user}\nwhile [ ! -e ${folder}/${name}-ready ]; do sleep 1; done\n`,
  );
  chmodSync(script, 0o755);
  touch(user);
  chmodSync(user, 0o666);
  const changed = file.replace(/^command = .*$/m, `command = ["${script}"]`)
    .replace(/^user = "postgres"/m, 'user = "nobody"');
  assert.match(changed, new RegExp(`command = .*${script}[^]*user = "nobody"`));
  return changed;
}

function touch(path: string): void {
  writeFileSync(path, "");
}

function masterDownMs(version: 2 | 3, priority: number): number {
  return toMilliseconds(masterDown(version, priority, seconds(1)));
}

function skewMs(priority: number): number {
  return toMilliseconds(skew(3, priority, seconds(1)));
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

playEach(
  "examples: they fail over",
  ["tcpdump", "ping", "nginx"],
  Object.entries(PLAYS).map(([name, play]) => ({ name, play })),
  ({ name, play }) => play(readFileSync(new URL(name, FOLDER), "utf8")),
  { atOnce: 3 },
);
