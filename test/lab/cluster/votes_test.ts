/**
 * Exclusive instances with the built program: two nodes and a witness in network namespaces. The
 * holder hands over, starts again, is cut off and dies; the witness goes and comes back.
 */
import assert from "node:assert/strict";
import { Answers } from "../../support/cluster/answers.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { until } from "../../support/until.ts";
import { demand } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { FLOATIP } from "../../support/lab/program.ts";

const FILE = [
  "[nodes]",
  'a = "10.77.0.1"',
  'b = "10.77.0.2"',
  "[cluster]",
  'secret = "kJ2vQ0mXw7bN4sT1yR8cZ5pL3hF6gD9aE0uI2oK4jM8"',
  'witnesses = { nas = "10.77.0.3" }',
  "[instance.db]",
  "vrid = 51",
  'addresses = ["10.77.0.100/24"]',
  'prefer = ["a", "b"]',
  'advert_interval = "200ms"',
  "exclusive = true",
  "",
].join("\n");

Deno.test("exclusive: a move, a cut, death: never two answer [needs root]", async (t) => {
  await using lan = await Lan.open({ hosts: ["a", "b", "nas", "client"] });
  await using ends = new AsyncDisposableStack();
  const start = async (name: string) => ends.use(await Floatip.start(lan.host(name), FILE));
  const [a, b, nas] = await Promise.all([start("a"), start("b"), start("nas")]);
  await untilMaster(a, b);
  const answers = ends.use(await Answers.start(lan.host("client"), "10.77.0.100"));

  await t.step("status shows votes, and a witness says what it is", async () => {
    await until("three votes", async () => (await votesOf(a))?.have === 3);
    const votes = await votesOf(a);
    assert.deepEqual([votes?.need, votes?.of], [2, ["a", "b", "nas"]]);
    assert.ok((votes?.epoch ?? 0) > 0);
    assert.equal((await nas.status()).witness, true);
    const text = await words(lan.host("a"), a, "status");
    assert.match(text, /votes: 3 of 3 \(2 needed\), for \d+ ms more, epoch \d+/);
  });

  await t.step("a handover, and back", async () => {
    await words(lan.host("a"), a, "handover", "db");
    await untilMaster(b, a);
    await words(lan.host("a"), a, "handover", "db", "--back");
    await untilMaster(a, b);
  });

  await t.step("the witness dies and comes back: nothing moves", async () => {
    const before = a.log.text.length;
    nas.child.kill("SIGKILL");
    await until("two votes", async () => (await votesOf(a))?.have === 2);
    const { attention } = await a.status();
    assert.ok(attention.some((one) => one.includes("2 of 3 votes")), attention.join("\n"));
    ends.use(await nas.again());
    await until("three votes again", async () => (await votesOf(a))?.have === 3);
    assert.doesNotMatch(a.log.text.slice(before), /->/);
  });

  await t.step("the holder is cut off: silent before the other one answers", async () => {
    const before = b.log.text.length;
    await link(lan.host("a"), "down");
    await untilMaster(b, undefined);
    assert.match(b.log.text.slice(before), /backup -> master/);
    await link(lan.host("a"), "up");
    await untilMaster(a, b);
  });

  await t.step("the holder is killed", async () => {
    a.child.kill("SIGKILL");
    await untilMaster(b, undefined);
  });

  await t.step("one machine answered after the other, never two at one time", async () => {
    await until("b to be heard", () => Promise.resolve(answers.spells.length >= 6));
    const told = JSON.stringify(answers.spells);
    assert.equal(answers.spells.length, 6, told);
    assert.equal(answers.turns(100), 0, told);
  });
});

/** Resolves when `holder` is master and `other` is not. */
async function untilMaster(holder: Floatip, other: Floatip | undefined): Promise<void> {
  await until(() => `${holder.host.name} to hold it\n${holder.log.text}`, async () => {
    const [one] = (await holder.status()).instances;
    const [two] = other === undefined ? [] : (await other.status()).instances;
    assert.ok(one?.state !== "master" || two?.state !== "master", "two masters");
    return one?.state === "master";
  });
}

async function votesOf(floatip: Floatip) {
  return (await floatip.status()).instances[0]?.votes;
}

async function words(host: LabHost, { folder }: Floatip, ...command: readonly string[]) {
  const argv = host.argv([...FLOATIP, ...command, "--run-dir", `${folder}/run`]);
  return await demand(argv);
}

async function link(host: LabHost, state: "up" | "down"): Promise<void> {
  await demand(host.argv(["ip", "link", "set", "eth0", state]));
}
