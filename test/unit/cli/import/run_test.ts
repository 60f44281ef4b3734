/** `floatip import` as a child process: it prints, writes, refuses and ends as its help says. */
import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { decode } from "../../../../src/config/decode.ts";
import { nameWith, NOT_AS_ROOT } from "../../../support/lab/prerequisites.ts";

const MAIN = fileURLToPath(new URL("../../../../main.ts", import.meta.url));

const SOUND = `vrrp_instance VI_1 {
  interface eth0
  virtual_router_id 51
  virtual_ipaddress {
    192.168.1.50/24
  }
}
`;
const SECRET = SOUND.replace(
  "interface eth0",
  "interface eth0\n  authentication {\n    auth_type PASS\n    auth_pass s3cr3t\n  }",
);

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
  readonly milliseconds: number;
}

/** A folder that is gone afterwards. */
class Folder implements Disposable {
  readonly path = mkdtempSync("/tmp/floatip-import-");

  file(name: string, content: string | Uint8Array): string {
    writeFileSync(`${this.path}/${name}`, content);
    return `${this.path}/${name}`;
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

async function importing(...args: readonly string[]): Promise<Outcome> {
  const start = performance.now();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, "import", ...args],
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const milliseconds = performance.now() - start;
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err, milliseconds };
}

Deno.test("the result is on standard output and sound, the report on standard error", async () => {
  using folder = new Folder();
  const file = folder.file("keepalived.conf", SOUND);
  const { code, out, err } = await importing(file);
  assert.equal(code, 0, err);
  assert.equal(decode(out).kind, "config");
  assert.match(err, /keepalived\.conf:3 +virtual_router_id 51 +-> vrid = 51\n/);
  assert.match(
    err,
    /\d+ carried over: all that matters is in the result\nNext: floatip check FILE\n$/,
  );
});

Deno.test("exit 1 where something is not carried over, with the result all the same", async () => {
  using folder = new Folder();
  const file = folder.file("k.conf", SOUND.replace("}\n}", "}\n  smtp_alert\n}"));
  const { code, out, err } = await importing(file);
  assert.equal(code, 1);
  assert.equal(decode(out).kind, "config");
  assert.match(err, /^! .*k\.conf:7 +smtp_alert$/m);
  assert.match(err, /look at the one marked with !/);
});

Deno.test("--json: the report is one document on standard error", async () => {
  using folder = new Folder();
  const file = folder.file("k.conf", `${SECRET}virtual_server 10.0.0.1 80 {\n}\n`);
  const { code, out, err } = await importing(file, "--json", "--node-id", "pi-b");
  assert.equal(code, 1);
  assert.equal(decode(out).kind, "config");
  const report = JSON.parse(err);
  const { schema, node_id, complete, carried, unsupported, directives } = report;
  assert.deepEqual([schema, node_id, complete, unsupported], [1, "pi-b", false, 1]);
  assert.equal(directives.length, carried + unsupported);
  const { file: place, line, directive, outcome, matters } = directives.at(-1);
  assert.deepEqual([place, line, outcome, matters], [file, 12, "unsupported", true]);
  assert.equal(directive, "virtual_server 10.0.0.1 80 { }");
  assert.doesNotMatch(err, /s3cr3t/);
});

Deno.test("import --output: a file with a password is not for all, and none is lost", async () => {
  using folder = new Folder();
  const file = folder.file("k.conf", SECRET);
  const path = `${folder.path}/floatip.toml`;
  const written = await importing(file, "--output", path);
  assert.deepEqual([written.code, written.out], [0, ""]);
  assert.match(written.err, /Next: floatip check .*floatip\.toml\n$/);
  assert.equal(statSync(path).mode & 0o777, 0o640);
  const first = readFileSync(path, "utf8");
  assert.match(first, /pass = "s3cr3t"/);
  const other = folder.file("other.conf", SOUND);
  const refused = await importing(other, "-o", path);
  assert.equal(refused.code, 1);
  assert.match(refused.err, /is there already.*\n.*--force/);
  assert.equal(readFileSync(path, "utf8"), first);
  const forced = await importing(other, "-o", path, "--force");
  assert.equal(forced.code, 0, forced.err);
  assert.doesNotMatch(readFileSync(path, "utf8"), /s3cr3t/);
  const nowhere = await importing(other, "-o", `${folder.path}/no/such/folder.toml`);
  assert.equal(nowhere.code, 1);
  assert.match(nowhere.err, /no such folder/);
  for (const [name, force] of [["pipe", []], ["pipe", ["--force"]], [".", ["--force"]]] as const) {
    const place = `${folder.path}/${name}`;
    await new Deno.Command("mkfifo", { args: [place], stderr: "null" }).output();
    const refused = await importing(other, "-o", place, ...force);
    assert.equal(refused.code, 1);
    assert.match(refused.err, /is not a file, and stays as it is/);
  }
});

