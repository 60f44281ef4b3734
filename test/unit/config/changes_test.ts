/**
 * Every change of a file that a reload applies is said, each once, with its table and key, and no
 * secret.
 */
import assert from "node:assert/strict";
import { plan } from "../../../src/config/plan/plan_node.ts";
import { keyIdText, readKeyText } from "../../../src/config/cluster_key.ts";
import type { Config } from "../../../src/config/config.ts";
import { decode } from "../../../src/config/decode.ts";
import { describeReload, diff } from "../../../src/config/plan/diff.ts";
import { CHECK } from "../../../src/config/tables/check.ts";
import { INSTANCE } from "../../../src/config/tables/instance.ts";
import { exampleText, type Keys } from "../../../src/config/tables/key.ts";
import { METRICS } from "../../../src/config/tables/metrics.ts";
import { MQTT, NOTIFY, NTFY, WEBHOOK } from "../../../src/config/tables/notify.ts";
import { DRAWN } from "../../support/config/keys.ts";
import { machine } from "../../support/config/machines.ts";
import { atOnce } from "../../../src/async.ts";

const PI = machine({ eth0: ["192.168.1.12/24", "fe80::12/64"], eth1: ["10.0.0.12/24"] });

function configOf(text: string): Config {
  const decoded = decode(text);
  if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
  return decoded.config;
}

/** What a reload from one text to another says on pi-b. */
function said(before: string, after: string, nodeFlag?: string): readonly string[] {
  const [old, now] = [configOf(before), configOf(after)];
  const plans = (config: Config) => plan(config, PI, nodeFlag, undefined).node.plans;
  const parts = describeReload(old, now, atOnce(diff(plans(old), plans(now))), nodeFlag);
  let part = parts.next();
  while (part.done !== true) part = parts.next();
  return part.value;
}

/** A whole file; each table with more lines. */
function file(more: Partial<Record<"node" | "nodes" | "web" | "x" | "group" | "rest", string>>) {
  const { node = "", nodes = "", web = "", x = 'process = "x"', group = "", rest = "" } = more;
  return `${node}
[nodes]
a = "192.168.1.11"
b = "192.168.1.12"
${nodes}
[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
checks = ["x"]
${web}
[instance.db]
vrid = 52
addresses = ["192.168.1.60/24"]
[check.x]
${x}
[check.y]
process = "y"
${group}
${rest}
`;
}

type Part = keyof Parameters<typeof file>[0];
type Case = readonly [part: Part, before: string, after: string, words: readonly string[]];

const CHECK_CASES: readonly Case[] = [
  ["x", 'process = "x"', 'process = "x"\ninterval = "1s"', [
    "[check.x] interval 2s -> 1s",
    "[check.x] timeout 2s -> 1s",
  ]],
  ["x", 'process = "x"', 'process = "x"\nfall = 2\nrise = 5\nweight = -50', [
    "[check.x] fall 3 -> 2",
    "[check.x] rise 2 -> 5",
    "[check.x] weight none -> -50",
  ]],
  ["x", 'tcp = "127.0.0.1:80"', 'http = "http://u:hunter2@127.0.0.1/?k=hunter3"', [
    "[check.x] tcp 127.0.0.1:80 -> http http://********@127.0.0.1/?********",
  ]],
  ["x", 'http = "http://127.0.0.1/"', 'http = "http://127.0.0.1/healthz"\nstatus = [204]', [
    "[check.x] http http://127.0.0.1/ -> http://127.0.0.1/healthz",
    "[check.x] status 200 to 399 -> 204",
  ]],
  ["x", 'http = "http://a/?t=hunter2"', 'http = "http://a/?t=hunter3"', ["[check.x] http changed"]],
  [
    "x",
    'http = "http://a/"',
    'http = "http://a/"\nhost = "b"\ninsecure = true\nmatch = "hunter2"',
    [
      "[check.x] match added",
      '[check.x] host the URL\'s -> "b"',
      "[check.x] insecure false -> true",
    ],
  ],
  ["x", 'tcp = "[::1]:80"\nsend = "hunter2"', 'tcp = "[::1]:81"\nsend = "hunter3"', [
    "[check.x] tcp [::1]:80 -> [::1]:81",
    "[check.x] send changed",
  ]],
  ["x", 'command = ["/bin/a"]', 'command = ["/bin/b"]\nuser = "nobody"', [
    '[check.x] command "/bin/a" -> "/bin/b"',
    '[check.x] user default -> "nobody"',
  ]],
  ["x", 'command = ["/bin/a", "hunter2"]', 'command = ["/bin/a", "hunter3"]', [
    "[check.x] command changed",
  ]],
  ["x", 'dns = "a.b"', 'dns = "a.b"\ntype = "MX"\nexpect = "c."', [
    "[check.x] type A -> MX",
    "[check.x] expect added",
  ]],
  ["x", 'file = "/a"', 'file = "/a"\nwant = "absent"', ["[check.x] want present -> absent"]],
  ["x", 'ping = "10.0.0.1"', 'ping = "10.0.0.1"\nby = "arp"', ["[check.x] by icmp -> arp"]],
  ["rest", "", '[check.z]\nprocess = "z"', ["[check.z] added"]],
  ["rest", '[check.z]\nprocess = "z"', "", ["[check.z] removed"]],
];

