/**
 * Field situations of other nodes: what is known of one that never ran, was killed, left, or is
 * off.
 */
import assert from "node:assert/strict";
import type { NodeStatus } from "../../../src/control/api.ts";
import type { Floatip } from "../../support/interop/floatip.ts";
import type { Outcome } from "../../support/lab/command.ts";
import { FLOATIP, LAB_ENVIRONMENT } from "../../support/lab/program.ts";
import { Keepalived } from "../../support/interop/keepalived.ts";
import { type Field, fieldCases, FLOATING } from "../../support/field/field.ts";

/** Drops what comes in, but what this machine has asked for: a default-deny filter. */
const DENY = `table inet field {
  chain input {
    type filter hook input priority 0; policy drop; ct state established,related accept;
  }
}
`;

fieldCases("other nodes", [
  {
    name: "floatip never ran on b: attention on a, until it runs there",
    play: async (field) => {
      const a = await field.run("a");
      await untilNode(field, a, "b", "not-running");
      const seen = await field.status(a);
      assert.equal(seen.code, 1, seen.text);
      assert.match(seen.text, /- floatip does not run on b: nothing at 10\.77\.0\.2 takes VRRP\n/);
      assert.match(seen.text, /b \(10\.77\.0\.2\) +floatip does not run there/);
      const b = await field.run("b");
      await untilNode(field, a, "b", "up");
      await field.untilCode(0, [a, b]);
      // What asked was no advert to anybody.
      assert.deepEqual((await b.status()).rejects, {});
    },
  },
  {
    name: "a master that was killed is lost until it is heard again",
    play: async (field) => {
      const [a, b] = await field.pair();
      await untilNode(field, b, "a", "up");
      await a.crash();
      await untilNode(field, b, "a", "lost");
      const seen = await field.status(b);
      assert.equal(seen.code, 1, seen.text);
      assert.match(seen.text, /lost \S+ m?s ago \(was master, said no goodbye\)/);
      await field.until(
        "b says that floatip does not run on a",
        async () => /a is lost: .*does not run there/.test((await field.status(b)).text),
      );
      const again = await field.run("a");
      await again.untilState("master");
      await field.untilCode(0, [again, b]);
    },
  },
  {
    name: "a killed master that runs again as backup is up, also where adverts go to a group",
    play: async (field) => {
      const file = field.file({ lines: ['transport = "multicast"', "preempt = false"] });
      const [a, b] = await field.pair(file);
      await untilNode(field, b, "a", "up");
      await a.crash();
      await untilNode(field, b, "a", "lost");
      const again = await field.run("a", file);
      await again.untilState("backup");
      await untilNode(field, b, "a", "up");
      await field.untilCode(0, [again, b]);
    },
  },
  {
    name: "a node that was stopped in order has left, and does not run",
    play: async (field) => {
      const [a, b] = await field.pair();
      await untilNode(field, b, "a", "up");
      await a.stop();
      await untilNode(field, b, "a", "left");
      await field.until(
        "b says that floatip does not run on a",
        async () => (await field.status(b)).text.includes("not run on a: it left in order"),
      );
      const { code, document } = await field.status(b);
      assert.equal(code, 1);
      assert.equal(nodeIn(document.nodes, "a").state, "left");
    },
  },
  {
    name: "a machine that is off does not answer, one that filters all is not judged",
    programs: ["nft"],
    play: async (field) => {
      await field.host("b").unplug();
      const a = await field.run("a");
      await field.until(
        "a says that b does not answer",
        async () => /- b does not answer/.test((await field.status(a)).text),
      );
      assert.equal((await field.status(a)).code, 1);
      await field.nft("b", DENY);
      await field.host("b").plug();
      await untilNode(field, a, "b", "unknown");
      await field.untilCode(0, [a]);
    },
  },
  {
    name: "keepalived on b: VRRP runs there, and it is not told of what asked",
    programs: ["keepalived"],
    play: async (field) => {
      const a = await field.run("a", field.file({ interval: "1s" }));
      await a.untilState("master");
      const [own, peer] = [field.host("b").address, field.host("a").address];
      const b = field.stack.use(
        await Keepalived.start(field.host("b"), {
          vrid: 51,
          priority: 100,
          version: 3,
          intervalMs: 1000,
          addresses: [`${FLOATING}/24`],
          unicast: { source: own, peers: [peer] },
        }),
      );
      await untilNode(field, a, "b", "up");
      const { text } = await field.status(a);
      assert.match(text, /b \(10\.77\.0\.2\) +VRRP runs there/);
      assert.doesNotMatch(b.log.text, /VRID|too short|invalid|mismatch/i);
    },
  },
  {
    name: "UDP: a closed port is a node on which floatip does not run, an open one is up",
    play: async (field) => {
      const file = field.file({ lines: ['transport = "udp"'] });
      const a = await field.run("a", file);
      await untilNode(field, a, "b", "not-running");
      const b = await field.run("b", file);
      await untilNode(field, a, "b", "up");
      await field.untilCode(0, [a, b]);
      assert.deepEqual((await b.status()).rejects, {});
    },
  },
]);

/** `floatip check` of the file that a daemon runs with, on its host. */
function check({ host, configFile }: Floatip): Promise<Outcome> {
  return host.exec([...FLOATIP, "check", configFile], { env: LAB_ENVIRONMENT });
}

/** Resolves when `floatip` says that the node called `name` is in `state`. */
async function untilNode(
  field: Field,
  floatip: Floatip,
  name: string,
  state: NodeStatus["state"],
): Promise<void> {
  await field.until(
    `${name} is ${state} for ${floatip.host.name}`,
    async () => nodeIn((await floatip.status()).nodes, name).state === state,
  );
}

function nodeIn(nodes: readonly NodeStatus[], name: string): NodeStatus {
  const found = nodes.find((node) => node.name === name);
  assert.ok(found);
  return found;
}

fieldCases("the source of adverts", [
  {
    name: "two addresses, peers, no source: check says which line is missing, and the line works",
    play: async (field) => {
      const addresses = { a: "10.77.9.1", b: "10.77.9.2" };
      for (const [name, address] of Object.entries(addresses)) {
        await field.host(name).ip("addr", "add", `${address}/24`, "dev", "eth0");
      }
      const file = (peer: string, priority: number, more: readonly string[] = []) =>
        field.file({
          nodes: {},
          addresses: ["10.77.9.100/24"],
          lines: [`peers = ["${peer}"]`, `priority = ${priority}`, ...more],
        });
      // The first address of eth0 is another one than the peers have.
      const a = await field.run("a", file(addresses.b, 200));
      const said = await check(a);
      assert.equal(said.code, 1, said.stdout);
      const [, fix] = /(source = "10\.77\.9\.1")/.exec(said.stdout + said.stderr) ?? [];
      assert.ok(fix, said.stdout + said.stderr);
      await field.reload(a, file(addresses.b, 200, [fix]));
      const again = await check(a);
      assert.equal(again.code, 0, again.stdout + again.stderr);
      await a.untilState("master");
      // The other one chooses the address that is in the network of its peer by itself.
      const b = await field.run("b", file(addresses.a, 100));
      await b.untilState("backup");
      await field.untilCode(0, [a, b]);
    },
  },
]);
