import assert from "node:assert/strict";
import type { ReloadAnswer } from "../../../src/control/api.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { load } from "../../../src/config/load.ts";
import { Reloader } from "../../../src/service/reload.ts";

const GOOD = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
const BAD = GOOD.replace("51", "0");

/**
 * A reloader of a file of its own, whose clock counts seconds; `applied` is what was put in force.
 */
async function scene(
  body: (of: {
    readonly reloader: Reloader;
    readonly applied: readonly Config[];
    /** What was logged. */
    readonly lines: readonly string[];
    write(text: string): Promise<void>;
  }) => Promise<void>,
  changes: readonly string[] = ["web: vrid 51 -> 52"],
): Promise<void> {
  const file = await Deno.makeTempFile({ prefix: "floatip-", suffix: ".toml" });
  const applied: Config[] = [];
  const lines: string[] = [];
  let clock = 0;
  try {
    await Deno.writeTextFile(file, GOOD);
    const reloader = new Reloader({
      file,
      config: configOf(GOOD),
      load,
      log: { write: (_, line) => void lines.push(line) },
      systemd: undefined,
      apply: (config, reply) => {
        applied.push(config);
        reply(changes);
      },
      now: () => `second ${clock++}`,
    });
    const write = (text: string) => Deno.writeTextFile(file, text);
    await body({ reloader, applied, lines, write });
  } finally {
    await Deno.remove(file);
  }
}

Deno.test("a reloader: requests share the reload that waits; a failed one ends none", async () => {
  let loads = 0;
  const gate = Promise.withResolvers<void>();
  const reloader = new Reloader({
    file: "f",
    config: configOf(GOOD),
    load: async () => {
      loads++;
      await gate.promise;
      if (loads === 2) throw new Error("not foreseen");
      return { kind: "problems", problems: [] };
    },
    log: { write: () => {} },
    systemd: undefined,
    apply: () => {},
    now: () => "now",
  });
  const first = reloader.reload();
  // The first has begun, and may have read the file already: the others need another one.
  while (loads === 0) await Promise.resolve();
  const others = Array.from({ length: 1000 }, () => reloader.reload());
  gate.resolve();
  assert.deepEqual(await first, { applied: false, problems: [] });
  for (const other of others) {
    const answer = await other;
    assert.ok(!answer.applied && answer.problems[0]?.what.includes("floatip itself failed"));
  }
  assert.equal(loads, 2);
  assert.equal((await reloader.reload()).applied, false);
  assert.equal(loads, 3);
});

Deno.test("a reloader says since when what is in force, and how the latest reload went", () =>
  scene(async ({ reloader, applied, write }) => {
    assert.deepEqual(reloader.status(), { config_since: "second 0", last_reload: null });

    await write(BAD);
    assert.equal((await reloader.reload()).applied, false);
    const refused = { at: "second 1", applied: false, problems: 1 };
    assert.deepEqual(reloader.status(), { config_since: "second 0", last_reload: refused });
    assert.equal(applied.length, 0);

    await write(GOOD);
    assert.deepEqual(await reloader.reload(), {
      applied: true,
      changes: ["web: vrid 51 -> 52"],
      warnings: [],
    });
    const last_reload = { at: "second 2", applied: true, problems: 0 };
    assert.deepEqual(reloader.status(), { config_since: "second 2", last_reload });
    assert.equal(applied.length, 1);
  }));

Deno.test("a reloader logs so many changes, and answers with all of them", () =>
  scene(async ({ reloader, write, lines }) => {
    await write(GOOD);
    const answer = await reloader.reload();
    assert.equal(answer.applied && answer.changes.length, 60);
    assert.match(lines.at(-1) ?? "", /: change 0; change 1; .*; change 49; and 10 more$/);
  }, Array.from({ length: 60 }, (_, i) => `change ${i}`)));

const VOTING = (nodes: string, witnesses: string) =>
  `[nodes]\n${nodes}\n[cluster]\nsecret = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"\n` +
  `witnesses = ${witnesses}\n[instance.db]\nvrid = 51\naddresses = ["10.0.0.50/24"]\n` +
  "exclusive = true\n";

/** What is said of a file that was refused. */
function refusalOf(answer: ReloadAnswer): string {
  assert.equal(answer.applied, false);
  return answer.applied ? "" : JSON.stringify(answer.problems);
}

