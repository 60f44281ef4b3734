import assert from "node:assert/strict";
import { decode } from "../../../src/config/decode.ts";
import type { Config } from "../../../src/config/config.ts";
import type { CheckSettings } from "../../../src/config/tables/check.ts";
import { failure } from "../../../src/notify/sink.ts";
import { RunnerClient } from "../../../src/runner/client.ts";
import { serve } from "../../../src/runner/serve.ts";
import { until } from "../../support/until.ts";
import { record } from "../../support/notify/records.ts";

const NEVER = new AbortController().signal;

/**
 * A loaded machine may take seconds to kill what the runner is to end: what it says is waited for.
 */
const GRACE_MS = 60_000;

const LONG_MS = 60_000;

/** A sound configuration with these checks and [notify]. */
function configured(tables: string): Config {
  const decoded = decode(`
[instance.web]
vrid = 51
addresses = ["192.168.1.50/24", "192.168.1.51/24"]
${tables}`);
  assert.equal(decoded.kind, "config", JSON.stringify(decoded));
  return (decoded as Extract<typeof decoded, { kind: "config" }>).config;
}

function command(name: string, ...argv: readonly string[]): string {
  return `[check.${name}]\ncommand = ${JSON.stringify(argv)}\ntimeout = "30s"\ninterval = "30s"\n`;
}

/** A line, and what runs at its other end: as systemd does it, a new one for each connection. */
class Scene implements AsyncDisposable {
  readonly folder = Deno.makeTempDirSync({ prefix: "floatip-runner-" });
  readonly path = `${this.folder}/socket`;
  readonly line = new RunnerClient(this.path, GRACE_MS);
  readonly conns: Deno.UnixConn[] = [];
  readonly #listener = Deno.listen({ transport: "unix", path: this.path });
  readonly #served: Promise<void>[] = [];

  constructor(public config: Config | undefined) {
    this.#accept();
  }

