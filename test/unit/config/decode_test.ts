/** Decoding finds every mistake, all of them at once, and nothing in a sound file. */
import assert from "node:assert/strict";
import { decode } from "../../../src/config/decode.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { locate } from "../../../src/config/locate.ts";
import type { Problem } from "../../../src/config/problem.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
import { formatIp, ip } from "../../../src/net/ip.ts";
import { formatPrefix } from "../../../src/net/prefix.ts";
import { milliseconds, seconds } from "../../../src/time.ts";
import { golden } from "../../support/golden.ts";
import { CHECKS } from "../../support/config/misuses_checks.ts";
import { CLUSTER } from "../../support/config/misuses_cluster.ts";
import { FORM } from "../../support/config/misuses_form.ts";
import { MEANING } from "../../support/config/misuses_meaning.ts";
import { METRICS } from "../../support/config/misuses_metrics.ts";
import { NOTIFY } from "../../support/config/misuses_notify.ts";

const MISUSES = [...FORM, ...MEANING, ...CHECKS, ...NOTIFY, ...METRICS, ...CLUSTER];

function problemsOf(text: string): readonly Problem[] {
  const decoded = decode(text);
  return decoded.kind === "problems" ? decoded.problems : decoded.warnings;
}

for (const { title, toml, expected } of MISUSES) {
  Deno.test(`config problem: ${title}`, async () => {
    const located = await locate(problemsOf(toml), toml, "floatip.toml");
    const found = located.map(({ severity, path }) => `${severity} ${path.join(".")}`);
    assert.deepEqual(found, expected, located.map(formatProblem).join("\n"));
    assert.equal(
      decode(toml).kind,
      expected.some((entry) => entry.startsWith("error")) ? "problems" : "config",
    );
    for (const problem of located) {
      assert.ok(
        !/hunter/.test(formatProblem(problem) + JSON.stringify(problem)),
        "a password is shown",
      );
      assert.ok(problem.what !== "" && problem.why !== "" && problem.fix !== "");
    }
  });
}

Deno.test("every problem as it is printed (golden)", async () => {
  const parts: string[] = [];
  for (const { title, toml } of MISUSES) {
    const located = await locate(problemsOf(toml), toml, "floatip.toml");
    parts.push(`### ${title}`, ...located.map(formatProblem));
  }
  await golden("config_problems", parts.join("\n\n"));
});

Deno.test("a file that says only what it must has the documented defaults", () => {
  const decoded = decode('[instance.web]\nvrid = 51\naddresses = ["192.168.1.50"]\n');
  assert.equal(decoded.kind, "config");
  assert.deepEqual(decoded.kind === "config" && decoded.warnings, []);
  const instance = decoded.kind === "config" ? decoded.config.instances[0] : undefined;
  assert.ok(instance !== undefined);
  assert.equal(formatPrefix(instance.addresses[0]?.prefix ?? assert.fail()), "192.168.1.50/32");
  const { addresses: _, ...rest } = instance;
  assert.deepEqual(rest, {
    name: "web",
    vrid: 51,
    interface: undefined,
    prefer: undefined,
    priority: undefined,
    version: 3,
    advertInterval: seconds(1),
    transport: undefined,
    port: 336,
    source: undefined,
    peers: undefined,
    preempt: true,
    preemptDelay: seconds(0),
    initialState: "backup",
    auth: undefined,
    checksum: "auto",
    addressMismatch: "auto",
    lease: "auto",
    fence: "auto",
    exclusive: false,
    duplicateCheck: "quick",
    stop: "handover",
    checks: [],
    notify: undefined,
  });
});

