/** A node plans what the file means for it, on the machine it finds itself on. */
import assert from "node:assert/strict";
import { type Machine, plan } from "../../../../src/config/plan/plan_node.ts";
import type { Config } from "../../../../src/config/config.ts";
import { decode } from "../../../../src/config/decode.ts";
import type { NodePlan, Plan } from "../../../../src/config/plan/plan.ts";
import { formatIp } from "../../../../src/net/ip.ts";
import { formatPrefix } from "../../../../src/net/prefix.ts";
import { machine } from "../../../support/config/machines.ts";

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems, null, 2));
  return decoded.config;
}

const NODES = `[nodes]
pi-a = "192.168.1.11"
pi-b = "192.168.1.12"
pi-c = "192.168.1.13"
`;
const WEB = `[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
`;
const PI_B = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.12/24"], wlan0: ["10.9.9.9/24"] });

function planned(text: string, where: Machine, name?: string, before?: NodePlan) {
  const { node, problems } = plan(configOf(text), where, name, before);
  return {
    node,
    problems: problems.map(({ severity, path, what }) => `${severity} ${path.join(".")}: ${what}`),
  };
}

function only(node: NodePlan): Plan {
  assert.equal(node.plans.length, 1);
  return node.plans[0] ?? assert.fail();
}

function show(entry: Plan) {
  return {
    interface: entry.interface,
    priority: entry.rules.priority as number,
    source: entry.source && formatIp(entry.source),
    peers: entry.rules.peers.map(formatIp),
    transport: entry.rules.transport,
    waiting: entry.waiting.map((fault) => `${fault.kind}: ${fault.message}`),
  };
}

Deno.test("a node finds itself by its address; interface, priority, source, peers follow", () => {
  const { node, problems } = planned(NODES + WEB + 'prefer = ["pi-a", "pi-b", "pi-c"]\n', PI_B);
  assert.equal(node.node, "pi-b");
  assert.deepEqual([...node.names], [["192.168.1.11", "pi-a"], ["192.168.1.12", "pi-b"], [
    "192.168.1.13",
    "pi-c",
  ]]);
  assert.deepEqual(show(only(node)), {
    interface: "eth0",
    priority: 190,
    source: "192.168.1.12",
    peers: ["192.168.1.11", "192.168.1.13"],
    transport: "unicast",
    waiting: [],
  });
  assert.deepEqual(problems, []);
});

Deno.test("nodes that prefer does not name come after those it names", () => {
  const priority = (name: string) =>
    only(planned(NODES + WEB + 'prefer = ["pi-c"]\n', PI_B, name).node).rules.priority as number;
  assert.deepEqual(["pi-c", "pi-a", "pi-b"].map(priority), [200, 190, 180]);
});

Deno.test("priorities of many preferred nodes stay above 0 and apart", () => {
  const names = Array.from({ length: 60 }, (_, index) => `n${index + 1}`);
  const nodes = names.map((name, index) => `${name} = "10.0.0.${index + 1}"`).join("\n");
  const text = `[nodes]\n${nodes}\n[instance.a]\nvrid = 1\naddresses = ["10.0.0.99/24"]\nprefer = ${
    JSON.stringify(names)
  }\n`;
  const values = names.map((name) => only(planned(text, PI_B, name).node).rules.priority as number);
  assert.equal(new Set(values).size, 60);
  assert.ok(values.every((value) => value >= 1 && value <= 200));
});

Deno.test("written priority, source, peers and interface win over what [nodes] says", () => {
  const text = `${NODES}${WEB}priority = 42\nsource = "192.168.1.99"\n` +
    `peers = ["192.168.1.98", "192.168.1.12"]\ninterface = "wlan0"\n`;
  assert.deepEqual(show(only(planned(text, PI_B).node)), {
    interface: "wlan0",
    priority: 42,
    source: "192.168.1.99",
    peers: ["192.168.1.98"],
    transport: "unicast",
    waiting: [],
  });
});

