/** Status of nodes that tell each other their state: the table of all, and one node by itself. */
import assert from "node:assert/strict";
import type {
  InstanceStatus,
  NodeInstanceStatus,
  NodeStatus,
  StatusDocument,
} from "../../../../src/control/api.ts";
import { nodeLines, nodeVerdict } from "../../../../src/cli/status/node_text.ts";
import { statusLines } from "../../../../src/cli/status/text.ts";
import { widthOf } from "../../../../src/cli/table.ts";
import { ansi, plain } from "../../../../src/cli/terminal.ts";
import { golden } from "../../../support/golden.ts";
import {
  ago,
  backup,
  documentOf,
  master,
  NOW,
  SILENT,
  SPEAKING,
  UP,
} from "../../../support/cli/documents.ts";

const NGINX = { name: "nginx", up: true, last: "200 in 3 ms", since: ago(240_000) };

/** What a node that is well tells of web. */
function told(changes: Partial<NodeInstanceStatus> = {}): NodeInstanceStatus {
  return {
    name: "web",
    family: "ipv4",
    state: "backup",
    priority: 190,
    base_priority: 190,
    since: ago(3 * 3600_000),
    cause: "pi-a (192.168.1.11) has priority 200",
    faults: [],
    checks: [NGINX],
    master: "pi-a",
    source: "192.168.1.12",
    holds_addresses: false,
    link_up: true,
    gateway_up: null,
    adverts_lost: false,
    aside_for: null,
    heard_ms: 0,
    ...changes,
  };
}

function node(name: string, host: number, changes: Partial<NodeStatus> = {}): NodeStatus {
  return {
    name,
    addresses: [`192.168.1.${host}`],
    self: false,
    ...UP,
    heard_ms: 400,
    rtt_ms: 0.34,
    version: "0.1.0",
    started: ago(76 * 3600_000),
    config: "same",
    instances: [told()],
    ...changes,
  };
}

/** A node that nothing fresh is known of. */
function gone(name: string, host: number, state: NodeStatus["state"], words: string): NodeStatus {
  const nothing = { version: null, started: null, config: null, instances: [] } as const;
  return node(name, host, { state, words, heard_ms: 12_000, rtt_ms: null, ...nothing });
}

const PI_A = node("pi-a", 11, {
  instances: [told({
    state: "master",
    priority: 200,
    base_priority: 200,
    since: ago(76 * 3600_000),
    cause: "no advert from pi-b (192.168.1.12) for 3.61 s",
    holds_addresses: true,
    heard_ms: 400,
  })],
});
const PI_B = node("pi-b", 12, { self: true, heard_ms: null, rtt_ms: null });
const ILL = {
  state: "fault",
  priority: 180,
  base_priority: 180,
  since: ago(250_000),
  cause: "check nginx is down: connection refused",
  faults: ["check nginx is down: connection refused"],
  checks: [{ name: "nginx", up: false, last: "connection refused", since: ago(250_000) }],
  heard_ms: 200,
} as const;
const PI_C = node("pi-c", 13, {
  rtt_ms: 0.41,
  config: "differs",
  differs_in: ["[check.nginx] interval"],
  instances: [told(ILL)],
});

/** What pi-b shows. */
function seen(
  nodes: readonly NodeStatus[],
  ready: number,
  attention: readonly string[] = [],
): StatusDocument {
  const one = backup({
    state: "backup",
    priority: 190,
    base_priority: 190,
    source: "192.168.1.12",
    master: { node: "pi-a", address: "192.168.1.11", priority: 200 },
    peers: [{ ...SPEAKING, node: "pi-a", address: "192.168.1.11", priority: 200 }, {
      ...SILENT,
      node: "pi-c",
      address: "192.168.1.13",
    }],
    ready,
  });
  return documentOf([one], { node: "pi-b", nodes, ready: { web: ready }, attention });
}

const DRIFT = "pi-c's file differs: [check.nginx] interval";

