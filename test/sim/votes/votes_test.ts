/** Exclusive instances: whole daemons that vote, with all that may happen to them. */
import assert from "node:assert/strict";
import { milliseconds, seconds } from "../../../src/time.ts";
import { configFrom } from "../cluster.ts";
import { Scene, type SceneOptions } from "./scene.ts";
import { votesRun } from "./run.ts";

const RUNS = Number(Deno.env.get("VOTES_RUNS") ?? 8);
const FROM = Number(Deno.env.get("VOTES_FROM") ?? 1);

Deno.test(`votes: no two answer, and one does in the end, in ${RUNS} runs`, async () => {
  for (let seed = FROM; seed < FROM + RUNS; seed++) {
    const { words, complaints, log } = await votesRun(seed);
    assert.deepEqual(complaints, [], `seed ${seed}, ${words}\n${log.slice(-60).join("\n")}`);
  }
});

Deno.test("what a dying holder's kernel keeps is gone before its fence is", async () => {
  // Its last votes came with an advert. The second advert after that is its last deed: the kernel
  // must not keep the addresses from then on, since what is left of the fence began with the votes.
  const scene = await held({ interval: "1950ms" });
  const rest = () => scene.cluster.status("pi-a")?.instances[0]?.votes?.remaining_ms ?? 0;
  await scene.until(() => rest() > 3900, seconds(2));
  await scene.pass(milliseconds(300));
  for (const other of ["pi-b", "nas"]) {
    scene.cluster.lan.paths.cut("pi-a", other);
    scene.cluster.lan.paths.cut(other, "pi-a");
  }
  await scene.pass(milliseconds(rest() - 25));
  assert.equal(scene.cluster.status("pi-a")?.instances[0]?.state, "master");
  scene.cluster.lan.kill("pi-a");
  await scene.pass(seconds(12));
  assert.deepEqual(scene.answering(), ["pi-b"]);
  assert.deepEqual(scene.twice, []);
});

Deno.test("a holder with a slewed clock holds on, though each rest is short", async () => {
  const { complaints, log } = await votesRun(300000011, { aims: false });
  assert.deepEqual(complaints, [], log.slice(-60).join("\n"));
});

Deno.test("a dead holder is replaced as soon as without votes, and never beside it", async () => {
  const silences = [];
  for (const exclusive of [true, false]) {
    const scene = await held({ exclusive });
    scene.cluster.lan.kill("pi-a");
    assert.ok(await scene.until(() => scene.answering().includes("pi-b"), seconds(10)));
    assert.deepEqual(scene.twice, []);
    const last = scene.log.findLast((line) => line.includes("-> master"));
    silences.push(/no advert from \S+ \S+ for (.*)$/.exec(last ?? "")?.[1]);
  }
  assert.deepEqual(silences, ["3.26 s", "3.26 s"]);
});

Deno.test("a holder that is cut off is silent before the other one answers", async () => {
  const scene = await held({});
  for (const other of ["pi-b", "nas"]) {
    scene.cluster.lan.paths.cut(other, "pi-a");
    scene.cluster.lan.paths.cut("pi-a", other);
  }
  assert.ok(await scene.until(() => scene.answering().length === 0, seconds(4)));
  assert.ok(await scene.until(() => scene.holder() === "pi-b", seconds(4)));
  assert.deepEqual(scene.twice, []);
});

Deno.test("the reason says what a holder had when its lease was lost", async () => {
  const reason = async (scene: Scene) => {
    const told = () => scene.log.findLast((line) => line.includes("pi-a db: master -> backup: "));
    assert.ok(await scene.until(() => told() !== undefined, seconds(4)));
    return told() ?? "";
  };
  const cutOff = await held({});
  for (const other of ["pi-b", "nas"]) cutOff.cluster.lan.paths.cut(other, "pi-a");
  assert.match(await reason(cutOff), /: has 1 of 3 votes and needs 2$/);
  const begun = await held({});
  for (const other of ["pi-b", "nas"]) begun.cluster.lan.kill(other);
  begun.cluster.start("nas");
  const silent = /: has 1 of 3 votes and needs 2; nas has just started and votes in [12]\.\d* s$/;
  assert.match(await reason(begun), silent);
  // It was stopped for longer than its votes lasted, all of one request.
  const stopped = await held({});
  stopped.cluster.lan.pause("pi-a");
  await stopped.pass(seconds(6));
  stopped.cluster.lan.resume("pi-a");
  assert.match(await reason(stopped), /: has 0 of 3 votes and needs 2$/);
});

Deno.test("cut apart from the other node alone, the holder keeps it", async () => {
  const scene = await held({});
  scene.cluster.lan.paths.cut("pi-a", "pi-b");
  scene.cluster.lan.paths.cut("pi-b", "pi-a");
  await scene.pass(seconds(20));
  assert.equal(scene.holder(), "pi-a");
  assert.equal(scene.log.filter((line) => line.includes("-> master")).length, 1);
  assert.deepEqual(scene.twice, []);
});