Deno.test("without [nodes] a node is called by node.name, --node or host name: multicast", () => {
  assert.equal(planned(WEB, PI_B).node.node, "somehost");
  assert.equal(planned(`[node]\nname = "pi-z"\n${WEB}`, PI_B).node.node, "pi-z");
  assert.equal(planned(`[node]\nname = "pi-z"\n${WEB}`, PI_B, "told").node.node, "told");
  assert.deepEqual(show(only(planned(WEB, PI_B).node)), {
    interface: "eth0",
    priority: 100,
    source: undefined,
    peers: [],
    transport: "multicast",
    waiting: [],
  });
});

Deno.test("a machine that is none of the nodes waits, and says what it has and wants", () => {
  const stranger = machine({ lo: ["127.0.0.1/8"], eth0: ["192.168.1.14/24"] });
  const { node, problems } = planned(NODES + WEB, stranger);
  const words = "none of this machine's addresses is in [nodes]: has 192.168.1.14, wants one of " +
    "192.168.1.11, 192.168.1.12, 192.168.1.13";
  assert.equal(node.node, "somehost");
  assert.deepEqual(show(only(node)).waiting, [`identity: ${words}`]);
  assert.deepEqual(problems, [`machine nodes: ${words}`]);
});

Deno.test("an address that floatip added does not tell which node this is", () => {
  const text = '[nodes]\na = "10.0.0.1"\nb = "10.0.0.2"\n[instance.x]\nvrid = 1\n' +
    'addresses = ["10.0.0.1/24"]\npriority = { a = 255, b = 100 }\n';
  const b = machine({ eth0: ["10.0.0.2/24", "ours 10.0.0.1/24"] });
  assert.equal(planned(text, b).node.node, "b");
  const c = machine({ eth0: ["10.0.0.3/24", "ours 10.0.0.1/24"] });
  assert.equal(only(planned(text, c).node).waiting[0]?.kind, "identity");
});

Deno.test("--node and node.name that are not in [nodes] wait", () => {
  assert.equal(only(planned(NODES + WEB, PI_B, "pi-x").node).waiting[0]?.kind, "identity");
  assert.deepEqual(planned(NODES + WEB, PI_B, "pi-x").problems, [
    "machine nodes: node pi-x is not in [nodes]: there are pi-a, pi-b, pi-c",
  ]);
});

Deno.test("--node wins over the address, and check says that the address is not here", () => {
  const { node, problems } = planned(NODES + WEB, PI_B, "pi-c");
  assert.equal(node.node, "pi-c");
  assert.match(
    problems[0] ?? "",
    /^machine nodes.pi-c: this is node pi-c, and it does not have the address 192.168.1.13/,
  );
});

Deno.test("the host name tells which node this is while the address is not there yet", () => {
  const early = machine({ lo: ["127.0.0.1/8"], eth0: [] }, "pi-b");
  const { node } = planned(NODES + WEB, early);
  assert.equal(node.node, "pi-b");
  assert.deepEqual(show(only(node)).waiting, [
    "interface-missing: no interface has a subnet around 192.168.1.50 (yet)",
  ]);
});

Deno.test("name and interface stay while the address is gone for a moment", () => {
  const text = NODES + WEB;
  const before = planned(text, PI_B).node;
  const bare = machine({
    lo: ["127.0.0.1/8"],
    eth0: [],
    wlan0: ["10.9.9.9/24", "192.168.1.77/24"],
  });
  const after = planned(text, bare, undefined, before).node;
  assert.equal(after.node, "pi-b");
  assert.deepEqual(show(only(after)), show(only(before)));
  const other = text.replace("192.168.1.12", "192.168.1.22");
  assert.equal(only(planned(other, bare, undefined, before).node).waiting[0]?.kind, "identity");
});

Deno.test("the interface is that around the floating address where no node address tells", () => {
  const text = '[instance.x]\nvrid = 1\naddresses = ["fe80::50/64", "fd00::50/64"]\n';
  const two = machine({ eth0: ["fe80::1/64"], eth1: ["fe80::2/64", "fd00::2/64"] });
  assert.equal(only(planned(text, two).node).interface, "eth1");
  const gone = machine({ eth0: ["fe80::1/64"], eth1: [] });
  const before = planned(text, two).node;
  assert.equal(only(planned(text, gone, undefined, before).node).interface, "eth1");
});

