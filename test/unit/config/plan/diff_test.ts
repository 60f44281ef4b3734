/** A reload says exactly what it changes, and leaves alone what is the same. */
import assert from "node:assert/strict";
import { plan } from "../../../../src/config/plan/plan_node.ts";
import { decode } from "../../../../src/config/decode.ts";
import { describe, diff } from "../../../../src/config/plan/diff.ts";
import type { Plan } from "../../../../src/config/plan/plan.ts";
import { machine } from "../../../support/config/machines.ts";
import { atOnce } from "../../../../src/async.ts";

const PI = machine({ eth0: ["192.168.1.12/24", "fe80::12/64"], eth1: ["10.0.0.12/24"] });

function plans(...lines: readonly string[]): readonly Plan[] {
  const decoded = decode(lines.join("\n"));
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  return plan(decoded.config, PI, undefined, undefined).node.plans;
}

const WEB = ["[instance.web]", "vrid = 51", 'addresses = ["192.168.1.50/24"]'];
const DB = ["[instance.db]", "vrid = 52", 'addresses = ["192.168.1.60/24"]'];
const NODES = ["[nodes]", 'a = "192.168.1.11"', 'b = "192.168.1.12"'];
const XY = ["[check.x]", 'process = "x"', "[check.y]", 'process = "y"'];

function changes(before: readonly string[], after: readonly string[]): readonly string[] {
  return atOnce(diff(plans(...before), plans(...after))).map((change) =>
    `${change.kind}| ${describe(change)}`
  );
}

const UDP = [...NODES, ...WEB, 'transport = "udp"'];