Deno.test("voters: a witness is replaced in one step, most of them are not", async () => {
  const nodes = 'a = "10.0.0.1"\nb = "10.0.0.2"';
  await scene(async ({ reloader, applied, write }) => {
    await write(VOTING(nodes, '{ nas = "10.0.0.3" }'));
    assert.equal((await reloader.reload()).applied, true);
    await write(VOTING(nodes, '{ pc = "10.0.0.4" }'));
    assert.equal((await reloader.reload()).applied, true);
    await write(VOTING(nodes, '{ nas = "10.0.0.3", w = "10.0.0.5", x = "10.0.0.6" }'));
    assert.match(refusalOf(await reloader.reload()), /The new ones alone would be a majority/);
    await write(VOTING('a = "10.0.0.1"\nc = "10.0.0.7"', '{ nas = "10.0.0.3" }'));
    const refusal = refusalOf(await reloader.reload());
    assert.match(refusal, /the voters change from a, b, pc to a, c, nas in one step/);
    assert.match(refusal, /Those that stay are no majority of those that vote now/);
    assert.equal(applied.length, 2);
  });
});

Deno.test("voters: another machine under the same name is another one", async () => {
  await scene(async ({ reloader, lines, write }) => {
    await write(VOTING('a = "10.0.0.1"\nb = "10.0.0.2"', '{ nas = "10.0.0.3" }'));
    assert.equal((await reloader.reload()).applied, true);
    await write(VOTING('a = "10.0.0.1"\nb = "10.0.0.8"', '{ nas = "10.0.0.9" }'));
    assert.equal((await reloader.reload()).applied, false);
    assert.match(lines.join("\n"), /the voters change from a, b, nas to a, b, nas in one step/);
  });
});

Deno.test("from votes to etcd, and back, a reload refuses: all machines have to stop", async () => {
  const nodes = 'a = "10.0.0.1"\nb = "10.0.0.2"';
  const votes = VOTING(nodes, '{ nas = "10.0.0.3" }');
  const etcd = votes.replace(/witnesses = .*/, 'etcd = ["http://10.0.0.9:2379"]');
  for (const [first, second] of [[votes, etcd], [etcd, votes]]) {
    await scene(async ({ reloader, lines, write }) => {
      await write(first ?? "");
      assert.equal((await reloader.reload()).applied, true);
      await write(second ?? "");
      const told = refusalOf(await reloader.reload());
      assert.match(lines.join("\n"), /the old configuration stays in force/);
      assert.match(told, /what decides on exclusive instances changes between votes and etcd/);
      assert.match(told, /stop floatip on all machines, change the file there, and start it again/);
    });
  }
});

Deno.test("from votes to etcd by way of a file without exclusive: refused too", async () => {
  const votes = VOTING('a = "10.0.0.1"\nb = "10.0.0.2"', '{ nas = "10.0.0.3" }');
  await scene(async ({ reloader, write }) => {
    for (const file of [votes, votes.replace("exclusive = true", "exclusive = false")]) {
      await write(file);
      assert.equal((await reloader.reload()).applied, true);
    }
    await write(votes.replace(/witnesses = .*/, 'etcd = ["http://10.0.0.9:2379"]'));
    assert.match(refusalOf(await reloader.reload()), /changes between votes and etcd/);
    await write(votes);
    assert.equal((await reloader.reload()).applied, true);
  });
});

Deno.test("to another etcd a reload refuses; some other members are the same one", async () => {
  const nodes = 'a = "10.0.0.1"\nb = "10.0.0.2"';
  const fileOf = (hosts: readonly string[], more = "") =>
    VOTING(nodes, "{}").replace(
      "witnesses = {}",
      `etcd = [${hosts.map((host) => `"http://10.0.0.${host}"`).join()}]${more}`,
    );
  await scene(async ({ reloader, write }) => {
    for (const hosts of [["7", "8", "9"], ["7:2379", "8", "6"], ["6", "7", "8", "5", "4"]]) {
      await write(fileOf(hosts));
      assert.equal((await reloader.reload()).applied, true, hosts.join());
    }
    await write(fileOf(["6", "2", "3"]));
    const members = /the members of etcd change from 10.0.0.6:2379, .* to 10.0.0.6:2379, 10.0.0.2/;
    assert.match(refusalOf(await reloader.reload()), members);
    await write(fileOf(["6", "7", "8"], '\netcd_prefix = "other/"'));
    assert.match(refusalOf(await reloader.reload()), /etcd_prefix changes from floatip\/ to other/);
  });
});

function configOf(text: string): Config {
  const decoded = decode(text);
  return decoded.kind === "config" ? decoded.config : assert.fail();
}