Deno.test("a witness stands among the nodes, as what is known of it", async () => {
  const scene = await held({});
  const ofNas = (at: string) => {
    const status = scene.cluster.status(at);
    const nas = status?.nodes.find(({ name }) => name === "nas");
    const words = status?.attention.filter((one) => one.startsWith("nas")) ?? [];
    return { state: nas?.state, witness: nas?.witness, votes: nas?.votes_for, words };
  };
  const is = (state: string) => () => ["pi-a", "pi-b"].every((one) => ofNas(one).state === state);
  const well = { state: "up", witness: true, words: [] };
  assert.deepEqual(ofNas("pi-a"), { ...well, votes: ["db"] });
  assert.deepEqual(ofNas("pi-b"), { ...well, votes: [] });
  assert.deepEqual(ofNas("nas"), { ...well, votes: undefined }, "of itself");
  scene.cluster.lan.kill("nas");
  const lost = await scene.until(is("lost"), seconds(3));
  assert.ok(lost !== undefined && lost <= seconds(2), `${lost} ns`);
  await scene.pass(seconds(12));
  const words = ["nas, a witness, is lost: it said no goodbye"];
  assert.deepEqual(ofNas("pi-a"), { state: "lost", witness: true, votes: [], words });
  const [of] = scene.cluster.status("pi-a")?.nodes.filter(({ name }) => name === "nas") ?? [];
  assert.match(of?.words ?? "", /^lost 1[3-5] s ago \(witness, said no goodbye\)$/);
  assert.deepEqual(scene.cluster.status("pi-a")?.ready, { db: 2 }, "it could hold nothing");
  scene.cluster.start("nas");
  assert.ok(await scene.until(is("up"), seconds(5)));
  assert.ok(await scene.until(() => ofNas("pi-a").votes?.[0] === "db", seconds(8)));
  assert.deepEqual(ofNas("pi-a"), { ...well, votes: ["db"] });
  assert.equal(scene.holder(), "pi-a");
  assert.equal(scene.log.filter((line) => line.includes("-> master")).length, 1);
});

Deno.test("a witness that was never there is said to be so", async () => {
  const scene = new Scene({ seed: 1, nodes: ["pi-a", "pi-b"], witnesses: ["nas"], interval: "1s" });
  for (const name of ["pi-a", "pi-b"]) scene.cluster.start(name);
  assert.ok(await scene.until(() => scene.holder() === "pi-a", seconds(20)));
  await scene.pass(seconds(70));
  const nas = scene.cluster.status("pi-a")?.nodes.find(({ name }) => name === "nas");
  assert.equal(nas?.state, "never-heard");
  assert.match(
    scene.cluster.status("pi-a")?.attention.join("\n") ?? "",
    /nas, a witness, was never heard on UDP port 337: floatip does not run there, or/,
  );
});

Deno.test("adverts of 10 s: one that is cut off leaves 16 to 36 s without an answer", async () => {
  const [nodes, witnesses] = [["pi-a", "pi-b"], ["nas"]];
  const scene = new Scene({ seed: 1, nodes, witnesses, interval: "10s" });
  scene.startAll();
  assert.ok(await scene.until(() => scene.holder() === "pi-a", seconds(90)), scene.story());
  await scene.pass(seconds(40));
  for (const other of ["pi-b", "nas"]) {
    scene.cluster.lan.paths.cut(other, "pi-a");
    scene.cluster.lan.paths.cut("pi-a", other);
  }
  assert.ok(await scene.until(() => scene.answering().length === 0, seconds(4)));
  const silence = await scene.until(() => scene.answering().includes("pi-b"), seconds(60));
  assert.ok(silence !== undefined && silence > seconds(16) && silence < seconds(36), `${silence}`);
  assert.deepEqual(scene.twice, []);
});

Deno.test("a handover leaves 10 ms without an answer at most, and never two", async () => {
  const scene = await held({});
  scene.cluster.order("pi-a", {
    kind: "handover",
    instance: "db",
    to: undefined,
    forTime: undefined,
    reply: () => {},
  });
  assert.ok(await scene.until(() => scene.answering().length === 0, seconds(4)));
  const gap = await scene.until(() => scene.holder() === "pi-b", seconds(4));
  assert.ok(gap !== undefined && gap < milliseconds(10), `${gap} ns`);
  assert.deepEqual(scene.twice, []);
});

Deno.test("a restart in place moves nothing", async () => {
  const scene = await held({});
  const before = scene.log.length;
  scene.cluster.restart("pi-a", milliseconds(300));
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-a");
  const moves = scene.log.slice(before).filter((line) => /-> (master|backup)/.test(line));
  assert.deepEqual(moves, []);
});

