/**
 * Other voters, with the built program: the witness of an exclusive instance dies, comes back and
 * is replaced, a node comes and goes, by reloads one after the other. Nothing moves.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Answers } from "../../support/cluster/answers.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { Lan } from "../../support/lab/lan.ts";
import { Probe } from "../../support/lab/probe.ts";

const HOSTS = ["a", "b", "nas", "pc", "c", "client"];

/** A file in which these nodes vote, and this witness. */
function fileOf(nodes: readonly string[], witness: string): string {
  const at = (name: string) => `"10.77.0.${HOSTS.indexOf(name) + 1}"`;
  return [
    "[nodes]",
    ...nodes.map((name) => `${name} = ${at(name)}`),
    "[cluster]",
    'secret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"',
    `witnesses = { ${witness} = ${at(witness)} }`,
    "[instance.db]",
    "vrid = 51",
    'addresses = ["10.77.0.100/24"]',
    'prefer = ["a", "b"]',
    "exclusive = true",
    "",
  ].join("\n");
}

const FIRST = fileOf(["a", "b"], "nas");

Deno.test("exclusive: other voters by reloads, nothing moves [needs root]", async (t) => {
  await using lan = await Lan.open({ hosts: HOSTS });
  await using ends = new AsyncDisposableStack();
  const { a, b, nas, start, answers, nothingMoved } = await held(lan, ends);

  await t.step("the witness dies: status degraded, with exit code 1 and the reason", async () => {
    await nas.crash();
    await until("two votes", async () => (await votesOf(a))?.have === 2);
    await saysGone(a);
  });

  await t.step("it comes back: as before", async () => {
    ends.use(await nas.again());
    const back = performance.now();
    await until("a healthy status", async () => (await a.command("status")).code === 0);
    const took = Math.round(performance.now() - back);
    console.log(`healthy ${took} ms after its first answer`);
    assert.ok(took < 5000, `restored within ${took} ms`);
    await saysBack(a);
  });

  await t.step("another one takes its place: files are out of date until then", async () => {
    const file = fileOf(["a", "b"], "pc");
    await start("pc", file);
    await reload(b, file);
    const differ =
      /db: a, b, nas vote, and this node's file names a, b, pc: the change is made when/;
    await until("b to say so", async () => differ.test((await b.status()).attention.join("\n")));
    assert.deepEqual((await votesOf(a))?.of, ["a", "b", "nas"]);
    await reload(a, file);
    await untilVotes(a, "a,b,pc");
    await untilVotes(b, "a,b,pc");
  });

  await t.step("a node more, and one less", async () => {
    await start("c", fileOf(["a", "b", "c"], "pc"));
    await moreAndLess(a, b);
  });

  await t.step("nothing moved, no packet was lost, one machine answered", nothingMoved);

  await t.step("the holder's own file names it no more: another one holds it", async () => {
    await namedNoMore(a, b, answers);
  });
});

/** People go from machine to machine: longer than any promise, between two reloads. */
const APART_MS = 10_000;

Deno.test("exclusive: other voters, reloads 10 s apart, nothing moves [needs root]", async (t) => {
  await using lan = await Lan.open({ hosts: HOSTS });
  await using ends = new AsyncDisposableStack();
  const { a, b, start, nothingMoved } = await held(lan, ends);
  /** One after the other; until the last one nothing is healthy but that a holds it. */
  const apart = async (file: string, ...machines: readonly Floatip[]) => {
    for (const machine of machines) {
      await pause(APART_MS);
      assert.equal((await a.instance("db")).state, "master");
      await reload(machine, file);
    }
  };

  const replaced = fileOf(["a", "b"], "pc"), more = fileOf(["a", "b", "c"], "pc");
  const pc = await start("pc", replaced);

  await t.step("another witness: the holder is the last to hear of it", async () => {
    await apart(replaced, b, a);
    await untilVotes(a, "a,b,pc");
    await untilVotes(b, "a,b,pc");
  });

  await t.step("a node more: the holder is the first", async () => {
    await start("c", more);
    await apart(more, a, pc, b);
    await untilVotes(a, "a,b,c,pc");
  });

  await t.step("and one less: the holder is between the others", async () => {
    await apart(replaced, pc, a, b);
    await untilVotes(a, "a,b,pc");
    await untilVotes(b, "a,b,pc");
  });

  await t.step("nothing moved, no packet was lost, one machine answered", nothingMoved);
});

