/** A fix is right: who follows it has this problem no longer, and no other instead. */
import assert from "node:assert/strict";
import { decode } from "../../../src/config/decode.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { locate } from "../../../src/config/locate.ts";
import type { LocatedProblem, Problem } from "../../../src/config/problem.ts";
import { follow, readFix } from "../../support/config/apply_fix.ts";
import { INSTANCE } from "../../../src/config/tables/instance.ts";
import { NODES, WEB, web } from "../../support/config/misuse.ts";
import { CHECKS } from "../../support/config/misuses_checks.ts";
import { CLUSTER } from "../../support/config/misuses_cluster.ts";
import { FORM } from "../../support/config/misuses_form.ts";
import { MEANING } from "../../support/config/misuses_meaning.ts";
import { METRICS } from "../../support/config/misuses_metrics.ts";
import { NOTIFY } from "../../support/config/misuses_notify.ts";

const NAMED = (line: string) => `${NODES.replace('"192.168.1.12"', line)}${WEB}`;
const floats = (...entries: readonly string[]) =>
  WEB.replace('"192.168.1.50/24"', entries.join(", "));
const check = (line: string) => web('checks = ["c"]', "[check.c]", line);
const KEEPALIVED = "vrrp_script chk {\n    script /bin/true\n}\n";

/** What is written, and the fix that is right. */
const TOLD: readonly (readonly [toml: string, fix: string])[] = [
  [NAMED('"pi-b.local"'), "write its address instead, which `getent ahosts pi-b.local` prints"],
  [NAMED('"pi-b; rm -rf /"'), "write the address that this node has on the LAN"],
  [NAMED('"[fd00::12]"'), 'pi-b = "fd00::12"'],
  [NAMED('"192.168.1.12/24"'), 'pi-b = "192.168.1.12"'],
  [NAMED('["fd00::12", "192.168.1.12/24"]'), '"192.168.1.12"'],
  [NAMED('"192.168.1.300"'), "write the address that this node has on the LAN"],
  [NAMED('"127.0.0.1"'), "write the address that pi-b has on the LAN"],
  [floats('"[fd00::50]/64"'), '"fd00::50/64"'],
  [floats('"192.168.1.51/24"', '"[fd00::50]/64"'), '"fd00::50/64"'],
  [floats('"192.168.1.50/255.255.0.0"'), '"192.168.1.50/16"'],
  [floats('"192.168.1.50 / 24"'), '"192.168.1.50/24"'],
  [floats('"192.168.1.50/24 dev eth0"'), '"192.168.1.50/24"'],
  [floats('"fe80::50%eth0/64"'), '"fe80::50/64"'],
  [floats('"fe80::50%eth0"'), '"fe80::50/64"'],
  [floats('"192.168.001.050/24"'), '"192.168.1.50/24"'],
  [floats('"0.0.0.0/0"'), 'write an address with its prefix length, such as "192.168.1.50/24"'],
  [floats('"::/0"'), 'write an address with its prefix length, such as "192.168.1.50/24"'],
  [
    floats('"web.local"'),
    'write an address with its prefix length, such as "192.168.1.50/24"',
  ],
  [check('command = "killall -0 nginx"'), 'process = "nginx"'],
  [check('command = "/usr/bin/killall -0 haproxy"'), 'process = "haproxy"'],
  [check('command = "pidof nginx"'), 'process = "nginx"'],
  [check('command = "pgrep -x nginx"'), 'process = "nginx"'],
  [check('command = "test -f /run/x"'), 'file = "/run/x"'],
  [check('command = "nc -z 127.0.0.1 80"'), 'tcp = "127.0.0.1:80"'],
  [check('command = ["/usr/bin/killall", "-0", "nginx"]'), 'process = "nginx"'],
  [check('http = "example.org"'), 'http = "http://example.org"'],
  [
    check('tcp = "127.0.0.1"'),
    'write a host and a port, such as "127.0.0.1:5432"',
  ],
  [web('notify = "/etc/tell -x"'), 'notify = { command = ["/etc/tell", "-x"] }'],
  [
    web('interface = "averyverylongname"'),
    `write ${INSTANCE.interface.type.form}, such as interface = "eth0"`,
  ],
  [KEEPALIVED, "floatip import floatip.toml"],
  [`global_defs {\n}\n`, "floatip import floatip.toml"],
  ["! Configuration File for keepalived\n\nstatic_routes {\n}\n", "floatip import floatip.toml"],
  ["include conf.d/*.conf\n", "floatip import floatip.toml"],
];

