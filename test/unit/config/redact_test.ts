/** Whatever is wrong with a file: no secret of it is shown. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { decode } from "../../../src/config/decode.ts";
import { formatProblem } from "../../../src/config/problem.ts";
import { locate } from "../../../src/config/locate.ts";
import { redactor, saidIn } from "../../../src/config/redact.ts";
import { withoutSecrets } from "../../../src/config/secret.ts";
import { NODES, WEB, web } from "../../support/config/misuse.ts";

/** The secret of every file here. */
const SECRET = "S3cr3tX";

const check = (...lines: readonly string[]) =>
  web('checks = ["c"]', "[check.c]", "interval = 5", ...lines);
const notify = (...lines: readonly string[]) => web("[notify]", "timeout = 5", ...lines);

/** Each is wrong in at least one way, and has {@link SECRET} in it. */
const files: readonly string[] = [
  // The right key, wrong around it or in itself.
  web("version = 2", `auth = { pass = "${SECRET}-too-long-for-it" }`),
  web("version = 3", `auth = { pass = "${SECRET}" }`),
  web("version = 2", `auth = { pass = ["${SECRET}"] }`),
  web("version = 2", `auth = "${SECRET}"`),
  web("version = 2", `auth = ["${SECRET}"]`),
  web("version = 2", `auth = { pass = { credential = "${SECRET}/../x" } }`),
  web("version = 2", `auth = { pass = { credentials = "${SECRET}" } }`),
  notify(`webhook = { url = "ftp://h/", secret = "${SECRET}" }`),
  notify(`webhook = { url = "https://h/${SECRET}", secret = 5 }`),
  notify(`webhook = "http://u:${SECRET}@h/x y"`),
  notify(`webhook = ["https://hooks.example/services/T0/${SECRET}"]`),
  notify(`webhook = "https//hooks.example/services/T0/${SECRET}"`),
  notify(`ntfy = "ntfy.sh/${SECRET}"`),
  notify(`ntfy = { url = "https://ntfy.sh/${SECRET}", token = 5 }`),
  notify(`mqtt = "mqtt://u:${SECRET}@h:99999"`),
  notify(`mqtt = { url = "mqtt://u:${SECRET}@h", user = "u", password = "x", ca = 5 }`),
  notify(`mqtt = { url = "mqtt://h", password = "${SECRET}" }`),
  // Misspelt, in another's words, in the wrong table.
  ...["pasword", "passwort", "pwd", "psk", "pw", "pin", "auth_pass", "auht", "sekret", "secrets"],
  ...["tokn", "apikey", "api_key", "hmac", "credential", "kennwort", "wachtwoord", "x", "login"],
].map((one) => one.includes("\n") ? one : web(`${one} = "${SECRET}"`));

