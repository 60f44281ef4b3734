import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { socketPath } from "../../../../src/control/socket.ts";
import { missing, nameWith } from "../../../support/lab/prerequisites.ts";

const MAIN = fileURLToPath(new URL("../../../../main.ts", import.meta.url));

/** A network namespace of the child's own, gone with it: eth0 has 192.168.1.11 and a carrier. */
const NETWORK = `
  ip link set lo up
  ip link add eth0 type veth peer name lan0
  ip link set lan0 up
  ip addr add 192.168.1.11/24 dev eth0
  ip link set eth0 up
`;

const CONFIG = `
[instance.web]
interface = "eth0"
vrid = 51
addresses = ["192.168.1.50/24"]
advert_interval = "100ms"
`;

const reason = missing("unshare", "setpriv");

/**
 * `script` in a network namespace of its own, with the program as "$@" and standard error piped.
 */
function inNamespace(script: string, args: readonly string[]): Deno.Command {
  const program = [Deno.execPath(), "run", "-A", "--no-check", MAIN, ...args];
  return new Deno.Command("unshare", {
    args: ["-n", "sh", "-ec", `${NETWORK}${script}`, "sh", ...program],
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });
}

interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

async function outcomeOf(command: Deno.Command): Promise<Outcome> {
  const { code, stdout, stderr } = await command.output();
  const [out = "", err = ""] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
  return { code, out, err };
}

/** Another command, outside: the socket is a file, whatever the network. */
function floatip(...args: readonly string[]): Promise<Outcome> {
  return outcomeOf(
    new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-check", MAIN, ...args] }),
  );
}

/** A running daemon and what it has logged. */
interface Daemon {
  readonly runDir: string;
  readonly file: string;
  readonly child: Deno.ChildProcess;
  /** Everything logged until a line matches; rejects where the daemon ends before. */
  logged(pattern: RegExp): Promise<string>;
}

async function withDaemon(
  body: (daemon: Daemon) => Promise<void>,
  script = 'exec "$@"',
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  const file = `${root}/floatip.toml`;
  const runDir = `${root}/run`;
  await Deno.writeTextFile(file, CONFIG);
  const args = ["run", "-c", file, "--run-dir", runDir, "--state-dir", `${root}/state`];
  const child = inNamespace(script, args).spawn();
  const lines = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  let log = "";
  const logged = async (pattern: RegExp): Promise<string> => {
    while (!pattern.test(log)) {
      const { value, done } = await lines.read();
      assert.equal(done, false, `no ${pattern} in:\n${log}`);
      log += value;
    }
    return log;
  };
  try {
    await body({ runDir, file, child, logged });
  } finally {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has ended, as it should.
    }
    await lines.cancel();
    await child.stdout.cancel();
    await child.status;
    await Deno.remove(root, { recursive: true });
  }
}

/** What curl --unix-socket would get. */
async function metrics(runDir: string): Promise<string> {
  const proxy = { transport: "unix", path: socketPath(runDir) } as const;
  using client = Deno.createHttpClient({ proxy });
  return await (await fetch("http://127.0.0.1/metrics", { client })).text();
}

/**
 * A test that needs a network namespace: skipped, with its reason in its name, where there can be
 * none.
 */
function testInNamespace(name: string, body: () => Promise<void>): void {
  Deno.test(nameWith(name, reason), body);
}

testInNamespace(
  "run: from listening to master to an orderly stop",
  () =>
    withDaemon(async ({ runDir, child, logged }) => {
      const log = await logged(/backup -> master/);
      assert.match(log, /^20\S+ \S+ info {4}web: init -> backup: started$/m);
      assert.match(
        log,
        /^20\S+ \S+ info {4}web: backup -> master: no master was heard for \d+ ms$/m,
      );
      const { code, out } = await floatip("status", "--json", "--run-dir", runDir);
      assert.equal(code, 0);
      const [web] = JSON.parse(out).instances;
      assert.deepEqual([web.name, web.state, web.vrid], ["web", "master", 51]);
      child.kill("SIGTERM");
      assert.equal((await child.status).code, 0);
      await logged(/stopped in order/);
      assert.throws(() => Deno.statSync(socketPath(runDir)), Deno.errors.NotFound);
      assert.equal((await floatip("status", "--run-dir", runDir)).code, 4);
    }),
);

