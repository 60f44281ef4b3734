/** Field situations of a reload that brings, renames or changes a check: no address is given up. */
import assert from "node:assert/strict";
import { chmodSync, writeFileSync } from "node:fs";
import type { Floatip } from "../../support/interop/floatip.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

/** A script for a check, of the body `says`, that goes with the case. */
async function script(field: Field, says: string): Promise<string> {
  const dir = await Deno.makeTempDir({ prefix: "floatip-field-" });
  field.stack.defer(() => Deno.remove(dir, { recursive: true }));
  chmodSync(dir, 0o755);
  const path = `${dir}/check`;
  writeFileSync(path, `#!/bin/sh\n${says}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** The file of a pair with a check called `name`. */
function withCheck(field: Field, name: string, argv: readonly string[], more = ""): string {
  return field.file({
    lines: [`checks = ["${name}"]`],
    sections: `[check.${name}]\ncommand = ${JSON.stringify(argv)}\nuser = "root"\n${more}`,
  });
}

/**
 * Runs `act` while a client asks the floating address every 20 ms for 5 s; not one answer may be
 * missing.
 */
async function withoutAGap(field: Field, act: () => Promise<unknown>): Promise<void> {
  const client = field.host("client");
  const asked = client.exec(["ping", "-q", "-i", "0.02", "-c", "250", "-W", "3", FLOATING]);
  await act();
  const { stdout, stderr } = await asked;
  assert.match(stdout, / 0% packet loss/, stdout + stderr);
}

/** How many changes of state each has remembered. */
function changes(nodes: readonly Floatip[]): readonly number[] {
  return nodes.map((node) => node.history().filter(({ kind }) => kind === "transition").length);
}

/** Resolves when the check has decided on a node. */
async function untilUp(field: Field, node: Floatip, name: string): Promise<void> {
  await field.until(`${name} is up`, async () => {
    const { checks } = await node.instance();
    return checks.some((check) =>
      check.name === name && check.up && check.last !== "no result yet"
    );
  });
}

fieldCases("reload of checks", [
  {
    name: "new, slow, renamed, changed: on both nodes at once, and not a packet is lost",
    play: async (field) => {
      const nodes = await field.pair();
      const [a, b] = nodes;
      const slow = await script(field, "sleep 0.7");
      const other = await script(field, "exit 0");
      const before = changes(nodes);
      await withoutAGap(field, async () => {
        const reload = async (name: string, argv: readonly string[], more?: string) => {
          const file = withCheck(field, name, argv, more);
          await Promise.all(nodes.map((node) => field.reload(node, file)));
          for (const node of nodes) await untilUp(field, node, name);
        };
        await reload("nginx", [slow], 'interval = "1m"');
        await reload("web", [slow], 'interval = "30s"\nfall = 5');
        await reload("web", [other]);
      });
      assert.deepEqual(changes(nodes), before);
      assert.equal((await a.instance()).state, "master");
      assert.equal((await b.instance()).state, "backup");
    },
  },
  {
    name: "a new one that fails on the master: a row of failures first, then the backup has it",
    play: async (field) => {
      const nodes = await field.pair();
      const [a] = nodes;
      const fails = await script(field, "exit 1");
      const before = changes([a]);
      const failing = withCheck(field, "nginx", [fails], 'interval = "1s"\nfall = 3');
      await field.reload(a, failing);
      await field.until("it was tried", async () => {
        const [check] = (await a.instance()).checks;
        return check !== undefined && check.latency_ms !== null;
      });
      assert.equal((await a.instance()).state, "master");
      assert.deepEqual(changes([a]), before);
      await a.untilState("fault");
      await field.until("b has it", () => field.host("b").holds(FLOATING));
      // Mended by a reload: its first success counts.
      await field.reload(a, withCheck(field, "nginx", ["/bin/true"], 'interval = "1m"'));
      await a.untilState("master");
    },
  },
]);

/**
 * What makes a virtual router another one on the wire, or in the file, but not the one that holds
 * the address.
 */
const ANOTHER: Readonly<Record<string, (file: string) => string>> = {
  "another name": (file) => file.replace("[instance.web]", "[instance.www]"),
  "another VRID": (file) => file.replace("vrid = 51", "vrid = 77"),
  "another version": (file) => file.replace("[instance.web]", "[instance.web]\nversion = 2"),
  "another transport": (file) =>
    file.replace("[instance.web]", '[instance.web]\ntransport = "multicast"'),
};

fieldCases(
  "reload of what a virtual router is",
  Object.entries(ANOTHER).map(([name, another]) => ({
    name: `${name}, on one node after the other: not a packet is lost, and the master stays`,
    play: async (field) => {
      // Slow adverts: a machine that is busy reloads within a master-down interval, too.
      const file = field.file({ interval: "2s" });
      const [a, b] = await field.pair(file);
      const transitions = changes([a]);
      await withoutAGap(field, async () => {
        await field.reload(a, another(file));
        await new Promise((resolve) => setTimeout(resolve, 1500));
        await field.reload(b, another(file));
      });
      await field.untilCode(0, [a, b]);
      const states = await Promise.all([a, b].map(async (node) => (await node.status()).instances));
      assert.deepEqual(states.flat().map(({ state }) => state), ["master", "backup"]);
      assert.deepEqual(changes([a]), transitions);
    },
  })),
);

fieldCases("what a reload says", [
  {
    name: "a check's URL and interval, a hook, metrics and a secret: each is said, no secret is",
    play: async (field) => {
      const file = (url: string, interval: string, rest: string) =>
        field.file({
          lines: ['checks = ["web"]'],
          sections: `[check.web]\nhttp = "${url}"\ninterval = "${interval}"\nweight = -1\n${rest}`,
        });
      const hook = (secret: string) =>
        `[notify]\ncommand = ["/bin/true"]\n` +
        `webhook = { url = "http://127.0.0.1:9/", secret = "${secret}" }`;
      const a = await field.run("a", file("http://127.0.0.1:1/", "2s", ""));
      await a.untilState("master");
      const said = async (text: string) => (await field.reload(a, text)).stdout;
      assert.equal(
        await said(file("http://127.0.0.1:2/", "1s", hook("hunter2"))),
        `reloaded:
  [check.web] http http://127.0.0.1:1/ -> http://127.0.0.1:2/
  [check.web] interval 2s -> 1s
  [check.web] timeout 2s -> 1s
  [notify] added
`,
      );
      assert.equal(
        await said(
          file(
            "http://127.0.0.1:2/",
            "1s",
            `${hook("hunter3")}\n[metrics]\nlisten = "127.0.0.1:9112"`,
          ),
        ),
        `reloaded:
  [notify] webhook secret changed
  [metrics] listen none -> 127.0.0.1:9112
`,
      );
      assert.doesNotMatch(a.log.text, /hunter|nothing changed/);
    },
  },
]);
