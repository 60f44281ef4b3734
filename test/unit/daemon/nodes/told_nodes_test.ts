/** What the status says of a node that speaks, and is not understood. */
import { match, strictEqual } from "node:assert/strict";
import { milliseconds, seconds } from "../../../../src/time.ts";
import { file, TellingNodes } from "../../../support/cluster/telling.ts";

/** A file in which n2 has another name. */
const RENAMED = file(["n2 =", "n2b ="], ['"n2"', '"n2b"']);

/** The lines under attention, as `by` has them, that begin with `name`. */
function attentionTo(nodes: TellingNodes, by: string, name: string): string {
  return nodes.status(by).attention.filter((line) => line.startsWith(`${name} `)).join();
}

Deno.test("told nodes: one that calls itself otherwise is said to, within 2 s", async () => {
  const nodes = new TellingNodes();
  await nodes.run(seconds(10));
  const { cluster } = nodes;
  cluster.setConfig("n2", RENAMED);
  cluster.lan.kill("n2");
  cluster.start("n2");
  await nodes.run(seconds(2));
  const { state, words } = nodes.node("n1", "n2");
  strictEqual(`${state}: ${words}`, "unknown: calls itself n2b: what it says is not believed");
  const said = "n2 calls itself n2b: its file names the nodes otherwise than this node's";
  strictEqual(attentionTo(nodes, "n1", "n2"), said);
  cluster.setConfig("n2", file());
  cluster.lan.kill("n2");
  cluster.start("n2");
  await nodes.run(seconds(2));
  strictEqual(nodes.states("n1"), "n2 up, n3 up");
});

Deno.test("told nodes: one that greets and does not answer was heard", async () => {
  const nodes = new TellingNodes([]);
  const { cluster } = nodes;
  cluster.setConfig("n2", RENAMED);
  for (const name of ["n1", "n2"]) cluster.start(name);
  await nodes.run(seconds(10));
  const { state, words } = nodes.node("n2", "n1");
  const said = "up: its adverts come, it greets on UDP port 337, and does not answer";
  strictEqual(`${state}: ${words}`, said);
  match(
    attentionTo(nodes, "n2", "n1"),
    /^n1 greets .*: a packet filter drops .*, or the file there/,
  );
  match(nodes.node("n2", "n3").words, /^floatip does not run there/);
});

Deno.test("told nodes: how long one is lost is how long ago it was heard", async () => {
  // Its last advert comes up to a second after its last report.
  const often = file(["vrid = 51", 'vrid = 51\nadvert_interval = "100ms"']);
  for (let late = 0; late < 1000; late += 125) {
    const nodes = new TellingNodes(["n1", "n2"], often);
    await nodes.run(milliseconds(10_000 + late));
    nodes.cluster.lan.kill("n1");
    await nodes.run(milliseconds(5100));
    const { words, heard_ms: heard, state } = nodes.node("n2", "n1");
    strictEqual(state, "lost");
    const age = Math.round((heard ?? 0) / 1000);
    strictEqual(
      words,
      `lost ${age} s ago (was master, said no goodbye)`,
      `killed ${late} ms later`,
    );
  }
});
