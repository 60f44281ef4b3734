/** Configuration: no text makes it throw, point outside the file, or print a secret. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { plan } from "../../src/config/plan/plan_node.ts";
import { decode } from "../../src/config/decode.ts";
import { describe, diff } from "../../src/config/plan/diff.ts";
import { formatProblem } from "../../src/config/problem.ts";
import { forecast } from "../../src/config/plan/forecast.ts";
import { lineFinder, locate } from "../../src/config/locate.ts";
import { INSTANCE } from "../../src/config/tables/instance.ts";
import { CHECK } from "../../src/config/tables/check.ts";
import { NOTIFY } from "../../src/config/tables/notify.ts";
import { machine } from "../support/config/machines.ts";
import { atOnce } from "../../src/async.ts";

/** More with FUZZ_RUNS=100000. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? "400");

const MACHINE = machine({
  lo: ["127.0.0.1/8"],
  eth0: ["192.168.1.11/24", "fe80::11/64"],
  eth1: ["10.0.0.1/24"],
});

const FULL = `[node]
name = "pi-a"

[nodes]
pi-a = ["192.168.1.11", "fe80::11"]
pi-b = "192.168.1.12"

[instance.web]
interface = "eth0"
vrid = 51
addresses = ["192.168.1.50/24", { address = "10.0.2.100/8", interface = "eth1", label = "eth1:1" }]
prefer = ["pi-b", "pi-a"]
version = 2
advert_interval = "2s"
preempt_delay = "30s"
checks = ["nginx", "redis"]
auth = { pass = "s3cr3tpw" }

[instance.alone]
vrid = 52
addresses = ["10.0.0.60/24"]
prefer = ["pi-a", "pi-b"]
checks = ["load"]

[instance.six]
vrid = 51
addresses = ["fe80::50/64", { address = "2001:db8::50/64", advertise = false }]
priority = { pi-a = 255, pi-b = 1 }

[group.gateway]
instances = ["web", "six"]

[check.nginx]
http = "https://127.0.0.1:8443/up"
status = [200, 204]
interval = "1s"
timeout = "500ms"
fall = 2
rise = 5

[check.redis]
tcp = "[::1]:6379"
send = "AUTH s3cr3tpw"
expect = "OK"

[check.load]
file = "/run/load"
want = "value"
weight = -3

[notify]
command = ["/etc/floatip/notify"]
webhook = { url = "http://127.0.0.1:8080/s3cr3tpw", secret = "s3cr3tpw", retries = 2 }
mqtt = "mqtt://u:s3cr3tpw@10.0.0.5"
`;

/** Whatever the text: an answer, in place, printable; and a plan where the file is sound. */
async function holds(text: string): Promise<void> {
  const decoded = decode(text);
  const problems = decoded.kind === "problems" ? decoded.problems : decoded.warnings;
  if (decoded.kind === "problems") assert.ok(problems.some(({ severity }) => severity === "error"));
  else assert.ok(problems.every(({ severity }) => severity === "warning"));
  const planned = decoded.kind === "config"
    ? plan(decoded.config, MACHINE, undefined, undefined)
    : undefined;
  const lines = text.split(/\r?\n/);
  for (const located of await locate([...problems, ...planned?.problems ?? []], text, "f")) {
    const length = lines[located.line - 1]?.length;
    assert.ok(length !== undefined && located.line >= 1, `line ${located.line}`);
    assert.ok(located.column >= 1 && located.column <= length + 1, `column ${located.column}`);
    assert.ok(
      located.caret >= 1 && located.caret <= located.source.length + 1,
      `caret ${located.caret}`,
    );
    assert.ok(formatProblem(located).split("\n").length <= 5, formatProblem(located));
  }
  if (planned === undefined || decoded.kind !== "config") return;
  for (const { interval, timeout, fall, rise } of decoded.config.checks) {
    assert.ok(interval >= 100e6 && timeout > 0 && fall > 0 && rise > 0);
  }
  for (const { rows } of forecast(decoded.config, await lineFinder(text))) {
    for (const { words } of rows) assert.doesNotMatch(words, /undefined|NaN|\n/);
  }
  for (const { name } of planned.node.checks) {
    assert.ok(planned.node.plans.some(({ checks }) => checks.includes(name)));
  }
  for (const { rules, waiting, interface: wire } of planned.node.plans) {
    assert.ok(rules.priority >= 1 && rules.priority <= 255);
    assert.ok(rules.addresses.length > 0);
    assert.ok(rules.transport === "multicast" || rules.peers.length > 0);
    assert.ok(wire !== undefined || waiting.length > 0);
  }
  const { plans } = planned.node;
  assert.ok(
    atOnce(diff(plans, plans)).every((change) =>
      change.kind === "unchanged" && describe(change) !== ""
    ),
  );
}

/** A piece of a configuration, right or wrong. */
const value: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(
    '"eth0"',
    '"192.168.1.50/24"',
    '"192.168.1.11"',
    '"fe80::1"',
    '"fe80::1/64"',
    '"1s"',
    '"10ms"',
    '"unicast"',
    '"udp"',
    "336",
    '"auto"',
    '["pi-a"]',
    '["nginx"]',
    '["/bin/true", "x"]',
    '"http://127.0.0.1/"',
    '"http://u:p@[::1]:8080/"',
    '"127.0.0.1:80"',
    '"mqtt://10.0.0.5"',
    '"500ms"',
    "-50",
    '{ command = ["/bin/true"] }',
    '["192.168.1.12"]',
    '["192.168.1.50/24", "fd00::5/64"]',
    "true",
    "false",
    "{}",
    "[]",
    '{ pass = "s3cr3tpw" }',
    "{ pi-a = 1, pi-b = 2 }",
    "2",
    "3",
    "255",
    "1979-05-27",
    "nan",
    "inf",
    "1e400",
    '""',
  ),
  fc.integer().map(String),
  fc.double().map((number) => Number.isInteger(number) ? `${number}.0` : String(number)),
  fc.string().map((text) => JSON.stringify(text)),
  fc.json(),
);
function assignmentOf(keys: object): fc.Arbitrary<string> {
  const name = fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom(...Object.keys(keys)) },
    { weight: 1, arbitrary: fc.string().map((text) => JSON.stringify(text)) },
  );
  return fc.tuple(name, value).map(([key, written]) => `${key} = ${written}`);
}