Deno.test("every key said by hand is decoded", () => {
  const decoded = decode(`
[node]
name = "pi-a"

[nodes]
pi-a = ["192.168.1.11", "fe80::11"]
pi-b = "192.168.1.12"

[instance.web]
interface = "eth0"
vrid = 51
addresses = ["192.168.1.50/24", { address = "10.0.2.100/8", interface = "eth1", label = "eth1:1" }]
priority = { pi-a = 150, pi-b = 100 }
version = 2
advert_interval = "2s"
transport = "unicast"
source = "192.168.1.11"
peers = ["192.168.1.12"]
preempt = true
preempt_delay = "1.5s"
initial_state = "master"
auth = { pass = "secret12" }
address_mismatch = "obey"
lease = "10s"

[instance.six]
vrid = 51
addresses = ["fe80::50/64", "2001:db8::50/64"]
priority = { pi-a = 150, pi-b = 100 }
checksum = "rfc9568"

[group.gateway]
instances = ["web", "six"]
`);
  assert.equal(decoded.kind, "config", JSON.stringify(decoded));
  if (decoded.kind !== "config") return;
  const { config } = decoded;
  assert.deepEqual(decoded.warnings, []);
  assert.equal(config.node.name, "pi-a");
  assert.deepEqual(
    config.nodes.map((node) => [node.name, node.addresses.map(formatIp)]),
    [["pi-a", ["192.168.1.11", "fe80::11"]], ["pi-b", ["192.168.1.12"]]],
  );
  assert.deepEqual(config.groups, [{ name: "gateway", instances: ["web", "six"] }]);
  const [web, six] = config.instances;
  assert.equal(web?.auth?.pass, "secret12");
  assert.equal(web?.preemptDelay, milliseconds(1500));
  assert.equal(web?.lease, seconds(10));
  assert.deepEqual(web?.priority, new Map([["pi-a", 150], ["pi-b", 100]]));
  assert.equal(web?.addresses[1]?.label, "eth1:1");
  assert.equal(six?.checksum, "rfc9568");
});

/** Files that look like mistakes and are none. */
const SOUND: Readonly<Record<string, string>> = {
  "a /31 has two usable addresses": '[instance.a]\nvrid = 1\naddresses = ["10.0.0.0/31"]\n',
  "a host address has no network": '[instance.a]\nvrid = 1\naddresses = ["192.168.1.255/32"]\n',
  "a /127 has two usable addresses": '[instance.a]\nvrid = 1\naddresses = ["fe80::/127"]\n',
  "one VRID, one instance per family":
    '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\n[instance.b]\nvrid = 1\naddresses = ' +
    '["fe80::5/64"]\n',
  "one VRID on two interfaces": '[instance.a]\nvrid = 1\ninterface = "eth0"\naddresses = ' +
    '["10.0.0.5/24"]\n[instance.b]\nvrid = 1\ninterface = "eth1"\naddresses = ["10.1.0.5/24"]\n',
  "one link-local address on two interfaces":
    '[instance.a]\nvrid = 1\ninterface = "eth0"\naddresses = ["fe80::1/64"]\n[instance.b]\nvrid' +
    ' = 1\ninterface = "eth1"\naddresses = ["fe80::1/64"]\n',
  "the owner's own address floats":
    '[nodes]\na = "10.0.0.1"\nb = "10.0.0.2"\n[instance.a]\nvrid = 1\naddresses = ' +
    '["10.0.0.1/24"]\npriority = { a = 255, b = 100 }\n',
  "89 IPv6 addresses": `[instance.a]\nvrid = 1\naddresses = [${
    Array.from({ length: 89 }, (_, index) => `"fe80::${index + 1}/64"`)
  }]\n`,
  "a label of 15 bytes":
    '[instance.a]\nvrid = 1\naddresses = [{ address = "10.0.0.5/24", label = "eth0:1234567890" ' +
    "}]\n",
  "a lease of three adverts": '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nlease = "3s"\n',
  "another subnet": '[instance.a]\nvrid = 1\naddresses = ["10.0.2.100/8"]\n',
  "the smallest interval":
    '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nadvert_interval = "10ms"\n',
  "the largest interval":
    '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nadvert_interval = "40.95s"\n',
  "the largest interval of VRRPv2":
    '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nversion = 2\nadvert_interval = "255s"\n',
  "a password of 8 bytes":
    '[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nversion = 2\nauth = { pass = ' +
    '"12345678" }\n',
  "unicast between nodes":
    '[nodes]\na = "10.0.0.1"\nb = "10.0.0.2"\n[instance.a]\nvrid = 1\naddresses = ' +
    '["10.0.0.5/24"]\ntransport = "unicast"\n',
};

