/** The shipped examples load without a problem, and each node plans what they promise. */
import assert from "node:assert/strict";
import { type Machine, plan } from "../../../src/config/plan/plan_node.ts";
import { decode } from "../../../src/config/decode.ts";
import { load } from "../../../src/config/load.ts";
import { formatIp } from "../../../src/net/ip.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import { machine } from "../../support/config/machines.ts";

const FOLDER = new URL("../../../packaging/examples/", import.meta.url);

function read(name: string): string {
  return Deno.readTextFileSync(new URL(name, FOLDER));
}

/** "instance: priority transport addresses@interface [peers]" of each plan. */
function shown(
  text: string,
  where: Machine,
): { readonly node: string; readonly plans: readonly string[] } {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  assert.deepEqual(decoded.warnings, []);
  const { node, problems } = plan(decoded.config, where, undefined, undefined);
  assert.deepEqual(problems, []);
  const plans = node.plans.map(({ name, rules, virtualAddresses: held, waiting }) => {
    assert.deepEqual(waiting, []);
    const addresses = held.map(({ prefix, interface: wire, label }) =>
      `${formatPrefix(prefix)}@${label ?? wire}`
    );
    const peers = rules.peers.map(formatIp).join(" ");
    const { version, priority, transport } = rules;
    return `${name}: v${version} ${priority} ${transport} ${addresses} [${peers}]`;
  });
  return { node: node.node, plans };
}

Deno.test("every example loads without a problem", async () => {
  const names = [...Deno.readDirSync(FOLDER)].map(({ name }) => name).filter((name) =>
    name.endsWith(".toml")
  );
  assert.deepEqual(names.toSorted(), [
    "database-trio.toml",
    "five-nodes.toml",
    "load-balancer-pair.toml",
    "mutual-pair.toml",
    "web-pair.toml",
  ]);
  for (const name of names) {
    const loaded = await load(new URL(name, FOLDER).pathname);
    assert.equal(loaded.kind, "config", name);
  }
});

Deno.test("five-nodes.toml: one file, five priorities", () => {
  for (const [index, priority] of [200, 190, 180, 170, 160].entries()) {
    const peers = [11, 12, 13, 14, 15].filter((last) => last !== 11 + index).map((last) =>
      `192.168.1.${last}`
    );
    assert.deepEqual(
      shown(read("five-nodes.toml"), machine({ eth0: [`192.168.1.${11 + index}/24`] })),
      {
        node: `node-${index + 1}`,
        plans: [`service: v3 ${priority} unicast 192.168.1.50/24@eth0 [${peers.join(" ")}]`],
      },
    );
  }
});

Deno.test("web-pair.toml: VRRPv2 with a password, one file per node", () => {
  const first = read("web-pair.toml");
  const second = first.replace(/^name = "web-1"$/m, 'name = "web-2"').replace(
    /^priority = 150/m,
    "priority = 110",
  );
  assert.deepEqual(shown(first, machine({ eth0: ["192.168.1.11/24"] })), {
    node: "web-1",
    plans: ["web: v2 150 multicast 192.168.1.51/24@eth0 []"],
  });
  assert.deepEqual(shown(second, machine({ eth0: ["192.168.1.12/24"] })), {
    node: "web-2",
    plans: ["web: v2 110 multicast 192.168.1.51/24@eth0 []"],
  });
});

Deno.test("load-balancer-pair.toml: one address, two priorities", () => {
  for (
    const [node, own, other, priority] of [["lb-1", 21, 22, 200], ["lb-2", 22, 21, 190]] as const
  ) {
    assert.deepEqual(
      shown(read("load-balancer-pair.toml"), machine({ eth0: [`192.168.1.${own}/24`] })),
      {
        node,
        plans: [`public: v3 ${priority} unicast 192.168.1.60/24@eth0 [192.168.1.${other}]`],
      },
    );
  }
});

Deno.test("mutual-pair.toml: each node master of one, different interface names, labels", () => {
  const text = read("mutual-pair.toml");
  assert.deepEqual(shown(text, machine({ eth0: ["192.168.1.31/24"] })), {
    node: "files-1",
    plans: [
      "home: v3 200 unicast 192.168.1.71/24@eth0:home [192.168.1.32]",
      "media: v3 190 unicast 192.168.1.72/24@eth0:media [192.168.1.32]",
    ],
  });
  assert.deepEqual(shown(text, machine({ enp3s0: ["192.168.1.32/24"] })), {
    node: "files-2",
    plans: [
      "home: v3 190 unicast 192.168.1.71/24@enp3s0:home [192.168.1.31]",
      "media: v3 200 unicast 192.168.1.72/24@enp3s0:media [192.168.1.31]",
    ],
  });
});

Deno.test("database-trio.toml: unicast, 255, 254, 253, an address of another subnet", () => {
  for (const [index, priority] of [255, 254, 253].entries()) {
    const peers = [11, 12, 13].filter((last) => last !== 11 + index).map((last) => `10.0.1.${last}`)
      .join(" ");
    assert.deepEqual(
      shown(read("database-trio.toml"), machine({ ens18: [`10.0.1.${11 + index}/24`] })),
      {
        node: `db-${index + 1}`,
        plans: [`primary: v3 ${priority} unicast 10.0.2.100/8@ens18 [${peers}]`],
      },
    );
  }
});
