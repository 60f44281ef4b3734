/**
 * Two or three real daemons on a simulated LAN, and an etcd cluster beside it: whatever is cut,
 * slow, killed or stopped, no two machines answer, and when the faults end one does.
 */
import assert from "node:assert/strict";
import type { Instant, Nanoseconds } from "../../src/time.ts";
import { milliseconds, seconds } from "../../src/time.ts";
import { Cluster, configFrom } from "./cluster.ts";
import { etcdOf, type SimEtcd } from "./etcd.ts";
import { Random } from "./random.ts";

const NAMES = ["pi-a", "pi-b", "pi-c"] as const;
const ADDRESS = "192.168.1.50";
/** FUZZ_RUNS in the environment makes it longer. */
const RUNS = Math.min(2000, Number(Deno.env.get("FUZZ_RUNS") ?? 12));

/** The file of all machines, in which they have these names. */
function fileOf(names: readonly string[], lines: readonly string[] = []): string {
  return [
    "[nodes]",
    ...names.map((name, index) => `${name} = "192.168.1.${11 + index}"`),
    '[cluster]\nsecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"',
    'etcd = ["http://10.0.0.1:2379", "http://10.0.0.2:2379", "http://10.0.0.3:2379"]',
    `[instance.db]\nvrid = 51\naddresses = ["${ADDRESS}/24"]\nexclusive = true`,
    `prefer = [${names.map((name) => `"${name}"`).join()}]`,
    ...lines,
  ].join("\n");
}

class Scene {
  readonly cluster: Cluster;
  readonly etcd: SimEtcd;
  readonly log: string[] = [];
  twice: string | undefined;

  constructor(seed: number, readonly names: readonly string[], lines: readonly string[]) {
    this.cluster = new Cluster(seed);
    this.etcd = etcdOf(this.cluster.lan);
    const file = fileOf(names, lines);
    for (const [index, name] of names.entries()) {
      const addresses = [`192.168.1.${11 + index}/24`];
      this.cluster.createNode(name, [{ name: "eth0", segment: "lan", addresses }]);
      this.cluster.setConfig(name, configFrom(file));
    }
    this.cluster.lan.watch((seen, at) => {
      const line = seen.kind === "journal" ? seen.line : seen.kind === "program" ? seen.what : "";
      if (line !== "" && "node" in seen) this.log.push(`${at / 1e6} ms ${seen.node}: ${line}`);
    });
    for (const name of names) this.cluster.start(name);
  }

  /** The machines that answer for the address. */
  get answering(): readonly string[] {
    return this.cluster.lan.machines()
      .filter((machine) => machine.answersFor(ADDRESS, "lan") !== undefined)
      .map(({ name }) => name);
  }

  /** Lets time pass, and looks after each event who answers. */
  async pass(duration: Nanoseconds): Promise<void> {
    const { lan } = this.cluster;
    const end = (lan.now + duration) as Instant;
    for (let turn = lan.step(end); turn !== undefined; turn = lan.step(end)) {
      await turn;
      const { answering } = this;
      if (answering.length > 1) {
        this.twice ??= `${answering.join(" and ")} answer at ${lan.now / 1e6} ms`;
      }
    }
    await lan.run((end - lan.now) as Nanoseconds);
  }

  /** Milliseconds until `isThere`. */
  async until(what: string, isThere: () => boolean, most: Nanoseconds): Promise<number> {
    const since = this.cluster.lan.now;
    while (!isThere()) {
      assert.ok(this.cluster.lan.now - since < most, `${what}\n${this.log.join("\n")}`);
      await this.pass(milliseconds(1));
    }
    return (this.cluster.lan.now - since) / 1e6;
  }
}

Deno.test("etcd decides: a dead master is succeeded within 5 s, no etcd is no hold", async () => {
  const scene = new Scene(1, ["pi-a", "pi-b"], []);
  const { cluster, etcd } = scene;
  await scene.until("pi-a answers", () => scene.answering[0] === "pi-a", seconds(8));
  await scene.pass(seconds(3));
  // Nobody but etcd is lost: the holder answers until its time is over, and the other never.
  etcd.isDown = true;
  const silent = await scene.until("silence", () => scene.answering.length === 0, seconds(5));
  assert.ok(silent > 1900, `${silent} ms`);
  await scene.pass(seconds(10));
  assert.deepEqual(scene.answering, []);
  etcd.isDown = false;
  await scene.until("one answers again", () => scene.answering.length > 0, seconds(10));
  await scene.until("pi-a has it back", () => scene.answering[0] === "pi-a", seconds(10));
  await scene.pass(seconds(3));
  cluster.lan.kill("pi-a");
  const taken = await scene.until("pi-b", () => scene.answering[0] === "pi-b", seconds(8));
  assert.ok(taken < 5000, `${taken} ms`);
  assert.equal(scene.twice, undefined);
});