const misplaced: readonly string[] = [
  web(`auht = { pass = "${SECRET}" }`),
  web(`authentication = { auth_type = "PASS", auth_pass = "${SECRET}" }`),
  web(`ntfy = { url = "https://ntfy.sh/t", token = "${SECRET}" }`),
  web(`ntfy = "https://ntfy.sh/${SECRET}"`),
  web(`mqtt = { url = "mqtt://h", user = "u", password = "${SECRET}" }`),
  web(`webhook = { url = "https://h/", secret = "${SECRET}" }`),
  web(`hook = "https://h/${SECRET}"`),
  notify(`webhok = "https://hooks.example/services/T0/${SECRET}"`),
  notify(`nfty = { url = "https://h/", token = "${SECRET}" }`),
  notify(`slack = "https://h/${SECRET}"`),
  notify(`mqtt = { url = "mqtt://h", user = "u", pasword = "${SECRET}" }`),
  notify(`mqtt = { url = "mqtt://h", user = "u", x = { y = ["${SECRET}"] } }`),
  web("[notfy]", `ntfy = { url = "https://h/", token = "${SECRET}" }`),
  web("[secrets]", `web = "${SECRET}"`),
  `pass = "${SECRET}"\n${WEB}`,
  `[node]\npassword = "${SECRET}"\n${WEB}`,
  `${NODES}[nodes.x]\naddress = "10.0.0.1"\nkey = "${SECRET}"\n${WEB}`,
  // Commands and URLs of checks.
  check(`http = "http://u:${SECRET}@h:x/"`),
  check(`http = "https://h/?api_key=${SECRET}"`, 'tcp = "h:1"'),
  check(`http = "ftp://hooks.example/services/${SECRET}"`),
  check(`http = "https://api.telegram.org/bot1:${SECRET}/x"`, 'tcp = "h:1"'),
  check(`command = ["/bin/x", "--password=${SECRET}"]`),
  check(`command = ["/bin/x", "--password", "${SECRET}"]`, 'tcp = "h:1"'),
  check(`command = "/bin/x --password=${SECRET}"`),
  check(`command = "mysqladmin -u root -p${SECRET} ping"`),
  check(`command = "curl -u admin:${SECRET} http://h/"`),
  check(`command = "curl -H 'Authorization: Bearer ${SECRET}' http://h/ | grep ok"`),
  check(`command = ["redis-cli -a ${SECRET} ping"]`),
  check(`command = ["redis-cli", "-a", "${SECRET}", "&&", "true"]`),
  check(`command = ["env", "API=${SECRET}", "prog"]`),
  `[nodes]\npi-a = "u:${SECRET}@h"\n${WEB}`,
  web(`[metrics]\nlisten = "u:${SECRET}@127.0.0.1:9112"`),
  web(`[[notify]]\nwebhook = "https://x/${SECRET}"`),
  check('http = "http://h/"', `headers = { Authorization = "Bearer ${SECRET}" }`),
  notify(`telegram = { bot = "${SECRET}" }`),
  web(`[cluster]\nsecret = "${SECRET}"`),
  web(`auth = { hmac = "${SECRET}", mode = "enforce" }`),
  check(`script = "PGPASSWORD=${SECRET} psql"`),
  check('tcp = "h:1"', `send = "AUTH ${SECRET}"`, 'expct = "x"'),
  notify(`command = ["/nonexistent", "--token", "${SECRET}"]`, "user = 5"),
  notify(`on_master = "/x --secret ${SECRET}"`),
  // Not TOML.
  SECRET,
  web("version = 2", `auth.pass = "${SECRET}`),
  web("version = 2", `auth = { pass = "${SECRET} }`),
  web("version = 2", `auth = { pass = ${SECRET} }`),
  web("version = 2", `auth = { pass = ${SECRET}" }`),
  web("version = 2", `auth = { pass = “${SECRET}” }`),
  web(`auth = { pass = "${SECRET}" }`, `auth = { pass = "${SECRET}" }`),
  web(`kennwort = ${SECRET}`),
  web(`kennwort = “${SECRET}”`),
  web(`# pass: ${SECRET}`, "auth = {"),
  web(`interface = eth0 # ${SECRET}`),
  web(`interface = eth0 ${SECRET}`),
  web(`command = ["x", ${SECRET}`),
  `[instance.web]\nvrid = 51 secret ${SECRET}`,
  `[instance.web] ${SECRET}`,
  `${SECRET}: 5\n`,
  web("[notify.webhook]", 'url = "https://x/"', `secret = "${SECRET}\\q"`),
  web("[notify.mqtt]", 'url = "mqtt://x/"', `password.x = "${SECRET}"`),
  web("[notify]", `webhook = { secret = """\n${SECRET}""", url = 3 }`),
  web("[notify]", `"webhook" = { "secret" = '''${SECRET}''' , url = 3 }`),
  `vrrp_instance x {\n authentication { auth_type PASS\n auth_pass ${SECRET} } }`,
  // Beside what is wrong.
  web(`interfce = "eth0"  # the router's login: ${SECRET}`),
  web(`colour = "red", pass = "${SECRET}"`),
];