/** a holds the address with three votes, all is well, and a client asks for it from now on. */
async function held(lan: Lan, ends: AsyncDisposableStack) {
  const start = async (name: string, file = FIRST) =>
    ends.use(await Floatip.start(lan.host(name), file));
  const [a, b, nas] = await Promise.all([start("a"), start("b"), start("nas")]);
  await until("a to hold it", async () => (await a.instance("db")).state === "master");
  await until("three votes", async () => (await votesOf(a))?.have === 3);
  await until("a healthy status", async () => (await a.command("status")).code === 0);
  const before = a.log.text.length;
  const answers = ends.use(await Answers.start(lan.host("client"), "10.77.0.100"));
  const probe = ends.use(await Probe.start(lan.host("client"), "10.77.0.100"));
  const since = Date.now();
  const nothingMoved = async () => {
    assert.doesNotMatch(a.log.text.slice(before), /master ->/);
    await probe.settled();
    assert.deepEqual(probe.outages(since), []);
    assert.equal(answers.spells.length, 1);
  };
  return { a, b, nas, start, answers, nothingMoved };
}

/** What `a` says of the witness that is gone. */
async function saysGone(a: Floatip): Promise<void> {
  await until("nas to be lost", async () => (await nasOn(a))?.state === "lost");
  assert.equal((await a.command("status")).code, 1);
  assert.equal((await a.command("status", "nas")).code, 1);
  assert.deepEqual((await nasOn(a))?.votes_for, []);
  const words = (await a.status()).attention.join("\n");
  assert.match(
    words,
    /db: 2 of 3 votes, 2 are needed: with one less no node holds the addresses/,
  );
  assert.match(words, /^nas, a witness, is lost: it said no goodbye$/m);
  const text = (await a.command("status")).stdout;
  assert.match(text, /nas +lost .* ago +lost \d+ s ago \(witness, said no goodbye\)/);
  const metrics = await a.metrics();
  assert.match(metrics, /^floatip_votes\{.*\} 2$/m);
  assert.match(metrics, /^floatip_node_up\{node="nas"\} 0$/m);
  assert.match(metrics, /^floatip_witnesses_up 0$/m);
  assert.match(metrics, /^floatip_nodes_up 2$/m);
}

/** What it says of the one that is back. */
async function saysBack(a: Floatip): Promise<void> {
  assert.equal((await votesOf(a))?.have, 3);
  assert.deepEqual(await nasOn(a).then((one) => [one?.state, one?.witness, one?.votes_for]), [
    "up",
    true,
    ["db"],
  ]);
  assert.match((await a.command("status")).stdout, /nas +witness .* ago.* votes for this node/);
  const { code, stdout } = await a.command("status", "nas");
  assert.equal(code, 0);
  assert.match(stdout, /^a witness: it votes, and holds no address$/m);
  assert.match(await a.metrics(), /^floatip_witnesses_up 1$/m);
}

async function moreAndLess(a: Floatip, b: Floatip): Promise<void> {
  for (const one of [b, a]) await reload(one, fileOf(["a", "b", "c"], "pc"));
  await untilVotes(a, "a,b,c,pc");
  for (const one of [a, b]) await reload(one, fileOf(["a", "b"], "pc"));
  await untilVotes(a, "a,b,pc");
}

/** `a` holds it, and is reloaded with a file that does not name it. */
async function namedNoMore(a: Floatip, b: Floatip, answers: Answers): Promise<void> {
  await reload(a, fileOf(["b", "c"], "pc").replace('["a", "b"]', '["b", "c"]'));
  await until("b to hold it", async () => (await b.instance("db")).state === "master");
  assert.equal((await a.instance("db")).state, "fault");
  await until("b to answer", () => answers.spells.length > 1);
  assert.equal(answers.spells.length, 2);
  console.log(`${answers.gaps()[0]?.toFixed(0)} ms without an answer`);
}

/** The witness in the status of `floatip`. */
async function nasOn(floatip: Floatip) {
  return (await floatip.status()).nodes.find(({ name }) => name === "nas");
}

async function votesOf(floatip: Floatip) {
  return (await floatip.instance("db")).votes;
}

/** Until these vote, all of them where `floatip` holds, and its file says the same. */
async function untilVotes(floatip: Floatip, of: string): Promise<void> {
  await until(`${of} to vote\n${floatip.log.text}`, async () => {
    const { state, votes } = await floatip.instance("db");
    const isWhole = state !== "master" || votes?.have === votes?.of.length;
    return votes?.of.join() === of && votes.voters === null && isWhole;
  });
}

async function reload(floatip: Floatip, file: string): Promise<void> {
  writeFileSync(floatip.configFile, file);
  const { code, stderr } = await floatip.command("reload");
  assert.equal(code, 0, stderr);
}