for (const [title, toml] of Object.entries(SOUND)) {
  Deno.test(`config without problem: ${title}`, () => {
    assert.deepEqual(problemsOf(toml), []);
  });
}

/** The check called x of these lines, decoded. */
function checkOf(...lines: readonly string[]): CheckSettings | undefined {
  const text = `[instance.a]\nvrid = 1\naddresses = ["10.0.0.5/24"]\nchecks = ["x"]\n[check.x]\n${
    lines.join("\n")
  }`;
  const decoded = decode(text);
  assert.equal(decoded.kind, "config", JSON.stringify(decoded));
  assert.deepEqual(decoded.kind === "config" && decoded.warnings, []);
  return decoded.kind === "config" ? decoded.config.checks[0] : undefined;
}

const PROBES: readonly (readonly [lines: string, probe: object])[] = [
  [
    'http = "http://127.0.0.1/"',
    {
      kind: "http",
      url: "http://127.0.0.1/",
      statuses: [],
      match: undefined,
      host: undefined,
      insecure: false,
    },
  ],
  [
    'http = "https://[::1]:8443/up"\nstatus = [200, 204]\nmatch = "OK"\nhost = ' +
    '"a.example"\ninsecure = true',
    {
      kind: "http",
      url: "https://[::1]:8443/up",
      statuses: [200, 204],
      match: "OK",
      host: "a.example",
      insecure: true,
    },
  ],
  [
    'tcp = "[::1]:5432"\nsend = "PING\\r\\n"\nexpect = "PONG"',
    { kind: "tcp", target: { host: "::1", port: 5432 }, send: "PING\r\n", expect: "PONG" },
  ],
  [
    'tcp = "db.example.org:5432"',
    {
      kind: "tcp",
      target: { host: "db.example.org", port: 5432 },
      send: undefined,
      expect: undefined,
    },
  ],
  [
    'dns = "example.org"',
    {
      kind: "dns",
      server: { host: "127.0.0.1", port: 53 },
      query: "example.org",
      type: "A",
      expect: undefined,
    },
  ],
  [
    'dns = "_ldap._tcp.example.org."\nserver = "[fd00::1]:5353"\ntype = "SRV"\nexpect = "x"',
    {
      kind: "dns",
      server: { host: "fd00::1", port: 5353 },
      query: "_ldap._tcp.example.org.",
      type: "SRV",
      expect: "x",
    },
  ],
  ['ping = "10.0.0.1"', { kind: "ping", address: ip("10.0.0.1"), by: "icmp" }],
  ['ping = "10.0.0.1"\nby = "arp"', { kind: "ping", address: ip("10.0.0.1"), by: "arp" }],
  [
    'command = ["/bin/sh", "-c", "true | true"]\nuser = "nobody"',
    { kind: "command", argv: ["/bin/sh", "-c", "true | true"], user: "nobody" },
  ],
  ['process = "nginx"', { kind: "process", name: "nginx" }],
  ['file = "/run/x"', { kind: "file", path: "/run/x", want: "present" }],
  ['file = "/run/x"\nwant = "value"\nweight = 1', { kind: "file", path: "/run/x", want: "value" }],
  ['interface = "eth1"', { kind: "interface", name: "eth1" }],
];

for (const [lines, probe] of PROBES) {
  Deno.test(`check: ${lines.replaceAll("\n", ", ")}`, () => {
    assert.deepEqual(checkOf(lines)?.probe, probe);
  });
}