/** What the holder of an exclusive instance shows. */
function voted(witness: NodeStatus, from: readonly string[]): StatusDocument {
  const of = ["pi-a", "pi-b", "nas"];
  const lasting = { remaining_ms: 2100, epoch: 17, refusals: [], voters: null };
  const one = master({
    votes: { have: from.length, need: 2, of, from, ...lasting },
    source: "192.168.1.11",
    ready: 2,
  });
  const nodes = [
    { ...PI_A, self: true, votes_for: ["web"] },
    { ...PI_B, self: false, heard_ms: 400, votes_for: from.includes("pi-b") ? ["web"] : [] },
    { ...witness, votes_for: from.includes("nas") ? ["web"] : [] },
  ];
  const isLost = witness.state === "lost";
  const attention = isLost ? ["nas, a witness, is lost: it said no goodbye"] : [];
  return documentOf([one], { node: "pi-a", nodes, ready: { web: 2 }, attention });
}

const NAS = node("nas", 5, { witness: true, words: "up (witness)", instances: [] });
const NAS_LOST: NodeStatus = {
  ...gone("nas", 5, "lost", "lost 12 s ago (witness, said no goodbye)"),
  witness: true,
};

const SAMPLES: Readonly<Record<string, StatusDocument>> = {
  picture: seen([PI_A, PI_B, PI_C], 2, [DRIFT]),
  aside: seen([
    PI_A,
    PI_B,
    node("pi-c", 13, { instances: [told({ adverts_lost: true })] }),
    node("pi-d", 14, { instances: [told({ aside_for: "pi-c" })] }),
  ], 4),
  well: seen([
    PI_A,
    PI_B,
    node("pi-c", 13, { instances: [told({ priority: 180, base_priority: 180 })] }),
  ], 3),
  lost: seen(
    [
      PI_A,
      PI_B,
      gone("pi-c", 13, "lost", "lost 12 s ago (was backup, said no goodbye)"),
    ],
    2,
    ["pi-c is lost: it was backup and said no goodbye"],
  ),
  alone: seen(
    [
      gone("pi-a", 11, "left", "left 12 s ago"),
      PI_B,
      node("pi-c", 13, {
        state: "maintenance",
        words: "maintenance for another 10 min: new disk",
        instances: [told({ state: "init", cause: "maintenance" })],
      }),
    ],
    1,
    ["floatip does not run on pi-a: it left in order", "only pi-b could hold web now"],
  ),
  strange: seen(
    [
      PI_A,
      PI_B,
      gone("pi-c", 13, "other-secret", "another secret: what it says is not believed"),
      node("pi-d", 14, { version: "0.2.0", instances: [told({ checks: [] })] }),
      node("gw", 2, {
        words: "VRRP runs there",
        heard_ms: null,
        rtt_ms: null,
        version: null,
        config: null,
        instances: [],
      }),
    ],
    3,
    ["pi-c has another secret in [cluster]: what it says is not believed"],
  ),
  witness: voted(NAS, ["pi-a", "pi-b", "nas"]),
  witness_lost: voted(NAS_LOST, ["pi-a", "pi-b"]),
  many_checks: seen([
    {
      ...PI_A,
      instances: [told({
        state: "master",
        checks: [
          NGINX,
          { ...NGINX, name: "disk" },
          { name: "dns", up: false, last: "no answer in 1 s", since: null },
          { name: "db", up: null, last: "no result yet", since: null },
        ],
        priority: 150,
        base_priority: 200,
        holds_addresses: false,
      })],
    },
    PI_B,
  ], 2),
};

const NARROW = 50;

for (const [name, document] of Object.entries(SAMPLES)) {
  Deno.test(`status of all nodes: ${name.replaceAll("_", " ")}`, async () => {
    const wide = statusLines(document, NOW, plain);
    const narrow = statusLines(document, NOW, plain, NARROW);
    assert.ok(narrow.every((line) => widthOf(line) <= NARROW));
    await golden(
      `status_cluster_${name}`,
      [...wide, "", `### in ${NARROW} columns`, ...narrow].join("\n"),
    );
  });

  Deno.test(`status of all nodes: colour changes no width: ${name}`, () => {
    const widths = (paint: typeof plain) => statusLines(document, NOW, paint).map(widthOf);
    assert.deepEqual(widths(ansi), widths(plain));
  });
}