const CASES:
  readonly (readonly [string, readonly string[], readonly string[], readonly string[]])[] = [
    ["the same", WEB, WEB, ["unchanged| web: unchanged"]],
    ["a check less", [...WEB, 'checks = ["x", "y"]', ...XY], [...WEB, 'checks = ["y"]', ...XY], [
      "changed| web: check x removed",
    ]],
    ["a secret of notify", [...WEB, 'notify = { webhook = "https://a/x" }'], [
      ...WEB,
      'notify = { webhook = "https://a/y" }',
    ], ["unchanged| web: unchanged"]],
    ["another name", WEB, ["[instance.www]", ...WEB.slice(1)], [
      "changed| www: name web -> www",
    ]],
    ["names swapped", [...WEB, ...DB], [
      WEB[0] ?? "",
      ...DB.slice(1),
      DB[0] ?? "",
      ...WEB.slice(1),
    ], [
      "replaced| web: restarted: vrid 51 -> 52, address 192.168.1.60/24 added, " +
      "address 192.168.1.50/24 removed",
      "replaced| db: restarted: vrid 52 -> 51, address 192.168.1.50/24 added, " +
      "address 192.168.1.60/24 removed",
    ]],
    ["another name and VRID", WEB, ["[instance.www]", "vrid = 52", ...WEB.slice(2)], [
      "removed| web: removed",
      "added| www: added",
    ]],
    ["priority", [...WEB, "priority = 100"], [...WEB, "priority = 150"], [
      "changed| web: priority 100 -> 150",
    ]],
    ["another node's priority", [...NODES, ...WEB, "priority = { a = 200, b = 100 }"], [
      ...NODES,
      ...WEB,
      "priority = { a = 150, b = 100 }",
    ], ["changed| web: the others' priorities 200 -> 150"]],
    ["UDP", [...NODES, ...WEB], UDP, [
      "replaced| web: restarted: transport unicast -> udp port 336",
    ]],
    ["another port", UDP, [...UDP, "port = 337"], [
      "replaced| web: restarted: transport udp port 336 -> udp port 337",
    ]],
    ["an address more", WEB, [
      "[instance.web]",
      "vrid = 51",
      'addresses = ["192.168.1.50/24", "192.168.1.51/24"]',
    ], [
      "changed| web: address 192.168.1.51/24 added",
    ]],
    ["another prefix length", WEB, [
      "[instance.web]",
      "vrid = 51",
      'addresses = ["192.168.1.50/25"]',
    ], [
      "changed| web: address 192.168.1.50/25 added, address 192.168.1.50/24 removed",
    ]],
    ["the order of addresses", [
      "[instance.web]",
      "vrid = 51",
      'addresses = ["192.168.1.51/24", "192.168.1.50/24"]',
    ], [
      "[instance.web]",
      "vrid = 51",
      'addresses = ["192.168.1.50/24", "192.168.1.51/24"]',
    ], ["changed| web: order of addresses changed"]],
    ["a label", WEB, [
      "[instance.web]",
      "vrid = 51",
      'addresses = [{ address = "192.168.1.50/24", label = ":1" }]',
    ], [
      "changed| web: address 192.168.1.50/24 label eth0:1 added, address 192.168.1.50/24 removed",
    ]],
    ["many settings", WEB, [
      ...WEB,
      'advert_interval = "100ms"',
      "preempt = false",
      'initial_state = "master"',
      'address_mismatch = "obey"',
      'checksum = "rfc9568"',
      'source = "192.168.1.12"',
    ], [
      "changed| web: source the interface's -> 192.168.1.12, advert_interval 1s -> 100ms, " +
      "preempt true -> false, " +
      "initial_state backup -> master, address_mismatch auto -> obey, checksum auto -> rfc9568, " +
      "lease 3s -> 1s",
    ]],
    ["peers", [...WEB, 'peers = ["192.168.1.11"]'], [...WEB, 'peers = ["192.168.1.13"]'], [
      "changed| web: peer 192.168.1.13 added, peer 192.168.1.11 removed",
    ]],
    ["a password", [...WEB, "version = 2", 'auth = { pass = "hunter2" }'], [
      ...WEB,
      "version = 2",
      'auth = { pass = "hunter3" }',
    ], [
      "changed| web: auth pass changed",
    ]],
    ["no password any more", [...WEB, "version = 2", 'auth = { pass = "hunter2" }'], [
      ...WEB,
      "version = 2",
    ], [
      "changed| web: auth pass changed",
    ]],
    ["a group", WEB, [...WEB, "[group.all]", 'instances = ["web"]'], [
      "changed| web: group none -> all",
    ]],
    ["vrid", WEB, ["[instance.web]", "vrid = 52", 'addresses = ["192.168.1.50/24"]'], [
      "replaced| web: restarted: vrid 51 -> 52",
    ]],
    ["version", WEB, [...WEB, "version = 2"], ["replaced| web: restarted: version 3 -> 2"]],
    ["interface", WEB, [...WEB, 'interface = "eth1"'], [
      "replaced| web: restarted: interface eth0 -> eth1",
    ]],
    ["transport", WEB, [...WEB, 'peers = ["192.168.1.11"]'], [
      "replaced| web: restarted: transport multicast -> unicast, peer 192.168.1.11 added",
    ]],
    [
      "one goes, one comes",
      WEB,
      ["[instance.dns]", "vrid = 53", 'addresses = ["192.168.1.53/24"]'],
      [
        "removed| web: removed",
        "added| dns: added",
      ],
    ],
    ["a family more", WEB, [
      "[instance.web]",
      "vrid = 51",
      'addresses = ["192.168.1.50/24", "fe80::50/64"]',
    ], [
      "unchanged| web: unchanged",
      "added| web (IPv6): added",
    ]],
    ["waiting", WEB, [...WEB, 'peers = ["192.168.1.12"]'], [
      "replaced| web: restarted: transport multicast -> unicast, peer 192.168.1.12 added, " +
      "waits: all peers are this machine's own addresses: 192.168.1.12",
    ]],
  ];

for (const [title, before, after, expected] of CASES) {
  Deno.test(`diff: ${title}`, () => assert.deepEqual(changes(before, after), expected));
}
