/** The demo shows a failover, and leaves nothing behind, also when interrupted. */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { run, withPlainKill } from "../../support/lab/command.ts";
import { readRecords } from "../../support/lab/orphans.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { until } from "../../support/until.ts";

const reason = missing();
const demo = fileURLToPath(new URL("../../../packaging/demo.ts", import.meta.url));

/**
 * A demo that runs into pipes, with a temporary folder of its own, and what it has said until now.
 */
class RunningDemo implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  output = "";

  constructor(readonly scratch: string) {
    const args = ["run", "--allow-all", "--no-check", demo];
    const env = { ...process.env, TMPDIR: scratch };
    this.child = withPlainKill(
      spawn(Deno.execPath(), args, { env, stdio: ["ignore", "pipe", "pipe"] }),
    );
    this.ended = once(this.child, "close");
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => this.output += text);
    }
  }

  /** The namespaces that it has made. */
  async namespaces(): Promise<readonly string[]> {
    const pid = this.child.pid;
    const record = await until("its LAN", () => readRecords().find((lab) => lab.pid === pid));
    return record.namespaces;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.child.kill("SIGTERM");
    await this.ended;
    await Deno.remove(this.scratch, { recursive: true });
  }
}

async function start(): Promise<RunningDemo> {
  return new RunningDemo(await Deno.makeTempDir({ prefix: "floatip-package-" }));
}

async function assertNothingLeft(demo: RunningDemo, made: readonly string[]): Promise<void> {
  const { stdout } = await run(["ip", "netns", "list"]);
  const left = stdout.split("\n").map((line) => line.split(" ")[0] ?? "");
  assert.deepEqual(made.filter((namespace) => left.includes(namespace)), []);
  assert.deepEqual([...Deno.readDirSync(demo.scratch)], []);
}

Deno.test({
  ...nameWith("demo: a takeover, a return and an orderly stop, within 30 s", reason),
  async fn() {
    await using demo = await start();
    const started = performance.now();
    const made = await demo.namespaces();
    assert.equal(made.length, 5);
    assert.deepEqual(await demo.ended, [0, null], demo.output);
    assert.ok(performance.now() - started < 30_000);
    const said = [
      /pi-a, the first of `prefer`, is master/,
      /pi-a +192\.168\.1\.11 +pulled +fault +eth0 has no carrier/,
      /Takeover: the client was without 192\.168\.1\.50 for \d\.\d\d s/,
      /pi-a is master again/,
      /Return: the longest pause of the client was \d+ ms/,
      /Orderly stop: the longest pause of the client was \d+ ms/,
      /Done/,
    ];
    for (const words of said) assert.match(demo.output, words);
    // deno-lint-ignore no-control-regex -- what a pipe must not get
    assert.doesNotMatch(demo.output, /\x1b/);
    await assertNothingLeft(demo, made);
  },
});

Deno.test({
  ...nameWith("demo: Ctrl-C takes everything down, even when it comes twice", reason),
  async fn() {
    await using demo = await start();
    const made = await demo.namespaces();
    await until("the first words", () => demo.output.includes("Three nodes start"));
    demo.child.kill("SIGINT");
    demo.child.kill("SIGINT");
    assert.deepEqual(await demo.ended, [130, null], demo.output);
    await assertNothingLeft(demo, made);
  },
});
