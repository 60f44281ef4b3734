import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { ReloadAnswer, StatusDocument } from "../../../src/control/api.ts";
import { ControlServer } from "../../../src/control/server.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { golden } from "../../support/golden.ts";
import { ANSWERS } from "../../support/control/answers.ts";
import { backup, documentOf, master } from "../../support/cli/documents.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** The program as a child. */
function command(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-check", MAIN, ...args],
    env: { NO_COLOR: "1", ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

async function floatip(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  const { code, stdout, stderr } = await command(args, env).output();
  const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out: out ?? "", err: err ?? "" };
}

/** Runs `body` beside a daemon that says `document` and answers a reload with `answer`. */
async function withDaemon(
  document: () => StatusDocument,
  body: (runDir: string) => Promise<void>,
  answer: ReloadAnswer = { applied: true, changes: [], warnings: [] },
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const reload = () => Promise.resolve(answer);
    await using _server = ControlServer.open(root, {
      ...ANSWERS,
      status: () => JSON.stringify(document()),
      reload,
    });
    await body(root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

for (
  const verb of [
    ...[
      "",
      "init",
      "import",
      "run",
      "status",
      "check",
      "reload",
      "handover",
      "maintenance",
      "restart",
    ],
    ...["events", "doctor", "firewall", "listen", "key", "version"],
  ]
) {
  Deno.test(`help${verb && " of "}${verb} teaches`, async () => {
    const { code, out, err } = await floatip(verb === "" ? ["--help"] : [verb, "--help"]);
    await golden(`help${verb && "_"}${verb}`, out);
    assert.deepEqual([code, err], [0, ""]);
  });
}

Deno.test("without a word it says what it is and how to begin, on one screen", async () => {
  const { code, out, err } = await floatip([]);
  await golden("start", out);
  assert.deepEqual([code, err], [0, ""]);
  const lines = out.split("\n");
  assert.ok(lines.length <= 40 && lines.every((line) => line.length <= 100));
});

Deno.test("help, and help of a command, are what --help prints", async () => {
  assert.deepEqual(await floatip(["help"]), await floatip(["--help"]));
  assert.deepEqual(await floatip(["help", "status"]), await floatip(["status", "--help"]));
});

const NOBODY = "/nonexistent/floatip";

/** Arguments, exit code, and what standard error says. */
const TABLE: readonly (readonly [readonly string[], number, RegExp])[] = [
  [[], 0, /^$/],
  [["--version"], 0, /^$/],
  [["version"], 0, /^$/],
  [["help", "statsu"], 2, /no command "statsu": did you mean `?status`?\?/],
  [["statsu"], 2, /no command "statsu": did you mean `?status`?\?/],
  [["handover"], 2, /INSTANCE/],
  [["handover", "web", "--run-dir", NOBODY], 4, /the daemon is not running/],
  [["key", "neww"], 2, /write "new", "list", "rotate" or "retire"/],
  [["key", "list", "0913ad65"], 2, /list takes no ID/],
  [["key", "retire", "xyz"], 2, /an id has 8 hexadecimal digits/],
  [["key", "new", "--credential", "../x"], 2, /"..\/x" names no credential/],
  [["maintenance", "onn"], 2, /write "on", "off" or "status"/],
  [["maintenance", "on", "--for", "2"], 2, /write a number and a unit/],
  [["restart", "--run-dir", NOBODY], 4, /the daemon is not running/],
  [["constructor"], 2, /no command "constructor"/],
  [["status", "--jsn"], 2, /no flag --jsn: did you mean --json\?/],
  [["status", "pi-a", "extra"], 2, /one argument too many: "extra"/],
  [["run", "--log-level", "inf"], 2, /is one of debug, .*, not "inf": did you mean info\?/],
  [["check", "-c"], 2, /--config needs a value/],
  [["firewall", "--format", "ntf"], 2, /is one of nft, .*, not "ntf": did you mean nft\?/],
  [["firewall", "-c", "/nonexistent.toml"], 3, /there is no configuration file/],
  [["listen", "--for", "10"], 2, /--for "10": write a number and a unit/],
  [["status", "--run-dir", NOBODY], 4, /the daemon is not running .*\n {2}Start it/],
  [["status", "--watch", "--run-dir", NOBODY], 4, /the daemon is not running/],
  [["reload", "--run-dir", NOBODY], 4, /the daemon is not running/],
  [["check", "/nonexistent.toml"], 3, /there is no configuration file .*\n(.*\n)+ +vrid = 51/],
  [["run", "-c", "/nonexistent.toml"], 3, /there is no configuration file \/nonexistent\.toml/],
];

for (const [args, code, err] of TABLE) {
  Deno.test(`exit ${code}: floatip ${args.join(" ")}`, async () => {
    const outcome = await floatip(args);
    assert.equal(outcome.code, code, outcome.err);
    assert.match(outcome.err, err);
    assert.doesNotMatch(outcome.err, /\bat .*\.ts/, "no stack");
  });
}

Deno.test("with --json a problem is one JSON object on standard error", async (t) => {
  for (const args of [["status", "--json", "--run-dir", NOBODY], ["check", "--json", "--frob"]]) {
    await t.step(args.join(" "), async () => {
      const { code, out, err } = await floatip(args);
      assert.equal(out, "");
      assert.equal(err.trimEnd().split("\n").length, 1);
      const { error, hint, exit } = JSON.parse(err);
      assert.deepEqual([typeof error, typeof hint, exit], ["string", "string", code]);
    });
  }
});

Deno.test("status exits by its verdict and prints the document as it is", async () => {
  let document = documentOf([master()]);
  await withDaemon(() => document, async (runDir) => {
    const healthy = await floatip(["status", "--json", "--run-dir", runDir]);
    assert.deepEqual(JSON.parse(healthy.out), document);
    assert.deepEqual([healthy.code, healthy.err], [0, ""]);

    document = documentOf([master()], { attention: ["web: look here"] });
    const degraded = await floatip(["status", "--run-dir", runDir]);
    assert.equal(degraded.code, 1);
    assert.match(degraded.out, /^attention\n- web: look here$/m);
    assert.ok(!degraded.out.includes("\x1b"), "no escapes in a pipe");

    document = documentOf([backup({ health: "nobody", master: null })]);
    assert.equal((await floatip(["status", "--run-dir", runDir])).code, 2);
  });
});

Deno.test("status of one node, and of one that the file does not have", async () => {
  const document = documentOf([master()]);
  await withDaemon(() => document, async (runDir) => {
    const one = await floatip(["status", "pi-b", "--json", "--run-dir", runDir]);
    assert.deepEqual([JSON.parse(one.out), one.code], [document.nodes[1], 0]);
    const none = await floatip(["status", "pi-z", "--run-dir", runDir]);
    assert.deepEqual([none.code, none.out], [2, ""]);
    assert.match(none.err, /there is no node pi-z\n {2}the nodes are pi-a, pi-b/);
  });
});

const reason = missing();
Deno.test(nameWith("a socket for others is exit 5", reason), async () => {
  await withDaemon(() => documentOf([]), async (runDir) => {
    Deno.chmodSync(runDir, 0o755);
    const source = (name: string) =>
      JSON.stringify(new URL(`../../../src/cli/${name}.ts`, import.meta.url).href);
    // All is loaded before the rights are given up: nobody may not even read this checkout.
    const asNobody = `const { main } = await import(${source("main")});
      await import(${source("status/run")});
      const id = { parameters: ["u32"], result: "i32" };
      const libc = Deno.dlopen("libc.so.6", { setgid: id, setuid: id });
      libc.symbols.setgid(65534);
      libc.symbols.setuid(65534);
      Deno.exit(await main(["status", "--run-dir", ${JSON.stringify(runDir)}]));`;
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["eval", asNobody],
      stdout: "null",
    }).output();
    assert.match(new TextDecoder().decode(stderr), /not permitted to use .*status\.sock/);
    assert.equal(code, 5);
  });
});

Deno.test("firewall: a remark that Prometheus must be let in from elsewhere", async () => {
  const file = await Deno.makeTempFile({ suffix: ".toml" });
  try {
    for (const [listen, remark] of [["0.0.0.0:9112", true], ["127.0.0.1:9112", false]] as const) {
      const instance = '[instance.web]\nvrid = 51\naddresses = ["192.168.1.50/24"]\n';
      await Deno.writeTextFile(file, `[metrics]\nlisten = "${listen}"\n${instance}`);
      const { code, out } = await floatip(["firewall", "-c", file, "--format", "ufw"]);
      assert.equal(code, 0);
      assert.match(out, /^ufw allow in .*proto vrrp from any to 224\.0\.0\.18/m);
      assert.equal(/^# Prometheus asks at TCP port 9112/m.test(out), remark, out);
    }
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("reload prints the changes, or the problems and exit 3", async (t) => {
  const changes = ["web: priority 100 -> 150"];
  await t.step("applied", () =>
    withDaemon(() => documentOf([]), async (runDir) => {
      const { code, out } = await floatip(["reload", "--run-dir", runDir]);
      assert.deepEqual([code, out], [0, "reloaded:\n  web: priority 100 -> 150\n"]);
    }, { applied: true, changes, warnings: [] }));
  const problem = {
    severity: "error",
    path: ["instance", "web", "vrid"],
    at: "value",
    what: "vrid 0 is out of range",
    why: "A VRID is 1-255.",
    fix: "vrid = 51",
    file: "/etc/floatip/floatip.toml",
    line: 7,
    column: 8,
    source: "vrid = 0",
    caret: 8,
  } as const;
  await t.step("refused", () =>
    withDaemon(() => documentOf([]), async (runDir) => {
      const { code, out, err } = await floatip(["reload", "--run-dir", runDir]);
      assert.equal(code, 3);
      assert.match(out, /^\/etc\/floatip\/floatip.toml:7:8: error: vrid 0 is out of range$/m);
      assert.match(
        err,
        /^floatip: not reloaded: 1 problem .* the old configuration stays in force/,
      );
    }, { applied: false, problems: [problem] }));
});

Deno.test("a reader that has seen enough is no error", async () => {
  // Far more than a pipe holds, so that writing goes on after the reader has left.
  const many = documentOf(Array.from({ length: 2000 }, (_, i) => master({ name: `web${i}` })));
  await withDaemon(() => many, async (runDir) => {
    await using child = command(["status", "--run-dir", runDir]).spawn();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    assert.equal(await new Response(child.stderr).text(), "");
    assert.equal((await child.status).code, 0);
  });
});

const noFull = exists("/dev/full") ? undefined : "needs /dev/full";

Deno.test(
  nameWith("output that cannot be written is one sentence and exit 1", noFull),
  async () => {
    const child = new Deno.Command("sh", {
      args: ["-c", `exec "$0" run -A --no-check "$1" version > /dev/full`, Deno.execPath(), MAIN],
      stderr: "piped",
    });
    const { code, stderr } = await child.output();
    assert.equal(code, 1);
    assert.match(new TextDecoder().decode(stderr), /^floatip: No space left on device/);
  },
);

Deno.test("status --watch in a pipe: each change once, and an exit code at Ctrl-C", async () => {
  let document = documentOf([master()]);
  let asked = 0;
  const thrice = Promise.withResolvers<void>();
  const answer = () => {
    if (++asked === 3) thrice.resolve();
    return document;
  };
  await withDaemon(answer, async (runDir) => {
    await using child = command(["status", "--watch", "--run-dir", runDir]).spawn();
    const stderr = new Response(child.stderr).text();
    const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const first = await untilEmptyLine(lines);
    assert.match(first, /^--- 20\d\d-\d\d-\d\d [\d:.]+\n/);
    await thrice.promise;
    document = documentOf([backup({ health: "nobody", master: null })]);
    const second = await untilEmptyLine(lines);
    assert.match(second, /^--- .*HELD BY NO NODE/s);
    child.kill("SIGINT");
    assert.equal((await lines.read()).done, true, "nothing was printed but the change");
    assert.deepEqual([await stderr, (await child.status).code], ["", 2]);
  });
});

Deno.test("status --watch: a daemon that is gone is reported once", async () => {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    const reload = () => Promise.reject(new Error("unused"));
    const first = ControlServer.open(root, {
      ...ANSWERS,
      status: () => JSON.stringify(documentOf([master()])),
      reload,
    });
    await using child = command(["status", "--watch", "--run-dir", root]).spawn();
    const out = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
    const err = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
    await untilEmptyLine(out);
    await first.close();
    assert.match((await err.read()).value ?? "", /the daemon is not running/);
    const status = () => documentOf([master({ since: new Date().toISOString() })]);
    await using _second = ControlServer.open(root, {
      ...ANSWERS,
      status: () => JSON.stringify(status()),
      reload,
    });
    await untilEmptyLine(out);
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    await out.cancel();
    await err.cancel();
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("an unforeseen error has its stack only with FLOATIP_DEBUG=1", async (t) => {
  const broken = { ...documentOf([]), instances: 7 } as unknown as StatusDocument;
  for (const [debug, stack] of [["0", false], ["1", true]] as const) {
    await t.step(`FLOATIP_DEBUG=${debug}`, () =>
      withDaemon(() => broken, async (runDir) => {
        const { code, err } = await floatip(["status", "--run-dir", runDir], {
          FLOATIP_DEBUG: debug,
        });
        assert.equal(code, 1);
        assert.match(err, /^floatip: .*\n/);
        assert.equal(/\bat .*\.ts/.test(err), stack, err);
      }));
  }
});

/** Reads a block of --watch: up to and without the empty line at its end. */
async function untilEmptyLine(reader: ReadableStreamDefaultReader<string>): Promise<string> {
  let text = "";
  while (!text.endsWith("\n\n")) {
    const { value, done } = await reader.read();
    assert.equal(done, false, `ended after ${JSON.stringify(text)}`);
    text += value;
  }
  return text;
}

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}