const NOTIFY_CASES: readonly Case[] = [
  ["rest", "", '[notify]\nwebhook = "https://a/hunter2"', ["[notify] added"]],
  ["rest", '[notify]\nwebhook = "https://a/hunter2"', "", ["[notify] removed"]],
  ["rest", '[notify]\nwebhook = "https://a/hunter2"', '[notify]\nwebhook = "https://a/hunter3"', [
    "[notify] webhook url changed",
  ]],
  ["rest", '[notify]\ncommand = ["/a"]', '[notify]\ncommand = ["/b"]\nuser = "nobody"', [
    '[notify] command "/a" -> "/b"',
    '[notify] user default -> "nobody"',
  ]],
  ["rest", '[notify]\ncommand = ["/a", "x"]', '[notify]\ncommand = ["/a", "y"]', [
    "[notify] command changed",
  ]],
  [
    "rest",
    '[notify]\nmqtt = { url = "mqtt://a", password = "hunter2", user = "u" }',
    '[notify]\nmqtt = { url = "mqtt://a", password = "hunter3", user = "u", discovery = false }',
    ["[notify] mqtt password changed", "[notify] mqtt discovery true -> false"],
  ],
  [
    "rest",
    '[notify]\nntfy = "https://a/hunter2"',
    '[notify]\nntfy = { url = "https://a/hunter2", token = "hunter3", retries = 1 }',
    ["[notify] ntfy token added", "[notify] ntfy retries 5 -> 1"],
  ],
  ["rest", '[notify]\ncommand = ["/a"]', '[notify]\non_stop = ["/a"]\ntimeout = "1s"', [
    '[notify] command "/a" -> none',
    '[notify] on_stop none -> "/a"',
    "[notify] timeout 30s -> 1s",
  ]],
  ["web", 'notify = { webhook = "https://a/hunter2" }', 'notify = { webhook = "https://a/x" }', [
    "[instance.web] notify webhook url changed",
  ]],
];

const [A = "", B = ""] = DRAWN;

function cluster(...keys: readonly string[]): string {
  return `[cluster]\nsecret = ${JSON.stringify(keys.join("\n"))}\n`;
}

function idOf(key: string): string {
  const read = readKeyText(key);
  return keyIdText(read.kind === "keys" ? read.lines[0]?.id ?? 0 : 0);
}