testInNamespace(
  "run: a second daemon in the same place is turned away",
  () =>
    withDaemon(async ({ runDir, file, logged }) => {
      await logged(/backup -> master/);
      const second = await floatip("run", "-c", file, "--run-dir", runDir);
      assert.equal(second.code, 1);
      assert.match(second.err, /^floatip: another floatip runs here/);
      assert.equal((await floatip("status", "--run-dir", runDir)).code, 0);
    }),
);

testInNamespace(
  "run: reload applies a good file and keeps the old one over a bad one",
  () =>
    withDaemon(async ({ runDir, file, child, logged }) => {
      await logged(/backup -> master/);
      assert.equal(
        (await floatip("reload", "--run-dir", runDir)).out,
        "reloaded: nothing changed\n",
      );

      await Deno.writeTextFile(file, `${CONFIG}priority = 150\n`);
      const applied = await floatip("reload", "--run-dir", runDir);
      assert.deepEqual([applied.code, applied.out], [
        0,
        "reloaded:\n  web: priority 100 -> 150\n",
      ]);

      await Deno.writeTextFile(file, CONFIG.replace("51", "0"));
      const refused = await floatip("reload", "--run-dir", runDir);
      assert.equal(refused.code, 3);
      assert.match(refused.out, /floatip\.toml:4:8: error: /);
      assert.match(refused.err, /the old configuration stays in force/);
      assert.match(await metrics(runDir), /^floatip_config_last_reload_successful 0$/m);

      child.kill("SIGHUP");
      const log = await logged(/(not reloaded(.|\n)*){2}\n20\S+ \S+ error .*floatip\.toml:4:8: /);
      assert.doesNotMatch(log, /master -> /, "it stayed master all the time");
      const status = await floatip("status", "--json", "--run-dir", runDir);
      assert.equal(status.code, 0);
      assert.equal(JSON.parse(status.out).instances[0].priority, 150);

      await Deno.writeTextFile(file, CONFIG);
      child.kill("SIGHUP");
      await logged(/priority 150 -> 100/);
      assert.match(await metrics(runDir), /^floatip_config_last_reload_successful 1$/m);
    }),
);

testInNamespace("run: Ctrl-C leaves in order, too", () =>
  withDaemon(async ({ child, logged }) => {
    await logged(/backup -> master/);
    child.kill("SIGINT");
    assert.equal((await child.status).code, 0);
  }));

testInNamespace(
  "run: in a systemd unit every line has its level, and the journal adds the time",
  () =>
    withDaemon(async ({ logged }) => {
      const log = await logged(/backup -> master.*\n/);
      assert.match(log, /^<6>web: backup -> master: no master was heard for \d+ ms$/m);
      for (const line of log.trimEnd().split("\n")) assert.match(line, /^<[3467]>/);
    }, 'JOURNAL_STREAM=$(stat -L -c %d:%i /proc/self/fd/2) exec "$@"'),
);

testInNamespace(
  "run: where real-time scheduling is not permitted it says what that may cost, and runs",
  () =>
    withDaemon(async ({ logged }) => {
      const log = await logged(/backup -> master/);
      assert.match(
        log,
        /^20\S+ \S+ warning no real-time scheduling: Operation not permitted\. .*CAP_SYS_NICE/m,
      );
    }, 'exec prlimit --rtprio=0 setpriv --bounding-set -sys_nice --inh-caps -sys_nice "$@"'),
);

testInNamespace("run: real-time scheduling is taken, unless one does without it", async () => {
  for (const [flags, policy] of [["", "2"], ["--no-real-time", "0"]] as const) {
    await withDaemon(async ({ child, logged }) => {
      const log = await logged(/backup -> master/);
      assert.doesNotMatch(log, /real-time/);
      const stat = await Deno.readTextFile(`/proc/${child.pid}/stat`);
      assert.equal(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[38], policy);
    }, `exec chrt --other 0 "$@" ${flags}`);
  }
});