Deno.test("an instance of both families is two routers; IPv6 without nodes is multicast", () => {
  const text = `${NODES}[instance.web]\nvrid = 51\n` +
    `addresses = ["192.168.1.50/24", "fe80::50/64", "fd00::50/64"]\n`;
  const pi = machine({ eth0: ["192.168.1.12/24", "fe80::12/64", "fd00::12/64"] });
  const { node, problems } = planned(text, pi);
  assert.deepEqual(
    node.plans.map((entry) => [entry.family, entry.rules.transport, entry.interface]),
    [
      ["ipv4", "unicast", "eth0"],
      ["ipv6", "multicast", "eth0"],
    ],
  );
  assert.deepEqual(
    node.plans.map((entry) => entry.virtualAddresses.map((held) => formatPrefix(held.prefix))),
    [
      ["192.168.1.50/24"],
      ["fe80::50/64", "fd00::50/64"],
    ],
  );
  assert.deepEqual(problems, []);
});

Deno.test("all nodes of a file choose the same transport, whichever has an IPv6 address", () => {
  const text =
    '[nodes]\na = ["10.0.0.1", "fd00::1"]\nb = "10.0.0.2"\nc = ["10.0.0.3", "fd00::3"]\n' +
    '[instance.x]\nvrid = 1\naddresses = ["fe80::50/64"]\n';
  for (const name of ["a", "b", "c"]) {
    assert.equal(only(planned(text, PI_B, name).node).rules.transport, "multicast");
  }
  const all = text.replace('"10.0.0.2"', '["10.0.0.2", "fd00::2"]');
  assert.deepEqual(only(planned(all, PI_B, "b").node).rules.peers.map(formatIp), [
    "fd00::1",
    "fd00::3",
  ]);
});

Deno.test("a node alone in [nodes] speaks multicast", () => {
  const text = `[nodes]\npi-b = "192.168.1.12"\n${WEB}`;
  assert.equal(only(planned(text, PI_B).node).rules.transport, "multicast");
});

Deno.test("each family lives where the node's address of that family is", () => {
  const text = '[nodes]\na = ["10.0.0.1", "fd00::1"]\nb = ["10.0.0.2", "fd00::2"]\n' +
    '[instance.x]\nvrid = 1\naddresses = ["10.0.0.9/24", "fe80::9/64"]\n';
  const two = machine({ eth0: ["10.0.0.1/24"], eth1: ["fd00::1/64", "fe80::1/64"] });
  const before = planned(text, two).node;
  assert.deepEqual(before.plans.map((entry) => entry.interface), ["eth0", "eth1"]);
  const bare = planned(text, machine({ eth0: [], eth1: [] }), undefined, before).node;
  assert.deepEqual(bare.plans.map((entry) => entry.interface), ["eth0", "eth1"]);
});

Deno.test("of two nodes a machine is the one with its host name, or the one it was", () => {
  const both = machine({ eth0: ["192.168.1.11/24", "192.168.1.12/24"] }, "pi-b");
  const before = planned(NODES + WEB, both).node;
  assert.equal(before.node, "pi-b");
  const renamed = { ...both, hostName: "pi-c" };
  assert.equal(planned(NODES + WEB, renamed, undefined, before).node.node, "pi-b");
  assert.equal(planned(NODES + WEB, renamed).node.node, "pi-a");
});

Deno.test("multicast on another wire than the node's address does not borrow that address", () => {
  const text = `${NODES}${WEB}interface = "wlan0"\ntransport = "multicast"\n`;
  assert.equal(only(planned(text, PI_B).node).source, undefined);
});