Deno.test("import: a secret in a command is in the result, and not in the report", async () => {
  using folder = new Folder();
  const script = `vrrp_script c {\n  script "/usr/bin/curl -u a:s3cr3t http://h/?k=s3cr3t"\n}\n`;
  const notify =
    '  notify "/bin/x --password s3cr3t && y"\n  notify_master "/bin/x --token=s3cr3t"\n';
  const text = SOUND.replace("  interface", `${notify}  pwd s3cr3t\n  interface`);
  const file = folder.file("k.conf", `${script}${text}`);
  const path = `${folder.path}/floatip.toml`;
  const written = await importing(file, "-o", path);
  assert.doesNotMatch(written.err, /s3cr3t/);
  assert.doesNotMatch((await importing(file, "--json")).err, /s3cr3t/);
  assert.match(readFileSync(path, "utf8"), /"--token=s3cr3t"/);
  assert.equal(statSync(path).mode & 0o777, 0o640);
});

Deno.test("@ID lines are held against the host name, or against --node-id", async () => {
  using folder = new Folder();
  const host = Deno.hostname().split(".")[0];
  const text = SOUND.replace("interface", `@${host} priority 7\n  @pi-z priority 8\n  interface`);
  const file = folder.file("k.conf", text);
  assert.match((await importing(file)).out, /^priority = 7$/m);
  assert.match((await importing(file, "-i", "pi-z")).out, /^priority = 8$/m);
});

Deno.test("an include of this machine's files, relative and with wildcards", async () => {
  using folder = new Folder();
  Deno.mkdirSync(`${folder.path}/conf.d`);
  folder.file(
    "conf.d/b.conf",
    SOUND.replace("VI_1", "B").replace("51", "52").replace(".50", ".52"),
  );
  folder.file("conf.d/a.conf", SOUND.replace("VI_1", "A"));
  folder.file("conf.d/a.conf~", "nonsense {");
  const file = folder.file("k.conf", "include conf.d/*.conf\n");
  const { code, out, err } = await importing(file);
  assert.equal(code, 0, err);
  assert.deepEqual(out.match(/^\[instance.*?\]/gm), ["[instance.A]", "[instance.B]"]);
  assert.match(err, /conf\.d\/a\.conf:3 /);
});

for (
  const [title, content, line, words] of [
    ["ten megabytes", "#".repeat(10 * 1024 * 1024), 1, /larger than 1 MiB/],
    ["a megabyte on one line", "x".repeat(1024 * 1024 - 1), 1, /longer than/],
    ["a megabyte of braces", "{".repeat(1024 * 1024 - 1), 1, /longer than/],
    ["a megabyte of lines", "foo bar\n".repeat(131_000), 50_001, /more than 50000 lines/],
    ["half a megabyte of unknown words", manyWords(60_000), 50_001, /more than 50000 lines/],
    ["binary", new Uint8Array(4096).map((_, i) => (i * 7919) & 255), 1, /not a text|not closed/],
    [
      "an image",
      Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0]),
      2,
      /not a text/,
    ],
    ["a brace that is missing", SOUND.replace("  }\n", ""), 1, /opened .* not closed/],
    ["a quote that is not closed", `notify "x\n`, 1, /quote/],
    ["an include of itself", "\ninclude k.conf\n", 2, /circle/],
    ["deep blocks", "a {\n".repeat(10_000), 17, /deep/],
  ] as const
) {
  Deno.test(`exit 3 with a line, in no time: ${title}`, async () => {
    using folder = new Folder();
    const file = folder.file("k.conf", content);
    const { code, out, err, milliseconds } = await importing(file);
    assert.equal(code, 3, err);
    assert.equal(out, "");
    assert.ok(err.startsWith(`floatip: ${file}:${line}: `), err);
    assert.match(err, words);
    assert.match(err, /\n {2}why: .*\n {2}fix: .*\n$/);
    // The program's start is in it, and other tests run beside this one.
    assert.ok(milliseconds < 5000, `${milliseconds} ms`);
    console.log(`  ${title}: ${milliseconds.toFixed(0)} ms with the start of the program`);
  });
}

function manyWords(count: number): string {
  return Array.from({ length: count }, (_, i) => `w${i}`).join("\n");
}

Deno.test("what is no file, or not for this user, is said in words", async () => {
  using folder = new Folder();
  const missing = await importing(`${folder.path}/no.conf`);
  assert.equal(missing.code, 3);
  assert.match(missing.err, /no\.conf:1: the file is not there/);
  const directory = await importing(folder.path);
  assert.match(directory.err, /is a directory/);
  assert.equal(directory.code, 3);
  const device = await importing("/dev/zero");
  assert.match(device.err, /is no plain file/);
  // Files of /proc have no size; the one that can be read here never ends.
  const endless = await importing("/proc/kmsg");
  assert.equal(endless.code, Deno.uid() === 0 ? 1 : 3, endless.err);
  const json = await importing(`${folder.path}/no.conf`, "--json");
  assert.equal(JSON.parse(json.err).exit, 3);
});

Deno.test("texts that are not UTF-8 are read letter by letter", async () => {
  using folder = new Folder();
  const latin1 = Uint8Array.from(`# für alle\n${SOUND}`, (letter) => letter.charCodeAt(0));
  const { code, err } = await importing(folder.file("k.conf", latin1));
  assert.equal(code, 0, err);
});

Deno.test({
  ...nameWith("a file that this user may not read is named", NOT_AS_ROOT),
  fn: async () => {
    using folder = new Folder();
    const file = folder.file("k.conf", SOUND);
    chmodSync(file, 0);
    assert.match((await importing(file)).err, /may not be read by this user/);
  },
});