Deno.test("a witness that dies and comes back moves nothing", async () => {
  const scene = await held({});
  const before = scene.log.length;
  scene.cluster.lan.kill("nas");
  await scene.pass(seconds(10));
  scene.cluster.start("nas");
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-a");
  assert.deepEqual(scene.log.slice(before).filter((line) => line.includes(" db")), []);
});

Deno.test("a witness is replaced by one reload after the other: nothing moves", async () => {
  const scene = await held({ spare: ["pc"] });
  scene.cluster.lan.kill("nas");
  await scene.pass(seconds(10));
  const before = scene.log.length;
  const config = configFrom(scene.toml({ witnesses: ["pc"] }));
  scene.cluster.setConfig("pc", config);
  scene.cluster.start("pc");
  await scene.pass(seconds(10));
  for (const name of ["pi-b", "pi-a"]) {
    scene.cluster.reload(name, config);
    await scene.pass(seconds(10));
  }
  assert.deepEqual(scene.votes("pi-a"), { have: 3, need: 2, of: ["pc", "pi-a", "pi-b"] });
  // It decides now: without the other node the holder stays, and a new process knows it.
  scene.cluster.lan.kill("pi-b");
  await scene.pass(seconds(10));
  assert.equal(scene.holder(), "pi-a");
  assert.deepEqual(movesSince(scene, before), []);
  assert.deepEqual(scene.twice, []);
});

Deno.test("nodes that were not reloaded, or not all, never make two holders", async () => {
  const scene = await held({ spare: ["pc"] });
  const config = configFrom(scene.toml({ witnesses: ["pc"] }));
  scene.cluster.setConfig("pc", config);
  scene.cluster.start("pc");
  await scene.pass(seconds(5));
  // pi-b starts with the new file, and hears pc alone; pi-a and nas have the old one.
  const { paths } = scene.cluster.lan;
  for (const [one, other] of [["pi-a", "pi-b"], ["nas", "pi-b"], ["pi-a", "pc"], ["nas", "pc"]]) {
    paths.cut(one ?? "", other ?? "");
    paths.cut(other ?? "", one ?? "");
  }
  scene.cluster.lan.kill("pi-b");
  scene.cluster.setConfig("pi-b", config);
  scene.cluster.start("pi-b");
  await scene.pass(seconds(30));
  assert.deepEqual(scene.answering(), ["pi-a"]);
  assert.deepEqual(scene.twice, []);
  const [db] = scene.cluster.status("pi-b")?.instances ?? [];
  assert.match(
    db?.votes?.voters ?? "",
    /nas, pi-a, pi-b vote, and this node's file names pc, pi-a/,
  );
});

Deno.test("a node more and a node less, ten seconds apart: nothing moves", async () => {
  const scene = await held({ spare: ["pc", "pi-c"] });
  const before = scene.log.length;
  const nodes = ["pi-a", "pi-b", "pi-c"];
  const more = configFrom(scene.toml({ nodes, prefer: nodes }));
  scene.cluster.setConfig("pi-c", more);
  scene.cluster.start("pi-c");
  for (const name of ["nas", "pi-a", "pi-b"]) {
    await scene.pass(seconds(10));
    scene.cluster.reload(name, more);
  }
  await scene.pass(seconds(10));
  assert.deepEqual(scene.votes("pi-a"), { have: 4, need: 3, of: ["nas", ...nodes] });
  for (const name of ["pi-a", "nas", "pi-b"]) {
    scene.cluster.reload(name, configFrom(scene.toml()));
    await scene.pass(seconds(10));
  }
  assert.deepEqual(scene.votes("pi-a"), { have: 3, need: 2, of: ["nas", "pi-a", "pi-b"] });
  assert.equal(scene.holder(), "pi-a");
  assert.deepEqual(movesSince(scene, before), []);
  assert.deepEqual(scene.twice, []);
});

/** Changes of holder in the log from line `from` on. */
function movesSince(scene: Scene, from: number): readonly string[] {
  return scene.log.slice(from).filter((line) => / db.*-> (master|backup|fault)/.test(line))
    .filter((line) => !/ init -> backup/.test(line));
}

Deno.test("without a majority no node holds it", async () => {
  const scene = await held({});
  scene.cluster.lan.kill("nas");
  scene.cluster.lan.kill("pi-a");
  await scene.pass(seconds(20));
  assert.deepEqual(scene.answering(), []);
});

/** A scene with two nodes and a witness whose better node holds the address. */
async function held(options: Partial<SceneOptions>): Promise<Scene> {
  const nodes = ["pi-a", "pi-b"];
  const scene = new Scene({ seed: 1, nodes, witnesses: ["nas"], interval: "1s", ...options });
  scene.startAll();
  const took = await scene.until(() => scene.holder() === "pi-a", seconds(20));
  assert.ok(took !== undefined, scene.log.join("\n"));
  await scene.pass(seconds(3.3));
  return scene;
}