const MISUSES = [
  ...[...FORM, ...MEANING, ...CHECKS, ...NOTIFY, ...METRICS, ...CLUSTER],
  ...TOLD.map(([toml]) => ({ title: JSON.stringify(toml.replace(WEB, "")), toml })),
];

for (const [toml, fix] of TOLD) {
  Deno.test(`of ${JSON.stringify(toml.replace(WEB, ""))} the fix is ${fix}`, async () => {
    const [problem] = await locate(problemsOf(toml), toml, "floatip.toml");
    assert.equal(problem?.fix, fix);
  });
}

function problemsOf(text: string): readonly Problem[] {
  const decoded = decode(text);
  return decoded.kind === "problems" ? decoded.problems : decoded.warnings;
}

/** What a problem says, wherever it stands. */
function identityOf({ what }: Problem): string {
  return what;
}

/**
 * Why following the fix of `problem` in `text` does not help; undefined: it does, or is in words.
 */
function failureOf(
  text: string,
  problem: LocatedProblem,
  revealed: readonly RegExp[],
): string | undefined {
  const results = follow(text, problem);
  if (results.length === 0) return undefined;
  const before = problemsOf(text).map(identityOf);
  const others = before.toSpliced(before.indexOf(identityOf(problem)), 1);
  const failures = results.map((result) => {
    const after = problemsOf(result).map(identityOf)
      .filter((what) => what === problem.what || !revealed.some((one) => one.test(what)));
    const left = [...others];
    const anew = after.filter((one) => {
      const at = left.indexOf(one);
      if (at >= 0) left.splice(at, 1);
      return at < 0;
    });
    return anew.length === 0 ? undefined : `${result}\n--> ${anew.join("\n--> ")}`;
  });
  return failures.includes(undefined) ? undefined : failures.join("\n---- or\n");
}

/** What was wrong before as well, and could not be seen: who follows the fix is told it next. */
const REVEALED: Readonly<Record<string, readonly RegExp[]>> = {
  "an empty file": [/^\[instance\.web\] has no (vrid|addresses)$/],
  "a misspelt table": [/^\[instance\.dns\] has no addresses$/],
  "no table at all": [/^\[instance\.web\] has no (vrid|addresses)$/],
  "a list of tables": [/^\[instance\.web\] has no (vrid|addresses)$/],
  "keepalived's words": [/^there is no check "chk"$/],
  "ports that are none": [/^port belongs to transport = "udp"$/],
  "a check without a name": [/^no instance uses check nginx$/],
  "a check as a text": [/^no instance uses check nginx$/],
  "checks as a text": [/^there is no check "x"$/],
  "Prometheus's table and port": [/^unknown key "port" in \[metrics\]/],
};

/** A hint, which an address that cannot be read does not bring. */
const LINK_LOCAL = /is not link-local$/;

for (const { title, toml } of MISUSES) {
  Deno.test(`the fix ends the problem: ${title}`, async () => {
    for (const problem of await locate(problemsOf(toml), toml, "floatip.toml")) {
      const failure = failureOf(toml, problem, [...REVEALED[title] ?? [], LINK_LOCAL]);
      assert.equal(failure, undefined, `${toml}\n${formatProblem(problem)}\n\n${failure}`);
      if (readFix(problem.fix).kind === "words") {
        assert.doesNotMatch(problem.fix, /^[\w-]+ = |^\[/, "a line that is none");
      }
    }
  });
}