Deno.test("check: its defaults, and its keys by hand", () => {
  const { probe: _, ...rest } = checkOf('process = "x"') ?? assert.fail();
  assert.deepEqual(rest, {
    name: "x",
    interval: seconds(2),
    timeout: seconds(2),
    fall: 3,
    rise: 2,
    weight: undefined,
  });
  const own = checkOf(
    'process = "x"',
    'interval = "500ms"',
    "fall = 1",
    "rise = 5",
    "weight = 253",
  );
  assert.deepEqual([own?.timeout, own?.fall, own?.rise, own?.weight], [
    milliseconds(500),
    1,
    5,
    253,
  ]);
});

Deno.test("notify: every key, of the file and of an instance", () => {
  const decoded = decode(
    `[instance.a]
vrid = 1
addresses = ["10.0.0.5/24"]
notify = { on_master = ["/bin/m"], webhook = "https://example.org/hook" }

[notify]
command = ["/etc/floatip/notify", "x"]
on_backup = ["/bin/b"]
on_fault = ["/bin/f"]
on_stop = ["/bin/s"]
user = "nobody"
timeout = "5s"
webhook = { url = "http://127.0.0.1:8080/hook", secret = "s3cr3t", retries = 0 }
ntfy = { url = "https://ntfy.sh/my-topic", token = "tk_1" }

[notify.mqtt]
url = "mqtts://broker:8883"
user = "u"
password = "p"
ca = "/etc/floatip/ca.pem"
topic = "home/floatip/"
discovery = false
orders = true
`,
  );
  assert.equal(decoded.kind, "config", JSON.stringify(decoded));
  if (decoded.kind !== "config") return;
  assert.deepEqual(decoded.warnings, []);
  assert.deepEqual(decoded.config.notify, {
    command: ["/etc/floatip/notify", "x"],
    onMaster: undefined,
    onBackup: ["/bin/b"],
    onFault: ["/bin/f"],
    onStop: ["/bin/s"],
    user: "nobody",
    timeout: seconds(5),
    webhook: { url: "http://127.0.0.1:8080/hook", secret: "s3cr3t", retries: 0 },
    ntfy: { url: "https://ntfy.sh/my-topic", token: "tk_1", retries: 5 },
    mqtt: {
      url: "mqtts://broker:8883",
      user: "u",
      password: "p",
      ca: "/etc/floatip/ca.pem",
      topic: "home/floatip",
      discovery: false,
      orders: true,
    },
  });
  const own = decoded.config.instances[0]?.notify;
  assert.deepEqual(own?.onMaster, ["/bin/m"]);
  assert.deepEqual(own?.webhook, {
    url: "https://example.org/hook",
    secret: undefined,
    retries: 5,
  });
  assert.equal(own?.timeout, seconds(30));
});

Deno.test("adverts by UDP: what is written, and IPv6 by global addresses that are said", () => {
  for (
    const [toml, port] of [
      ['transport = "udp"\npeers = ["192.168.1.12"]\naddresses = ["192.168.1.50/24"]', 336],
      [
        'transport = "udp"\nport = 5112\nversion = 2\nauth = { pass = "x" }\n' +
        'peers = ["192.168.1.12"]\naddresses = ["192.168.1.50/24"]',
        5112,
      ],
      [
        'transport = "udp"\nsource = "fd00::11"\npeers = ["fd00::12"]\naddresses = ["fe80::50/64"]',
        336,
      ],
      ['transport = "udp"\npeers = ["fe80::12"]\naddresses = ["fe80::50/64"]', 336],
    ] as const
  ) {
    const decoded = decode(`[instance.web]\nvrid = 51\n${toml}\n`);
    if (decoded.kind === "problems") assert.fail(JSON.stringify(decoded.problems));
    const [instance] = decoded.config.instances;
    assert.deepEqual([instance?.transport, instance?.port], ["udp", port]);
  }
});

Deno.test("notify: orders by MQTT are of the node, not of an instance", () => {
  const decoded = decode(`[instance.web]
vrid = 51
addresses = ["192.168.1.50/24"]
notify = { mqtt = { url = "mqtt://192.168.1.5", orders = true } }
`);
  assert.equal(decoded.kind, "problems");
  if (decoded.kind !== "problems") return;
  assert.match(decoded.problems[0]?.what ?? "", /orders are of the whole node/);
});