testInNamespace("run: without the capabilities it says which, and exit 5", async () => {
  const file = await Deno.makeTempFile({ prefix: "floatip-", suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, CONFIG);
    const script = 'exec setpriv --bounding-set -net_raw --inh-caps -net_raw "$@"';
    const { code, err } = await outcomeOf(inNamespace(script, ["run", "-c", file]));
    assert.equal(code, 5, err);
    assert.match(err, /^floatip: this user may not send and receive VRRP \(CAP_NET_RAW\)$/m);
    // It is root: to be told to become root would be no help.
    assert.match(err, /--cap-add NET_RAW/);
    assert.doesNotMatch(err, /sudo|as root/);
    const check = await outcomeOf(inNamespace(script, ["check", file]));
    assert.equal(check.code, 1);
    assert.match(check.out, /fix: .*--cap-add NET_RAW/);
    assert.match(check.out, /^this machine: this user may not send and receive VRRP/m);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("run: a bad file is not started, and every problem is told", async () => {
  const file = await Deno.makeTempFile({ prefix: "floatip-", suffix: ".toml" });
  try {
    await Deno.writeTextFile(file, CONFIG.replace("51", "0").replace("interface", "interfce"));
    const { code, err } = await floatip("run", "-c", file);
    assert.equal(code, 3);
    assert.match(err, /:4:8: error: /);
    assert.match(err, /:3:1: error: unknown key "interfce"/);
    assert.match(err, /^floatip: not started: 2 problems in /m);
  } finally {
    await Deno.remove(file);
  }
});

testInNamespace(
  "check: a sound file on a fitting machine says what this node will do",
  async () => {
    const file = await Deno.makeTempFile({ prefix: "floatip-", suffix: ".toml" });
    try {
      await Deno.writeTextFile(file, CONFIG);
      const text = await outcomeOf(inNamespace('exec "$@"', ["check", file]));
      assert.deepEqual([text.code, text.err], [0, ""]);
      assert.match(text.out, /: instance web: VRID 51, priority 100, multicast on eth0/);
      assert.match(text.out, /^no other node is named in this file/m);
      const json = await outcomeOf(inNamespace('exec "$@"', ["check", "--json", file]));
      const { valid, fits, problems, plan } = JSON.parse(json.out);
      assert.deepEqual([valid, fits, problems, plan.length], [true, true, [], 1]);

      await Deno.writeTextFile(file, CONFIG.replace("eth0", "eth9"));
      const unfit = await outcomeOf(inNamespace('exec "$@"', ["check", "--json", file]));
      assert.equal(unfit.code, 1);
      assert.equal(JSON.parse(unfit.out).problems[0].severity, "machine");
      assert.equal(JSON.parse(unfit.err).exit, 1);

      await Deno.writeTextFile(file, CONFIG.replace("51", "0"));
      const wrong = await outcomeOf(inNamespace('exec "$@"', ["check", file]));
      assert.equal(wrong.code, 3);
      assert.match(
        wrong.out,
        /:4:8: error: .*\n(.*\n)* {2}why: .*\n {2}fix: write a whole number /,
      );
    } finally {
      await Deno.remove(file);
    }
  },
);

testInNamespace("listen: hears the adverts on the LAN until nobody reads any more", async () => {
  const root = await Deno.makeTempDir({ prefix: "floatip-" });
  try {
    await Deno.writeTextFile(`${root}/floatip.toml`, CONFIG);
    const folders = ["--run-dir", `${root}/run`, "--state-dir", `${root}/state`];
    const daemon = ["run", "-c", `${root}/floatip.toml`, ...folders];
    const listen = (flags: string) =>
      `"${Deno.execPath()}" run -A --no-check "${MAIN}" listen ${flags}`;
    const script = `"$@" >/dev/null 2>&1 & daemon=$!
      ${listen("--json --interface lan0")} | head -n 1
      ${listen("--interface lan0 --for 1s")} 2>&1
      kill $daemon; wait $daemon`;
    const { code, out } = await outcomeOf(inNamespace(script, daemon));
    assert.equal(code, 0);
    const [first = "", ...rest] = out.split("\n");
    const { source, vrid, priority, addresses, outgoing } = JSON.parse(first);
    assert.deepEqual([source, vrid, priority, addresses, outgoing], [
      "192.168.1.11",
      51,
      100,
      ["192.168.1.50"],
      false,
    ]);
    const text = rest.join("\n");
    assert.match(text, /^new sender 192\.168\.1\.11 \(.*\) on lan0, VRID 51$/m);
    assert.match(text, /^lan0 {2}VRID 51 {2}IPv4\n {2}192\.168\.1\.11 .* \d+ packets? /m);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

testInNamespace("listen: an interface that is not there is named with those that are", async () => {
  const { code, err } = await outcomeOf(inNamespace('exec "$@"', ["listen", "-i", "eth9"]));
  assert.deepEqual([code, err], [
    1,
    "floatip: there is no interface eth9\n  There are: lo, lan0, eth0.\n",
  ]);
});
