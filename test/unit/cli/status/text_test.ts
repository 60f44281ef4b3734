import assert from "node:assert/strict";
import type { NodeStatus, StatusDocument } from "../../../../src/control/api.ts";
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

const ipv6 = {
  family: "ipv6",
  addresses: ["fe80::50/64", "2001:db8::50/64"],
  source: "fe80::11",
  checksum: null,
  peers: [],
  transport: "multicast",
  master: { node: "pi-a", address: "fe80::11", priority: 200 },
} as const;

function node(
  name: string,
  host: number,
  state: NodeStatus["state"],
  words: string,
): NodeStatus {
  return { name, addresses: [`192.168.1.${host}`], self: false, ...UP, state, words };
}

const udp = { name: "odd", transport: "udp", port: 336 } as const;

const SAMPLES: Readonly<Record<string, StatusDocument>> = {
  master: documentOf([master()]),
  backup: documentOf([backup()]),
  both_families: documentOf([master(), master(ipv6)]),
  udp: documentOf([master(udp)]),
  listening: documentOf([
    backup({
      health: "listening",
      master: null,
      since: ago(1000),
      last_advert_age_ms: null,
      cause: "started",
    }),
  ], { started: ago(1000) }),
  waiting: documentOf([
    backup({
      state: "init",
      since: ago(400),
      cause: "waits for the first result of check nginx",
      checks: [{ name: "nginx", up: null, last: "no result yet", latency_ms: null, weight: null }],
    }),
    master({
      name: "db",
      checks: [{ name: "new", up: null, last: "exit 1", latency_ms: 3, weight: null }],
    }),
  ], { started: ago(400) }),
  fault: documentOf([
    master({
      state: "fault",
      health: "fault",
      master: null,
      since: ago(125_000),
      cause: "eth0 has no carrier (cable unplugged?)",
      faults: ["eth0 has no carrier (cable unplugged?)"],
      group: "gateway",
    }),
    backup({ name: "outside", interface: null, addresses: [], group: "gateway" }),
  ]),
  nobody: documentOf([
    backup({ health: "nobody", master: null, last_advert_age_ms: null, peers: [SILENT] }),
  ], { attention: ["web: no node is heard to hold it, and this node has not taken over"] }),
  cut_off: documentOf([
    master({
      state: "fault",
      health: "nobody",
      master: null,
      last_holder: { node: "pi-b", ago_ms: 12_000 },
      faults: ["eth0 has no carrier (cable unplugged?)"],
    }),
    backup({ state: "fault", health: "fault", master: null, name: "db", faults: ["no eth1"] }),
    backup({
      state: "fault",
      health: "fault",
      master: null,
      last_holder: { node: "pi-a", ago_ms: 800 },
      name: "mail",
      faults: ["no eth1"],
    }),
  ]),
  nodes: documentOf([
    master({
      peers: [
        { ...SILENT, priority: 210, last_heard_ms: 5000 },
        { ...SILENT, node: "pi-c", address: "192.168.1.13", priority: 0, last_heard_ms: 40_000 },
        { ...SILENT, node: "pi-d", address: "192.168.1.14" },
        { ...SILENT, node: "pi-e", address: "192.168.1.15" },
        { ...SILENT, node: "pi-f", address: "192.168.1.16" },
      ],
    }),
  ], {
    nodes: [
      { name: "pi-a", addresses: ["192.168.1.11"], self: true, ...UP },
      node("pi-b", 12, "lost", "lost 5 s ago (was master, said no goodbye)"),
      node("pi-c", 13, "left", "left 40 s ago"),
      node("pi-d", 14, "not-running", "floatip does not run there"),
      node("pi-e", 15, "never-heard", "never heard"),
      node("pi-f", 16, "unknown", "unknown (its machine answers)"),
    ],
    attention: [
      "pi-b is lost: it was master and said no goodbye",
      "floatip does not run on pi-d",
    ],
  }),
  held_twice: documentOf([
    master({
      health: "two",
      rivals: ["pi-b"],
      peers: [SPEAKING, {
        ...SILENT,
        node: "192.168.1.77",
        address: "192.168.1.77",
        configured: false,
        priority: 100,
        last_heard_ms: 90_000,
        other_addresses: true,
      }],
      conflicts: ["192.168.1.12 claims to be master too, with priority 190"],
    }),
  ], { attention: ["web: 192.168.1.12 claims to be master too, with priority 190"] }),
  rejects_and_checks: documentOf([
    master({
      priority: 150,
      checks: [
        { name: "nginx", up: false, last: "connection refused", latency_ms: 1, weight: null },
        { name: "disk", up: true, last: "exit 0 in 12 ms", latency_ms: 12, weight: -50 },
        { name: "gateway", up: null, last: "no result yet", latency_ms: null, weight: 20 },
      ],
      rejects: { "checksum": 3, "auth-password": 1 },
      master_interval_ms: 100,
    }),
  ], { rejects: { "unknown-vrid": 12 } }),
  multicast: documentOf([master({ transport: "multicast", peers: [] })]),
  sinks: documentOf([master()], {
    sinks: [
      {
        name: "webhook",
        instance: null,
        pending: 0,
        delivered: 12,
        collapsed: 0,
        failed: 0,
        last: { ok: true, words: "204", at: "2026-11-21T03:04:05.678Z" },
      },
      {
        name: "command",
        instance: "web",
        pending: 2,
        delivered: 3,
        collapsed: 1,
        failed: 1,
        last: { ok: false, words: "exit 1: disk full", at: "2026-11-21T03:04:05.678Z" },
      },
      {
        name: "ntfy",
        instance: null,
        pending: 0,
        delivered: 0,
        collapsed: 0,
        failed: 0,
        last: null,
      },
    ],
  }),
  maintenance: documentOf([
    master({
      state: "init",
      master: { node: "pi-b", address: "192.168.1.12", priority: 190 },
      peers: [SPEAKING],
      cause: "maintenance",
    }),
  ], {
    maintenance: { since: ago(600_000), until: ago(-3_000_000), reason: "new SSD" },
  }),
  handed_over: documentOf([
    backup({
      cause: "handed over by hand: pi-b (192.168.1.12) has taken over",
      aside: { until: null },
    }),
  ]),
  left_in_order: documentOf([
    master({ peers: [{ ...SILENT, priority: 0, last_heard_ms: 90_000 }] }),
  ]),
  empty: documentOf([]),
};