Deno.test("a peer list that is of this machine only waits instead of speaking to itself", () => {
  const text = `${WEB}peers = ["192.168.1.12"]\n`;
  const { node, problems } = planned(text, PI_B);
  assert.equal(
    only(node).waiting[0]?.message,
    "all peers are this machine's own addresses: 192.168.1.12",
  );
  assert.equal(only(node).rules.peers.length, 1);
  assert.equal(problems.length, 1);
});

Deno.test("labels follow the interface; one that grows too long is left out", () => {
  const text =
    '[instance.x]\nvrid = 1\naddresses = [{ address = "192.168.1.50/24", label = ":backup" }]\n';
  const label = (name: string) =>
    only(planned(text, machine({ [name]: ["192.168.1.12/24"] })).node).virtualAddresses[0]?.label;
  assert.equal(label("eth0"), "eth0:backup");
  assert.equal(label("enx001122334455"), undefined);
});

Deno.test("the password is padded to eight bytes, and groups are named", () => {
  const text = `${WEB}version = 2\nauth = { pass = "abc" }\n[group.all]\ninstances = ["web"]\n`;
  const entry = only(planned(text, PI_B).node);
  assert.deepEqual([...entry.rules.password ?? []], [97, 98, 99, 0, 0, 0, 0, 0]);
  assert.equal(entry.group, "all");
  assert.equal(entry.rules.grouped, true);
});

Deno.test("two routers that turn out to share VRID and wire do not both run", () => {
  const text =
    `${WEB}[instance.dns]\nvrid = 51\ninterface = "eth0"\naddresses = ["192.168.1.53/24"]\n`;
  const { node, problems } = planned(text, PI_B);
  assert.deepEqual(node.plans.map((entry) => entry.waiting.length), [0, 1]);
  assert.deepEqual(problems, [
    "machine instance.dns.vrid: eth0 has VRID 51 of instance web already",
  ]);
});

/** What `floatip check` says about a sound file on a machine that it does not fit. */
const MISFITS: readonly (readonly [string, string, Machine, readonly string[]])[] = [
  ["no such interface", `${WEB}interface = "eht0"\n`, PI_B, [
    "machine instance.web.interface: there is no interface eht0 on this machine: it has eth0, " +
    "wlan0",
  ]],
  ["no interface around", WEB.replace("192.168.1.50", "172.16.0.50"), PI_B, [
    "machine instance.web: no interface has a subnet around 172.16.0.50 (yet)",
  ]],
  ["a source that is not here", `${WEB}source = "192.168.1.99"\npeers = ["192.168.1.11"]\n`, PI_B, [
    "machine instance.web.source: source 192.168.1.99 is not an address of this machine",
  ]],
  ["a multicast source of another wire", `${WEB}source = "10.9.9.9"\n`, PI_B, [
    "machine instance.web.source: source 10.9.9.9 is on wlan0, not on eth0",
  ]],
  ["no address to send from", `${WEB}interface = "eth1"\n`, machine({ eth1: [] }), [
    "machine instance.web.interface: eth1 has no IPv4 address to send from",
    "warning instance.web.addresses.0: 192.168.1.50 is in no subnet of eth1 (no address)",
  ]],
  ["no multicast", `${WEB}interface = "tun0"\n`, machine({ tun0: ["192.168.1.12/24"] }), [
    "machine instance.web.interface: tun0 does not carry multicast",
  ]],
  ["loopback", `${WEB}interface = "lo"\n`, machine({ lo: ["127.0.0.1/8", "192.168.1.12/24"] }), [
    "machine instance.web.interface: lo is the loopback interface",
  ]],
  ["a floating address of another wire", `${WEB}interface = "wlan0"\n`, PI_B, [
    "warning instance.web.addresses.0: 192.168.1.50 is in no subnet of wlan0 (10.9.9.9/24)",
  ]],
  [
    "a floating address that is on another wire already",
    `${WEB}interface = "eth0"\n`,
    machine({ eth0: ["192.168.1.12/24"], dummy0: ["192.168.1.50/32"] }),
    [
      "machine instance.web.addresses.0: 192.168.1.50 is on dummy0 already, and is to float on " +
      "eth0",
    ],
  ],
  [
    "an address for an interface that is not here",
    '[instance.x]\nvrid = 1\naddresses = ["192.168.1.50/24", { address = "10.0.0.1/24", ' +
    'interface = "eth9" }]\n',
    PI_B,
    [
      "machine instance.x.addresses.1: there is no interface eth9 on this machine: it has eth0," +
      " wlan0",
    ],
  ],
  [
    "another subnet with a short prefix",
    '[instance.x]\nvrid = 1\ninterface = "eth0"\naddresses = ["10.0.2.100/8"]\n',
    machine({ eth0: ["10.0.1.11/24"] }),
    [],
  ],
  ["another node's address for metrics", `${WEB}[metrics]\nlisten = "192.168.1.13:9112"\n`, PI_B, [
    "machine metrics.listen: this machine does not have the address 192.168.1.13",
  ]],
  ["metrics on its own address", `${WEB}[metrics]\nlisten = "10.9.9.9:9112"\n`, PI_B, []],
  ["metrics on a loopback address", `${WEB}[metrics]\nlisten = "127.0.0.5:9112"\n`, PI_B, []],
  ["metrics on every address", `${WEB}[metrics]\nlisten = "[::]:9112"\n`, PI_B, []],
  ["two nodes at once", NODES + WEB, machine({ eth0: ["192.168.1.11/24", "192.168.1.12/24"] }), [
    "machine nodes.pi-b: this machine has addresses of pi-a and pi-b",
  ]],
];

