/** Loading a file answers plainly, whatever is at the path. */
import assert from "node:assert/strict";
import { DRAWN } from "../../support/config/keys.ts";
import { LARGEST_FILE, load } from "../../../src/config/load.ts";
import { nameWith, NOT_AS_ROOT } from "../../support/lab/prerequisites.ts";

const SOUND = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
const SECRET = `${SOUND}version = 2\nauth = { pass = "hunter2" }\n`;

async function loaded(write: (file: string) => Promise<void>) {
  const folder = await Deno.makeTempDir({ prefix: "fl-load-" });
  try {
    const file = `${folder}/floatip.toml`;
    await write(file);
    const result = await load(file);
    const problems = result.kind === "config" ? result.warnings : result.problems;
    const says = problems.map(({ line, column, what }) => `${line}:${column} ${what}`);
    return { result, problems, says, file };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("a sound file is loaded with its text", async () => {
  const { result, says } = await loaded((file) => Deno.writeTextFile(file, SOUND));
  assert.equal(result.kind, "config");
  assert.deepEqual(says, []);
  assert.equal(result.kind === "config" && result.text, SOUND);
});

Deno.test("a byte order mark is no problem", async () => {
  const { result } = await loaded((file) => Deno.writeTextFile(file, `\ufeff${SOUND}`));
  assert.equal(result.kind, "config");
});

Deno.test("a missing file", async () => {
  const { says, problems, file } = await loaded(() => Promise.resolve());
  assert.deepEqual(says, ["1:1 the configuration cannot be read: there is no such file"]);
  assert.equal(problems[0]?.file, file);
  assert.equal(problems[0]?.severity, "error");
});

Deno.test("a directory", async () => {
  const { says } = await loaded((file) => Deno.mkdir(file));
  assert.deepEqual(says, ["1:1 the configuration cannot be read: it is a folder, not a file"]);
});

Deno.test("a pipe is not waited for", async () => {
  const { says } = await loaded(async (file) => {
    const { success } = await new Deno.Command("mkfifo", { args: [file] }).output();
    assert.ok(success);
  });
  assert.deepEqual(says, ["1:1 the configuration cannot be read: it is a pipe, not a file"]);
});

Deno.test("a file larger than 1 MiB", async () => {
  const { says } = await loaded((file) => Deno.writeTextFile(file, "#".repeat(LARGEST_FILE + 1)));
  assert.deepEqual(says, ["1:1 the configuration cannot be read: it is larger than 1 MiB"]);
});

Deno.test("bytes that are not UTF-8 have a place", async () => {
  const bytes = new TextEncoder().encode("# gr\n# gr?n\n");
  bytes[9] = 0xfc;
  const { says } = await loaded((file) => Deno.writeFile(file, bytes));
  assert.deepEqual(says, ["2:5 the file is not UTF-8"]);
});

for (const form of ["utf-16", "utf-16le", "utf-16be"]) {
  Deno.test(`a file in ${form}, and its fix is right`, async () => {
    const { problems, says, result } = await loaded(async (file) => {
      await Deno.writeFile(file, await iconv("utf-8", form, new TextEncoder().encode(SOUND)));
    });
    assert.deepEqual(says.map((one) => one.slice(4)), ["the file is not UTF-8"]);
    assert.equal(result.kind, "problems");
    const [, from = "", to = ""] = /^iconv -f (\S+) -t (\S+) OLD > NEW$/.exec(
      problems[0]?.fix ?? "",
    ) ?? [];
    const mended = await iconv(
      from,
      to,
      await iconv("utf-8", form, new TextEncoder().encode(SOUND)),
    );
    assert.equal((await loaded((file) => Deno.writeFile(file, mended))).result.kind, "config");
  });
}

Deno.test("a file that is no text", async () => {
  const { problems, says } = await loaded((file) => Deno.writeFile(file, new Uint8Array(5000)));
  assert.deepEqual(says, ["1:1 the file is not UTF-8"]);
  assert.equal(problems[0]?.fix, "name the file that is meant with -c FILE: this one is no text");
});

async function iconv(from: string, to: string, bytes: Uint8Array<ArrayBuffer>) {
  const child = new Deno.Command("iconv", {
    args: ["-f", from, "-t", to],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(bytes);
  await writer.close();
  return new Uint8Array((await child.output()).stdout);
}

Deno.test({
  ...nameWith("a file that this user may not read", NOT_AS_ROOT),
  fn: async () => {
    const { says } = await loaded((file) => Deno.writeTextFile(file, SOUND, { mode: 0o000 }));
    assert.deepEqual(says, [
      "1:1 the configuration cannot be read: it may not be read by this user",
    ]);
  },
});

Deno.test("a password in a file that all users may read is a warning with its remedy", async () => {
  const write = (mode: number) => async (file: string) => {
    await Deno.writeTextFile(file, SECRET);
    await Deno.chmod(file, mode);
  };
  const { result, says, problems, file } = await loaded(write(0o644));
  assert.equal(result.kind, "config");
  assert.deepEqual(says, [
    "5:10 every user of this machine may read the file, and a password is in it",
  ]);
  assert.equal(problems[0]?.fix, `chmod o-rwx ${file}`);
  assert.ok(!JSON.stringify(problems).includes("hunter"));
  assert.deepEqual((await loaded(write(0o640))).says, []);
});

for (
  const [lines, isSecret] of [
    ['[notify]\nwebhook = "https://hooks.slack.com/services/T0/B0/hunter2"', true],
    ['[notify]\nwebhook = "http://127.0.0.1:8080/hook"', false],
    ['[notify]\nwebhook = "https://h.example/x?token=hunter2"', true],
    ['[notify]\nntfy = "https://ntfy.sh/hunter2"', true],
    ['[notify]\nmqtt = "mqtt://u:hunter2@h"', true],
    ['[notify]\nmqtt = "mqtt://h"', false],
    [`[nodes]\na = "10.0.0.1"\n[cluster]\nsecret = "${DRAWN[0]}"`, true],
    ['checks = ["c"]\n[check.c]\nhttp = "http://u:hunter2@127.0.0.1/"', true],
    ['checks = ["c"]\n[check.c]\nhttp = "http://127.0.0.1/?full=1"', false],
  ] as const
) {
  Deno.test(`read by all: ${JSON.stringify(lines)} ${isSecret ? "warns" : "is fine"}`, async () => {
    const { says, problems } = await loaded(async (file) => {
      await Deno.writeTextFile(file, `${SOUND}${lines}\n`);
      await Deno.chmod(file, 0o644);
    });
    assert.equal(says.length, isSecret ? 1 : 0, says.join());
    assert.ok(!JSON.stringify(problems).includes("hunter"));
  });
}

Deno.test("a wrong file has all its problems located", async () => {
  const text = SOUND.replace("51", "0").replace("vrid", "colour = 1\nvrid");
  const { result, says } = await loaded((file) => Deno.writeTextFile(file, text));
  assert.equal(result.kind, "problems");
  assert.deepEqual(says.map((line) => line.split(" ")[0]), ["2:1", "3:8"]);
});