  check(name: string): CheckSettings {
    const check = this.config?.checks.find((one) => one.name === name);
    assert.ok(check);
    return check;
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.conns.push(conn);
      const load = (): Promise<Config | undefined> => Promise.resolve(this.config);
      const served = serve({ requests: conn.readable, responses: conn.writable, load });
      this.#served.push(served.catch(() => {}));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.line[Symbol.dispose]();
    this.#listener.close();
    await Promise.all(this.#served);
    await Deno.remove(this.folder, { recursive: true });
  }
}

Deno.test("runner: it makes the attempts that the file names, several at a time", async () => {
  const tables = command("good", "/bin/true") +
    command("bad", "/bin/sh", "-c", "echo no >&2; exit 3") +
    '[check.flag]\nfile = "/etc/passwd"\n' +
    // A busy machine has many processes to look at.
    '[check.self]\nprocess = "no-such-process"\ninterval = "60s"\ntimeout = "30s"\n';
  await using scene = new Scene(configured(tables));
  await scene.line.start(scene.config ?? assert.fail());
  const names = ["good", "bad", "flag", "self"];
  const results = await Promise.all(
    names.map((name) => scene.line.probe(scene.check(name), NEVER)),
  );
  assert.match(results[0]?.text ?? "", /^exit 0 in /);
  assert.deepEqual(results.map(({ ok }) => ok), [true, false, true, false]);
  assert.deepEqual(results.slice(1).map(({ text: words }) => words), [
    "exit 3: no",
    "present",
    "not running",
  ]);
  assert.equal(scene.conns.length, 1);
});

Deno.test("runner: runs only what the file names; a reload adds, a broken file keeps", async () => {
  const before = configured(command("old", "/bin/true"));
  await using scene = new Scene(before);
  await scene.line.start(before);
  const after = configured(command("new", "/bin/true"));
  const check = after.checks[0] ?? assert.fail();
  const refused = await scene.line.probe(check, NEVER);
  assert.deepEqual([refused.ok, /^not in the configuration file/.test(refused.text)], [
    false,
    true,
  ]);
  scene.config = after;
  scene.line.reload();
  assert.equal((await scene.line.probe(check, NEVER)).ok, true);
  scene.config = undefined;
  scene.line.reload();
  assert.equal((await scene.line.probe(check, NEVER)).ok, true);
});

Deno.test("runner: an attempt ends at its timeout, and by a stop, with its children", async () => {
  const marker = `31${Deno.pid}`;
  const tables =
    `[check.slow]\ncommand = ["/bin/sh", "-c", "sleep ${marker} & wait"]\ntimeout = "300ms"\n` +
    `[check.patient]\ncommand = ["/bin/sleep", "${marker}"]\ntimeout = "60s"\ninterval = "60s"\n`;
  await using scene = new Scene(configured(tables));
  const late = await scene.line.probe(scene.check("slow"), NEVER);
  assert.equal(late.text, "killed after 300 ms");
  const stop = new AbortController();
  const running = scene.line.probe(scene.check("patient"), stop.signal);
  await until("the child", () => isRunning(marker), LONG_MS);
  stop.abort();
  assert.equal((await running).text, "stopped");
  await until("the child's end", async () => !await isRunning(marker), LONG_MS);
});

Deno.test("runner: a runner that disconnects is reported, and asked again", async () => {
  await using scene = new Scene(
    configured(command("slow", "/bin/sleep", "20") + command("good", "/bin/true")),
  );
  const running = scene.line.probe(scene.check("slow"), NEVER);
  await until("a connection", () => scene.conns.length === 1, LONG_MS);
  scene.conns[0]?.close();
  assert.equal((await running).text, "the runner has ended");
  assert.equal((await scene.line.probe(scene.check("good"), NEVER)).ok, true);
});

Deno.test("runner: without a runner, or a response, the attempt fails in time", async () => {
  const config = configured(`[check.good]\ncommand = ["/bin/true"]\ntimeout = "200ms"\n`);
  const check = config.checks[0] ?? assert.fail();
  const path = `${Deno.makeTempDirSync({ prefix: "floatip-runner-" })}/socket`;
  using line = new RunnerClient(path);
  const nobody = await line.probe(check, NEVER);
  assert.match(nobody.text, /^the runner cannot be asked: .*No such file/);
  using listener = Deno.listen({ transport: "unix", path });
  const started = performance.now();
  const mute = await line.probe(check, NEVER);
  const took = performance.now() - started;
  assert.equal(mute.text, "the runner does not answer");
  assert.ok(took >= 200, `${took} ms`);
  listener.unref();
});

Deno.test("runner: it runs the commands of [notify], of the file and of an instance", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "floatip-runner-" });
  const tell = (file: string) =>
    JSON.stringify(["/bin/sh", "-c", `echo "$@" $FLOATIP_CAUSE >> ${folder}/${file}`, "sh"]);
  const config = configured(
    `notify = { command = ${tell("web")} }\n[notify]\ncommand = ${tell("all")}\n`,
  );
  await using scene = new Scene(config);
  const sink = {
    name: "command",
    timeoutMs: 1000,
    retries: 0,
    wants: () => true,
    deliver: () => Promise.resolve(failure("by itself", false)),
  };
  const transition = record({ instance: "web", to: "master", priority: 200, cause: "a test" });
  for (const [owner, file] of [[null, "all"], ["web", "web"]] as const) {
    const told = await scene.line.sink(owner, "command", sink).deliver(transition, NEVER);
    assert.deepEqual(told, { ok: true, text: "exit 0", retry: false });
    const text = await Deno.readTextFile(`${folder}/${file}`);
    assert.equal(text, "INSTANCE web MASTER 200 a test\n");
  }
  const unknown = await scene.line.sink("nobody", "command", sink).deliver(transition, NEVER);
  assert.equal(unknown.ok, false);
  assert.equal(scene.line.sink(null, "webhook", sink), sink);
  await Deno.remove(folder, { recursive: true });
});

async function isRunning(marker: string): Promise<boolean> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const words = await Deno.readTextFile(`/proc/${name}/cmdline`).catch(() => "");
    if (words.endsWith(`sleep\0${marker}\0`)) return true;
  }
  return false;
}