function linesOf(keys: object, maxLength: number): fc.Arbitrary<string> {
  return fc.uniqueArray(assignmentOf(keys), {
    maxLength,
    selector: (line) => line.split(" = ")[0],
  }).map((lines) => lines.join("\n"));
}

Deno.test("fuzz: any text", async () => {
  await fc.assert(fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), holds), {
    numRuns: RUNS,
  });
});

Deno.test("fuzz: any TOML of known and unknown keys", async () => {
  const instance = linesOf(INSTANCE, 12);
  const tables = fc.tuple(instance, instance, linesOf(CHECK, 5), linesOf(NOTIFY, 3));
  const file = tables.map(([a, b, check, notify]) =>
    `[nodes]\npi-a = "192.168.1.11"\npi-b = "192.168.1.12"\n[instance.web]\n${a}\n` +
    `[instance.dns]\n${b}\n[check.nginx]\n${check}\n[notify]\n${notify}\n`
  );
  await fc.assert(fc.asyncProperty(file, holds), { numRuns: RUNS });
});

Deno.test("fuzz: a sound file with pieces cut out, doubled and replaced", async () => {
  await holds(FULL);
  assert.equal(decode(FULL).kind, "config", JSON.stringify(decode(FULL)));
  const mutation = fc.record({
    at: fc.nat(FULL.length),
    cut: fc.nat(12),
    add: fc.oneof(
      fc.string({ maxLength: 6 }),
      value,
      fc.constantFrom("\n", '"', "[", "]", "{", "}", "=", "#", "."),
    ),
  });
  const mutated = fc.array(mutation, { minLength: 1, maxLength: 3 }).map((steps) =>
    steps.reduce((text, { at, cut, add }) => text.slice(0, at) + add + text.slice(at + cut), FULL)
  );
  await fc.assert(fc.asyncProperty(mutated, holds), { numRuns: RUNS });
});

Deno.test("fuzz: lines of a sound file left out, doubled and in another order", async () => {
  const lines = FULL.split("\n");
  const shuffled = fc.array(fc.constantFrom(...lines), { maxLength: 40 }).map((some) =>
    some.join("\n")
  );
  await fc.assert(fc.asyncProperty(shuffled, holds), { numRuns: RUNS });
});

Deno.test("fuzz: no password is ever shown, wherever a line goes wrong", async () => {
  const password = fc.string({ unit: "grapheme-ascii", minLength: 6, maxLength: 12 })
    .map((text) => `Zq${text.replace(/[^A-Za-z0-9]/g, "x")}qZ`);
  const form = fc.constantFrom(
    (secret: string) => `auth = { pass = "${secret}" }`,
    (secret: string) => `auth.pass = '${secret}'`,
    (secret: string) => `auth = { pass = ${secret} }`,
    (secret: string) => `auth = "${secret}"`,
    (secret: string) => `auth_pass = "${secret}"`,
    (secret: string) => `password = ["${secret}", "${secret}"]`,
    (secret: string) => `auth = { pass = "${secret}`,
    (secret: string) => `auth = { passwd = "${secret}" }`,
    (secret: string) => `auth = { pass = { "${"x"}" = "${secret}" } }`,
    (secret: string) => `notify = { webhook = "x://${secret}" }`,
    (secret: string) => `notify = { webhook = { url = "http://", secret = "${secret}" } }`,
    (secret: string) => `notify = { webhook = "http://a", secret = "${secret}" }`,
    (secret: string) => `notify = { ntfy = { url = "https://a", token = ["${secret}"] } }`,
    (secret: string) => `notify = { mqtt = "http://u:${secret}@10.0.0.5" }`,
    (secret: string) => `notify = { mqtt = { url = "mqtt://a", password = "${secret}" } }`,
    (secret: string) => `[check.x]\nhttp = "htp://u:${secret}@127.0.0.1/"`,
    (secret: string) => `[check.x]\nhttp = ["http://u:${secret}@127.0.0.1/"]`,
    (secret: string) => `[check.x]\ntcp = "127.0.0.1"\nsend = ["${secret}"]`,
    (secret: string) => `auth = { pass = """\n${secret}\n${secret}""" }`,
  );
  const rest = fc.constantFrom(
    "",
    "\nversion = 2",
    '\nversion = 2\ncolour = "x"',
    "\n= 5",
    '\nauth = "x"',
  );
  await fc.assert(
    fc.asyncProperty(password, form, rest, async (secret, write, more) => {
      const text = `[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n${
        write(secret)
      }${more}\n`;
      const decoded = decode(text);
      const problems = decoded.kind === "problems" ? decoded.problems : decoded.warnings;
      const located = await locate(problems, text, "f");
      const shown = located.map(formatProblem).join("\n") + JSON.stringify(located);
      assert.ok(!shown.includes(secret), shown);
    }),
    { numRuns: RUNS },
  );
});
