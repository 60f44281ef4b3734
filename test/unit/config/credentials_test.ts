import assert from "node:assert/strict";
import type { Credential, Credentials } from "../../../src/config/credentials.ts";
import { decode } from "../../../src/config/decode.ts";
import { load } from "../../../src/config/load.ts";
import { DRAWN } from "../../support/config/keys.ts";

const FILE = `
[instance.web]
vrid = 51
version = 2
addresses = ["192.168.1.50/24"]
auth = { pass = { credential = "vrrp" } }

[notify]
webhook = { url = "http://127.0.0.1/", secret = { credential = "hook" } }
ntfy = { credential = "topic" }

[notify.mqtt]
url = "mqtt://192.168.1.5"
user = "floatip"
password = { credential = "broker" }
`;

const SECRETS: Readonly<Record<string, string>> = {
  vrrp: "secret12",
  hook: "h00k",
  topic: "https://ntfy.example.org/t0p1c",
  broker: "br0ker",
};

const known: Credentials = (name): Credential => ({ kind: "text", text: SECRETS[name] ?? "" });

Deno.test("a password, a secret, a token and a URL come from where the file says", () => {
  const decoded = decode(FILE, known);
  assert.equal(decoded.kind, "config");
  if (decoded.kind !== "config") return;
  assert.equal(decoded.config.instances[0]?.auth?.pass, "secret12");
  assert.equal(decoded.config.notify?.webhook?.secret, "h00k");
  assert.equal(decoded.config.notify?.ntfy?.url, "https://ntfy.example.org/t0p1c");
  assert.equal(decoded.config.notify?.mqtt?.password, "br0ker");
  assert.deepEqual(decoded.credentials, [
    ["instance", "web", "auth", "pass"],
    ["notify", "webhook", "secret"],
    ["notify", "ntfy"],
    ["notify", "mqtt", "password"],
  ]);
});

Deno.test("a file is sound for a user without access to its secrets", () => {
  const decoded = decode(FILE);
  assert.equal(decoded.kind, "config", JSON.stringify(decoded));
});

Deno.test("a secret that does not fit is told without being shown", () => {
  const decoded = decode(FILE, () => ({ kind: "text", text: "much-too-long-0815" }));
  assert.equal(decoded.kind, "problems");
  const said = JSON.stringify(decoded);
  assert.match(said, /longer than 8 bytes/);
  assert.doesNotMatch(said, /0815/);
});

Deno.test("what is missing names the file: an error or a warning, as the reader wants", () => {
  const missing = { kind: "missing", what: "there is no credential", fix: "write it" } as const;
  const strict = decode(FILE, () => ({ ...missing, severity: "error" }));
  assert.equal(strict.kind, "problems");
  if (strict.kind === "problems") assert.equal(strict.problems.length, 4, JSON.stringify(strict));
  const lenient = decode(FILE, () => ({ ...missing, severity: "warning" }));
  assert.equal(lenient.kind, "config");
  if (lenient.kind === "config") assert.equal(lenient.warnings.length, 4);
});

Deno.test("no credential where no secret is, and none with a way out of its folder", () => {
  const odd = (line: string): readonly string[] => {
    const decoded = decode(`[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n${line}`);
    assert.equal(decoded.kind, "problems", line);
    return decoded.kind === "problems" ? decoded.problems.map(({ what }) => what) : [];
  };
  const [where] = odd('interface = { credential = "x" }');
  assert.equal(where, "interface cannot come from a credential");
  for (const name of ['"../shadow"', '""', '"a b"', '".hidden"', "7"]) {
    const [what] = odd(`version = 2\nauth = { pass = { credential = ${name} } }`);
    assert.match(what ?? "", /^the name of a credential is made of/);
  }
});

Deno.test("from files: of the unit's folder and of a drop-in, with no false alarm", async () => {
  const folder = await Deno.makeTempDir({ prefix: "floatip-credentials-" });
  const before = Deno.env.get("CREDENTIALS_DIRECTORY");
  Deno.env.set("CREDENTIALS_DIRECTORY", folder);
  try {
    const file = `${folder}/floatip.toml`;
    await Deno.writeTextFile(file, FILE, { mode: 0o644 });
    await Deno.writeTextFile(`${folder}/floatip_vrrp`, "secret12\n");
    await Deno.writeTextFile(`${folder}/hook`, "h00k\r\n");
    await Deno.writeTextFile(`${folder}/topic`, SECRETS["topic"] ?? "");
    const { demandCredential } = await import("../../../src/config/credential_files.ts");
    const missing = await load(file, demandCredential);
    assert.equal(missing.kind, "problems");
    const [problem] = missing.kind === "problems" ? missing.problems : [];
    assert.match(
      problem?.what ?? "",
      /^there is no credential "broker": no file \/etc\/floatip\/credentials\/broker$/,
    );
    assert.match(problem?.fix ?? "", /chmod 600, then: systemctl restart floatip$/);
    assert.equal(problem?.line, 15);
    await Deno.writeTextFile(`${folder}/floatip_broker`, "br0ker");
    const loaded = await load(file, demandCredential);
    assert.equal(loaded.kind, "config", JSON.stringify(loaded));
    if (loaded.kind !== "config") return;
    assert.deepEqual(loaded.warnings, []);
    assert.equal(loaded.config.instances[0]?.auth?.pass, "secret12");
    assert.equal(loaded.config.notify?.webhook?.secret, "h00k");
    await Deno.writeFile(`${folder}/floatip_broker`, new Uint8Array([0xff, 0xfe]));
    const broken = await load(file, demandCredential);
    assert.match(JSON.stringify(broken), /is not UTF-8/);
    await Deno.remove(`${folder}/floatip_broker`);
    await new Deno.Command("mkfifo", { args: [`${folder}/floatip_broker`] }).output();
    const held = await load(file, demandCredential);
    assert.match(JSON.stringify(held), /is a pipe, not a file/);
    await Deno.remove(`${folder}/floatip_broker`);
    await Deno.writeTextFile(`${folder}/elsewhere`, "br0ker");
    await Deno.symlink(`${folder}/elsewhere`, `${folder}/floatip_broker`);
    assert.equal((await load(file, demandCredential)).kind, "config");
    await Deno.writeTextFile(`${folder}/elsewhere`, "x".repeat(5000));
    assert.match(JSON.stringify(await load(file, demandCredential)), /larger than 4 KiB/);
  } finally {
    if (before === undefined) Deno.env.delete("CREDENTIALS_DIRECTORY");
    else Deno.env.set("CREDENTIALS_DIRECTORY", before);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("keys of a cluster come from a credential, the one that signs first", () => {
  const [A = "", B = "", C = ""] = DRAWN;
  const text = `[nodes]\na = "10.0.0.1"\n[cluster]\nsecret = { credential = "cluster" }\n${FILE}`;
  const withKeys = (written: string) =>
    decode(text, (name) => name === "cluster" ? { kind: "text", text: written } : known(name));
  const decoded = withKeys(`${A} next\n${B}\n${C}`);
  assert.ok(decoded.kind === "config");
  assert.deepEqual(decoded.config.cluster?.keys.map(({ secret }) => secret), [B, C, A]);
  assert.equal(decoded.config.cluster?.port, 337);
  assert.equal(decode(text).kind, "config");
  const weak = JSON.stringify(withKeys("hunter2hunter2hunter2hunter2"));
  assert.match(weak, /not 32 random bytes.*floatip key new/);
  assert.doesNotMatch(weak, /hunter/);
});