Deno.test("etcd decides: a node is cut off from all but etcd, or from etcd alone", async () => {
  const scene = new Scene(2, ["pi-a", "pi-b"], []);
  await scene.until("pi-a answers", () => scene.answering[0] === "pi-a", seconds(8));
  await scene.pass(seconds(3));
  const { paths } = scene.cluster.lan;
  // The nodes do not hear each other: the holder keeps it.
  paths.cut("pi-a", "pi-b");
  paths.cut("pi-b", "pi-a");
  await scene.pass(seconds(20));
  assert.deepEqual(scene.answering, ["pi-a"]);
  paths.healAll();
  await scene.pass(seconds(5));
  // The holder cannot ask etcd: it is silent, and the other one takes over.
  scene.etcd.cutOff.add("pi-a");
  await scene.until("pi-b answers", () => scene.answering[0] === "pi-b", seconds(12));
  await scene.pass(seconds(5));
  assert.deepEqual(scene.answering, ["pi-b"]);
  assert.equal(scene.twice, undefined);
});

Deno.test("etcd decides: nodes that got other names while it was down ask again", async () => {
  const scene = new Scene(3, NAMES, []);
  scene.etcd.isDown = true;
  await scene.pass(seconds(60));
  assert.deepEqual(scene.answering, []);
  const renamed = configFrom(fileOf(["node-a", "node-b", "node-c"]));
  for (const name of NAMES) scene.cluster.reload(name, renamed);
  await scene.pass(seconds(10));
  scene.etcd.isDown = false;
  await scene.until("one holds", () => scene.answering.length === 1, seconds(30));
  assert.equal(scene.twice, undefined);
});

Deno.test("etcd decides: no two answer in random courses, and one does after them", async () => {
  const first = RUNS > 12 ? Math.floor(Math.random() * 1e9) : 1;
  for (let seed = first; seed < first + RUNS; seed++) {
    const random = new Random(seed);
    const names = NAMES.slice(0, 2 + random.u32() % 2);
    const interval = ["1s", "100ms", "3s"][random.u32() % 3] ?? "1s";
    const scene = new Scene(seed, names, [`advert_interval = "${interval}"`]);
    for (let fault = 0; fault < 20; fault++) {
      await scene.pass(milliseconds(random.u32() % 4000));
      befall(scene, random);
    }
    calm(scene);
    // What was told to stop does so first.
    await scene.pass(seconds(8));
    for (const name of names) scene.cluster.start(name);
    const held = () => scene.answering.length === 1;
    await scene.until(`one answers, seed ${seed}`, held, seconds(40));
    await scene.pass(seconds(15));
    assert.equal(scene.twice, undefined, `seed ${seed}\n${scene.log.join("\n")}`);
    assert.equal(scene.answering.length, 1, `seed ${seed}\n${scene.log.join("\n")}`);
  }
});

function befall({ cluster, etcd, names }: Scene, random: Random): void {
  const one = names[random.u32() % names.length] ?? "";
  const other = names[random.u32() % names.length] ?? "";
  const { lan } = cluster;
  const kinds: readonly (() => void)[] = [
    () => etcd.isDown = !etcd.isDown,
    () => etcd.isDown = false,
    () => etcd.delay = milliseconds(random.u32() % 1500),
    () => etcd.delay = milliseconds(2),
    () => etcd.cutOff.add(one),
    () => etcd.cutOff.delete(one),
    () => one !== other && lan.paths.cut(one, other),
    () => one !== other && lan.paths.heal(one, other),
    () => lan.kill(one),
    () => cluster.start(one),
    () => cluster.restart(one, milliseconds(random.u32() % 800)),
    () => cluster.stop(one),
    () => lan.pause(one),
    () => lan.resume(one),
  ];
  kinds[random.u32() % kinds.length]?.();
}

function calm({ cluster, etcd, names }: Scene): void {
  etcd.isDown = false;
  etcd.delay = milliseconds(2);
  etcd.cutOff.clear();
  cluster.lan.paths.healAll();
  for (const one of names) {
    cluster.lan.resume(one);
    cluster.start(one);
  }
}