async function saidOf(toml: string): Promise<string> {
  const decoded = decode(toml);
  const problems = decoded.kind === "problems" ? decoded.problems : decoded.warnings;
  const located = await locate(problems, toml, "floatip.toml");
  return [...located.map(formatProblem), JSON.stringify(located)].join("\n");
}

for (const toml of [...files, ...misplaced]) {
  Deno.test(`no secret is shown of ${JSON.stringify(toml.replace(WEB, ""))}`, async () => {
    assert.ok(toml.includes(SECRET));
    const said = await saidOf(toml);
    assert.match(said, /floatip\.toml:\d+:\d+: (error|warning)/);
    assert.ok(!said.includes(SECRET), said);
  });
}

Deno.test("fuzz: no problem shows a secret, whatever its letters and what is wrong", async () => {
  const secret = fc.stringMatching(/^[A-Za-z0-9 "\\'#=+/@:-]{9,40}$/)
    .filter((text) => !/^[\d.:\s]*$/.test(text));
  const place = fc.constantFrom("auth = { pass = X }", "pasword = X", "auth = X", "auht.pass = X");
  const other = fc.constantFrom("vrid = 5", "colour = 1", "preempt = 5", 'interfce = "eth0"', "");
  const property = fc.asyncProperty(secret, place, other, async (text, pattern, line) => {
    const written = JSON.stringify(text);
    const said = await saidOf(web("version = 2", pattern.replace("X", () => written), line));
    // As it is, as it stands in the file, and as it stands in JSON.
    assert.ok(!said.includes(text), said);
    assert.ok(!said.includes(written.slice(1, -1)), said);
  });
  await fc.assert(property);
});

const shown: readonly (readonly [written: string, shown: string])[] = [
  ["http://127.0.0.1/healthz", "http://127.0.0.1/healthz"],
  ["https://u:p@h/x?y=z", "https://********@h/x?********"],
  ["https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com/********"],
  ["https://h.example/webhooks/1", "https://h.example/********"],
  ["/usr/bin/pg_isready -h 127.0.0.1 -p 5432", "/usr/bin/pg_isready -h 127.0.0.1 -p 5432"],
  ["curl -u a:b http://h/", "curl -u ******** http://h/"],
  ["x --token abc --verbose", "x --token ******** --verbose"],
  ["x --token=abc", "x --token=********"],
  ["env API=abc LANG=5 prog", "env API=******** LANG=5 prog"],
  ["u:abc@h:80", "u:********@h:80"],
  ["/etc/floatip/check", "/etc/floatip/check"],
  ["auth-server", "auth-server"],
  ["x aB3dE5gH7jK9mN1pQ3sT5", "x ********"],
];

for (const [written, wanted] of shown) {
  Deno.test(`of ${written} is shown ${wanted}`, () => {
    assert.equal(withoutSecrets(written), wanted);
  });
}

Deno.test("a short secret is hidden in quotes, and leaves words whole", () => {
  const redact = redactor(["a", "hunter2"]);
  assert.equal(
    redact('a table, not "a": hunter2'),
    'a table, not "********": ********'.replace(
      '"********"',
      "********",
    ),
  );
});

Deno.test("of many texts those are found that a sentence says, in any form", () => {
  const { holds } = saidIn(['"a" is no port', 'unknown key "hunter2" beside x\\"y99']);
  assert.deepEqual(
    ["a", "b", "hunter2", "hunter3", 'x"y99', "two words hunter2", "hunt", "unknownX"].map(holds),
    [true, false, true, false, true, true, true, false],
  );
});

Deno.test("no text takes long to look through", () => {
  const texts = ["pass", "://", "//a", "-p ", "aB3", "key=", "?#", '"'].map((one) =>
    one.repeat(300_000)
  );
  const start = performance.now();
  for (const text of texts) withoutSecrets(text);
  const ms = performance.now() - start;
  assert.ok(ms < 1000, `${ms} ms`);
});