Deno.test("status of all nodes: instances of which different numbers could be held", () => {
  const document = {
    ...documentOf([master({ name: "db", ready: 3 }), master({ ready: 1 })]),
    nodes: [PI_A, PI_B, PI_C],
    ready: { db: 3, web: 1 },
  };
  assert.equal(
    statusLines(document, NOW, plain).at(-1),
    "1 of 3 could hold web. 3 of 3 could hold db.",
  );
});

Deno.test("status of one node", async () => {
  const nodes: readonly NodeStatus[] = [
    PI_A,
    PI_B,
    PI_C,
    gone("pi-d", 14, "lost", "lost 12 s ago (was backup, said no goodbye)"),
    node("pi-e", 15, {
      state: "maintenance",
      maintenance: { since: ago(60_000), until: ago(-600_000), reason: "new disk" },
      instances: [told({ state: "init", cause: "maintenance", gateway_up: true })],
    }),
  ];
  const document = seen(nodes, 2, [DRIFT]);
  const pictures = nodes.map((one) => nodeLines(one, document, NOW, plain).join("\n"));
  const narrow = nodes.flatMap((one) => nodeLines(one, document, NOW, plain, NARROW));
  assert.ok(narrow.every((line) => widthOf(line) <= NARROW));
  await golden("status_one_node", pictures.join("\n\n"));
  assert.deepEqual(nodes.map(nodeVerdict), [0, 0, 1, 1, 1]);
});

Deno.test("status: of a holder that is lost it says when it held the address", () => {
  const held = (holder: NodeStatus, changes: Partial<InstanceStatus>): string | undefined => {
    const document = seen([holder, PI_B], 1);
    const instances = document.instances.map((one) => ({ ...one, ...changes }));
    const [, , first] = statusLines({ ...document, instances }, NOW, plain);
    return first?.replace(/^.* on eth0 +/, "");
  };
  const lost = gone("pi-a", 11, "lost", "lost 12 s ago (was master, said no goodbye)");
  assert.equal(held(PI_A, {}), "held by pi-a for 3 d 4 h");
  assert.equal(held(lost, {}), "pi-a held it 12 s ago");
  const fault = { state: "fault", health: "fault", faults: ["no carrier"] } as const;
  assert.equal(held(lost, fault), "FAULT on this node; pi-a held it 12 s ago");
});

Deno.test("status: a holder that is lost is not in the colour of one that is there", () => {
  const named: typeof plain = (style, text) => `<${style}>${text}`;
  const headline = (holder: NodeStatus) => statusLines(seen([holder, PI_B], 1), NOW, named)[2];
  assert.match(headline(PI_A) ?? "", /<good>held by pi-a/);
  const lost = gone("pi-a", 11, "lost", "lost 12 s ago (was master, said no goodbye)");
  assert.match(headline(lost) ?? "", /<warn>pi-a held it 12 s ago/);
});

Deno.test("status of one node: a witness", async () => {
  const [well, lost] = [voted(NAS, ["pi-a", "nas"]), voted(NAS_LOST, ["pi-a", "pi-b"])];
  const pictures = [well, lost].flatMap((document) =>
    document.nodes.map((one) => nodeLines(one, document, NOW, plain).join("\n"))
  );
  await golden("status_one_witness", pictures.join("\n\n"));
  assert.deepEqual([well, lost].map(({ nodes }) => nodeVerdict(nodes[2] ?? NAS)), [0, 1]);
});

Deno.test("status of one node: without [cluster] it tells nothing", () => {
  const document = documentOf([master()]);
  const [, other] = document.nodes;
  assert.ok(other !== undefined);
  assert.deepEqual(nodeLines(other, document, NOW, plain), [
    "pi-b: floatip's version is not known, never heard",
    "VRRP runs there",
    "",
    "it tells nothing of itself: the file has no [cluster]",
  ]);
});