for (const [title, text, where, expected] of MISFITS) {
  Deno.test(`held against the machine: ${title}`, () => {
    assert.deepEqual(planned(text, where).problems, expected);
  });
}

Deno.test("the plan knows whether it is this node's, and which checks run on it", () => {
  const text = `[nodes]
a = "10.0.0.1"
b = "10.0.0.2"
[instance.web]
vrid = 1
addresses = ["10.0.0.50/24", "fd00::50/64"]
checks = ["nginx"]
[check.unused]
process = "x"
[check.nginx]
process = "nginx"
`;
  const decoded = decode(text);
  assert.equal(decoded.kind, "config");
  if (decoded.kind !== "config") return;
  const here = plan(decoded.config, machine({ eth0: ["10.0.0.1/24"] }), undefined, undefined).node;
  assert.equal(here.known, true);
  assert.deepEqual(here.plans.map(({ checks }) => checks), [["nginx"], ["nginx"]]);
  assert.deepEqual(here.checks.map(({ name }) => name), ["nginx"]);
  const there = plan(decoded.config, machine({ eth0: ["10.0.0.9/24"] }), undefined, undefined).node;
  assert.equal(there.known, false);
});

Deno.test("the other nodes, each as good as it can be, where the file says it of all", () => {
  const rivals = (text: string) => {
    const [first] = planned(text, PI_B).node.plans;
    return first?.rules.rivals?.map(({ source, priority }) => `${formatIp(source)} ${priority}`);
  };
  const prefer = 'prefer = ["pi-a", "pi-b", "pi-c"]\n';
  assert.deepEqual(rivals(NODES + WEB + prefer), ["192.168.1.11 200", "192.168.1.13 180"]);
  const checked = `${NODES}${WEB}${prefer}checks = ["web"]\n[check.web]\n`;
  assert.deepEqual(rivals(`${checked}process = "nginx"\nweight = 20\n`), [
    "192.168.1.11 220",
    "192.168.1.13 200",
  ]);
  assert.deepEqual(rivals(`${checked}process = "nginx"\nweight = -20\n`), [
    "192.168.1.11 200",
    "192.168.1.13 180",
  ]);
  const number = 'file = "/run/points"\nwant = "value"\nweight = 1\n';
  assert.equal(rivals(checked + number), undefined);
  assert.equal(rivals(`${NODES}${WEB}${prefer}peers = ["192.168.1.11"]\n`), undefined);
  assert.equal(rivals(NODES.replace("192.168.1.13", "fe80::13") + WEB + prefer), undefined);
  assert.equal(rivals(WEB), undefined);
});