for (const [name, document] of Object.entries(SAMPLES)) {
  Deno.test(`status of ${name.replaceAll("_", " ")}`, async () => {
    await golden(`status_${name}`, statusLines(document, NOW, plain).join("\n"));
  });

  Deno.test(`colour changes no width: ${name}`, () => {
    const widths = (paint: typeof plain) => statusLines(document, NOW, paint).map(widthOf);
    assert.deepEqual(widths(ansi), widths(plain));
  });
}

Deno.test("status: a machine that holds the address too is said to, in the file or not", () => {
  const stranger = { ...SILENT, node: "192.168.1.77", address: "192.168.1.77", configured: false };
  const peers = [{ ...stranger, priority: 100, last_heard_ms: 90_000 }];
  const two = { health: "two", rivals: ["192.168.1.77"], peers } as const;
  const lines = statusLines(documentOf([master(two)]), NOW, plain);
  assert.match(
    lines.find((line) => /^ +192\.168\.1\.77/.test(line)) ?? "",
    / holds the address too /,
  );
  const told = statusLines(documentOf([master(two)], { ready: { web: 1 } }), NOW, plain);
  assert.match(
    told.find((line) => /holds the address too/.test(line)) ?? "",
    /holds the address too, not configured/,
  );
  const node = documentOf([master({ health: "two", rivals: ["pi-b"] })], { ready: { web: 1 } });
  assert.match(
    statusLines(node, NOW, plain).join("\n"),
    / pi-b .*holds the address too/,
  );
});

Deno.test("status in a terminal of 50 columns", async () => {
  const pictures = Object.entries(SAMPLES).map(([name, document]) =>
    [`### ${name}`, ...statusLines(document, NOW, plain, 50)].join("\n")
  );
  await golden("status_narrow", pictures.join("\n\n"));
});

Deno.test("status: no line is wider than the terminal, in colour too", () => {
  for (const document of Object.values(SAMPLES)) {
    const whole = statusLines(document, NOW, ansi);
    assert.deepEqual(statusLines(document, NOW, ansi, Math.max(...whole.map(widthOf))), whole);
    for (let columns = 20; columns < 120; columns += 7) {
      const lines = statusLines(document, NOW, ansi, columns);
      assert.ok(lines.every((line) => widthOf(line) <= columns), `${columns}`);
    }
  }
});