const OTHER_CASES: readonly Case[] = [
  ["web", "", "", []],
  ["rest", "", '[metrics]\nlisten = "127.0.0.1:9112"', [
    "[metrics] listen none -> 127.0.0.1:9112",
  ]],
  ["rest", '[metrics]\nlisten = "[::1]:9112"', "", ["[metrics] listen [::1]:9112 -> none"]],
  ["node", "", '[node]\nname = "b"', ["[node] name default -> b"]],
  ["nodes", "", 'c = "192.168.1.13"', [
    "[nodes] c 192.168.1.13 added",
    "web: the others' priorities 100 -> 100, 100, peer 192.168.1.13 added",
    "db: the others' priorities 100 -> 100, 100, peer 192.168.1.13 added",
  ]],
  ["nodes", "", 'c = { address = "192.168.1.13", only_vrrp = true }', [
    "[nodes] c 192.168.1.13 only_vrrp added",
    "web: the others' priorities 100 -> 100, 100, peer 192.168.1.13 added",
    "db: the others' priorities 100 -> 100, 100, peer 192.168.1.13 added",
  ]],
  ["rest", "", cluster(A), [
    "[cluster] added",
    "web: second opinion none -> asked for",
    "db: second opinion none -> asked for",
  ]],
  ["rest", cluster(A), "", [
    "[cluster] removed",
    "web: second opinion asked for -> none",
    "db: second opinion asked for -> none",
  ]],
  ["rest", cluster(A), cluster(A, `${B} next`), [`[cluster] key ${idOf(B)} added`]],
  ["rest", cluster(A, `${B} next`), cluster(B, A), [
    `[cluster] key ${idOf(B)} signs instead of ${idOf(A)}`,
  ]],
  ["rest", cluster(B, A), cluster(B), [`[cluster] key ${idOf(A)} removed`]],
  ["rest", cluster(A), `${cluster(A)}port = 400`, [
    "[cluster] port 337 -> 400: nodes with 337 are not heard until they have it too",
  ]],
  ["group", "", '[group.g]\ninstances = ["web", "db"]', [
    "[group.g] added",
    "web: group none -> g",
    "db: group none -> g",
  ]],
  ["web", "", 'prefer = ["b", "a"]', [
    "[instance.web] prefer none -> b, a",
    "web: priority 100 -> 200, the others' priorities 100 -> 190",
  ]],
  ["web", "", 'advert_interval = "100ms"\nlease = "off"', [
    "web: advert_interval 1s -> 100ms, lease 3s -> off",
  ]],
  ["web", "", 'initial_state = "master"', [
    "web: initial_state backup -> master",
    "[instance.web] initial_state counts from its next start on",
  ]],
  ["web", "priority = { a = 1, b = 2 }", "priority = { a = 3, b = 2 }", [
    "web: the others' priorities 1 -> 3",
    "[instance.web] priority a 1, b 2 -> a 3, b 2",
  ]],
  ["rest", "", '[instance.dns]\nvrid = 53\naddresses = ["192.168.1.53/24"]', ["dns: added"]],
  ["rest", '[instance.dns]\nvrid = 53\naddresses = ["192.168.1.53/24"]', "", ["dns: removed"]],
  ["web", "", 'transport = "udp"\nport = 400', [
    "[instance.web] port 336 -> 400",
    "web: restarted: transport unicast -> udp port 400",
  ]],
  ["web", 'version = 2\nauth = { pass = "hunter2" }', 'version = 2\nauth = { pass = "hunter3" }', [
    "web: auth pass changed",
  ]],
];

for (const [part, before, after, words] of [...CHECK_CASES, ...NOTIFY_CASES, ...OTHER_CASES]) {
  Deno.test(`a reload says: ${words.join("; ") || "nothing"}`, () => {
    const told = said(file({ [part]: before }), file({ [part]: after }));
    assert.deepEqual(told.toSorted(), words.toSorted());
    assert.ok(![/hunter/, A, B].some((secret) => told.join("\n").match(secret)));
  });
}

Deno.test("a reload says whether an address is advertised, and which order nodes have", () => {
  const pair = (first: string) =>
    `[instance.web]\nvrid = 51
addresses = ["192.168.1.50/24", ${first}]\n`;
  assert.deepEqual(
    said(
      pair('"192.168.1.51/24"'),
      pair('{ address = "192.168.1.51/24", advertise = false }'),
    ),
    [
      "[instance.web] address 192.168.1.51/24 not advertised added",
      "[instance.web] address 192.168.1.51/24 removed",
      "web: advertised address 192.168.1.51 removed",
    ],
  );
  const nodes = (...lines: readonly string[]) =>
    `[nodes]\n${
      lines.join("\n")
    }\n[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\nprefer = ["a"]\n`;
  const [a, b] = ['a = "192.168.1.11"', 'b = "192.168.1.12"'];
  assert.deepEqual(said(nodes(a, b), nodes(b, a)), ["[nodes] order changed"]);
  const linked = 'b = { address = "192.168.1.12", links = ["10.9.0.12"] }';
  assert.deepEqual(said(nodes(a, b), nodes(a, linked)), [
    "[nodes] b 192.168.1.12 -> 192.168.1.12 links 10.9.0.12",
  ]);
});

Deno.test("a reload says its changes in the order in which tables stand in a file", () => {
  const before = file({ rest: '[metrics]\nlisten = "127.0.0.1:9112"' });
  const after = file({ node: '[node]\nname = "b"', x: 'process = "z"', rest: "[notify]" });
  assert.deepEqual(said(before, after), [
    "[node] name default -> b",
    "[check.x] process x -> z",
    "[notify] added",
    "[metrics] listen 127.0.0.1:9112 -> none",
  ]);
});

Deno.test("a reload says that --node outlives another name in the file", () => {
  const text = (name: string) => file({ node: `[node]\nname = "${name}"` });
  assert.deepEqual(said(text("b"), text("a"), "b"), [
    "[node] name b -> a",
    "[node] name is not applied: --node b holds",
  ]);
});

/** Values for keys whose example is what they are anyway, or does not fit the file. */
const VALUES: Readonly<Record<string, string>> = {
  "web fence": '"off"',
  "x insecure": "true",
  "x server": '"127.0.0.2"',
  "x by": '"arp"',
  "x want": '"absent"',
  "x type": '"MX"',
  "x interval": '"1s"',
  "x timeout": '"1s"',
  "x fall": "7",
  "x rise": "7",
  "web vrid": "77",
  "web advert_interval": '"2s"',
  "web addresses": '["192.168.1.51/24"]',
  "web interface": '"eth1"',
  "web prefer": '["b"]',
  "web priority": "77",
  "web peers": '["192.168.1.11", "192.168.1.99"]',
  "web source": '"192.168.1.99"',
  "web preempt": "false",
  "web version": "2",
  "web auth": '{ pass = "hunter2" }',
  "web checks": '["y"]',
  "web initial_state": '"master"',
  "web checksum": '"rfc9568"',
  "web address_mismatch": '"obey"',
  "web lease": '"off"',
  "web duplicate_check": '"off"',
  "web stop": '"release"',
  "web transport": '"udp"',
  "web port": "337",
  "ntfy retries": "7",
  "webhook retries": "7",
  "rest timeout": '"7s"',
  "mqtt discovery": "false",
  "mqtt orders": "true",
  "mqtt topic": '"other"',
};

/** What a key needs beside it. */
const BESIDE: Readonly<Record<string, string>> = {
  "x status": 'http = "http://a/"',
  "x match": 'http = "http://a/"',
  "x host": 'http = "http://a/"',
  "x insecure": 'http = "http://a/"',
  "x send": 'tcp = "127.0.0.1:80"',
  "x expect": 'tcp = "127.0.0.1:80"',
  "x server": 'dns = "a.b"',
  "x type": 'dns = "a.b"',
  "x by": 'ping = "10.0.0.1"',
  "x user": 'command = ["/bin/a"]',
  "x want": 'file = "/a"',
  "web auth": "version = 2",
  "web port": 'transport = "udp"',
};

/** Keys that are said by their own tables, or cannot stand without others. */
const ELSEWHERE = new Set(["web notify", "web exclusive", "mqtt ca", "mqtt password"]);

const TABLES: readonly (readonly [table: string, keys: Keys, text: (lines: string) => string])[] = [
  [
    "x",
    CHECK,
    (lines) =>
      file({
        x: /^(http|tcp|dns|ping|command|process|file|interface) =/m.test(lines)
          ? lines
          : `process = "other"\n${lines}`,
      }),
  ],
  ["web", INSTANCE, (lines) => file({ web: lines })],
  ["rest", NOTIFY, (lines) => file({ rest: `[notify]\non_stop = ["/a"]\n${lines}` })],
  ["webhook", WEBHOOK, (lines) => file({ rest: `[notify.webhook]\n${lines}` })],
  ["ntfy", NTFY, (lines) => file({ rest: `[notify.ntfy]\n${lines}` })],
  ["mqtt", MQTT, (lines) => file({ rest: `[notify.mqtt]\n${lines}` })],
  ["metrics", METRICS, (lines) => file({ rest: `[metrics]\n${lines}` })],
];

Deno.test("every key of every table is said when it changes", () => {
  const silent: string[] = [];
  for (const [table, keys, text] of TABLES) {
    for (const [key, entry] of Object.entries(keys)) {
      const id = `${table} ${key}`;
      if (ELSEWHERE.has(id)) continue;
      const url = { webhook: '"http://a/"', ntfy: '"http://a/b"', mqtt: '"mqtt://a"' }[table];
      const base = key === "url" || url === undefined ? BESIDE[id] ?? "" : `url = ${url}`;
      const before = key === "url" ? `url = ${url}` : base;
      const line = `${key} = ${VALUES[id] ?? exampleText(entry)}`;
      const written = key === "on_stop"
        ? text(line).replace('on_stop = ["/a"]\n', "")
        : text(`${base}\n${line}`);
      const told = said(clean(text(before), key), clean(written, key));
      if (told.length === 0) silent.push(`${table}: ${line}`);
      assert.ok(
        told.every((words) => !/changed: |undefined|\[object/.test(words)),
        told.join("\n"),
      );
    }
  }
  assert.deepEqual(silent, []);
});

/** The lines of [instance.web] that stand there already give way to those that are tried. */
function clean(text: string, key: string): string {
  const [head = "", rest = ""] = text.split("[instance.db]");
  const lines = head.split("\n");
  const last = lines.findLastIndex((line) => line.startsWith(`${key} = `));
  const kept = lines.filter((line, i) => !line.startsWith(`${key} = `) || i === last);
  return `${kept.join("\n")}\n[instance.db]${rest}`;
}
