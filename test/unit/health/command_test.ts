import assert from "node:assert/strict";
import { runProbe } from "../../../src/health/probe.ts";
import { killed, runChild } from "../../../src/process.ts";
import {
  attempt,
  check,
  children,
  descriptors,
  eventually,
  processesWith,
  tools,
} from "../../support/health/checks.ts";

const ROUNDS = Number(Deno.env.get("FLOATIP_ROUNDS") ?? 60);

function run(argv: readonly string[], timeoutMs?: number) {
  return attempt({ kind: "command", argv, user: undefined }, timeoutMs);
}

function shell(text: string, timeoutMs?: number) {
  return run(["/bin/sh", "-c", text], timeoutMs);
}

/**
 * Runs a command whose whole offspring carries a name of its own, and gives what it left running.
 */
async function leftBy(text: string, timeoutMs: number) {
  const name = crypto.randomUUID();
  const settings = check(
    { kind: "command", argv: ["/bin/sh", "-c", text], user: undefined },
    timeoutMs,
  );
  const before = descriptors();
  const result = await runProbe({ ...settings, name }, tools());
  const left = () => processesWith(`FLOATIP_CHECK=${name}`);
  await eventually("its descriptors are closed", () => descriptors() <= before);
  return { result, left };
}

const ends: readonly (readonly [text: string, ok: boolean, words: RegExp])[] = [
  ["exit 0", true, /^exit 0 in [\d.]+ ms$/],
  ["exit 1", false, /^exit 1$/],
  ["echo; echo ' all is lost '; echo more; exit 3", false, /^exit 3: all is lost$/],
  ["echo out; echo err >&2; exit 1", false, /^exit 1: err$/],
  ["kill -9 $$", false, /^killed by SIGKILL$/],
  ["kill -TERM $$", false, /^killed by SIGTERM$/],
  ["printf '\\033[31mred\\033[0m\\n'; exit 1", false, /^exit 1: \[31mred \[0m$/],
  ["printf 'x%.0s' $(seq 500); exit 1", false, /^exit 1: x{119}…$/],
];

for (const [text, ok, words] of ends) {
  Deno.test(`sh -c "${text}" reads ${words}`, async () => {
    const result = await shell(text);
    assert.match(result.text, words);
    assert.equal(result.ok, ok);
  });
}

Deno.test("the environment is clean, and names the check", async () => {
  const result = await shell("env | cut -d= -f1 | sort | tr '\\n' ' '; exit 1");
  // PWD is the shell's own.
  assert.equal(result.text, "exit 1: FLOATIP_CHECK FLOATIP_CHILD LANG PATH PWD");
  assert.match((await shell("echo $FLOATIP_CHECK $PWD; exit 1")).text, /tried \/$/);
});

Deno.test("arguments arrive as they are, without a shell", async () => {
  const result = await run(["/bin/sh", "-c", 'echo "$1" >&2; exit 1', "sh", "$(id) ; * 'x'"]);
  assert.equal(result.text, "exit 1: $(id) ; * 'x'");
});

Deno.test("command probe: runs without real-time scheduling, in a session, no input", async () => {
  const policy = await shell("chrt -p $$ >&2; exit 1");
  assert.match(policy.text, /SCHED_OTHER$/);
  const session = await shell("test $(ps -o sid= -p $$) -eq $$");
  assert.ok(session.ok, session.text);
  assert.ok((await shell("! read line")).ok);
});

Deno.test("what hangs is killed at the timeout, with children that outlive it", async () => {
  for (
    const text of [
      "sleep 1000",
      "sleep 1000 & sleep 1000 & exec sleep 1000",
      "trap '' TERM HUP INT; sleep 1000; sleep 1000",
      "(trap '' TERM; sleep 1000) & while :; do :; done",
      // Sessions of their own: no longer in the process group.
      "setsid sleep 1000 & setsid -f setsid -f sleep 1000; sleep 1000",
    ]
  ) {
    const { result, left } = await leftBy(text, 150);
    assert.deepEqual([result.ok, result.text], [false, "killed after 150 ms"], text);
    await eventually(`nothing is left of: ${text}`, () => left().length === 0);
  }
});

Deno.test("a process that ends waits until nothing is left of what it told to stop", async () => {
  const name = crypto.randomUUID();
  const left = () => processesWith(`FLOATIP_CHECK=${name}`);
  const stop = new AbortController();
  const argv = ["/bin/sh", "-c", "setsid sleep 1000 & sleep 1000 & wait"];
  const options = { env: { FLOATIP_CHECK: name }, timeoutMs: 60_000, outputLimit: 100 };
  const running = runChild({ argv, ...options, stop: stop.signal });
  await eventually("they run", () => left().length === 3);
  stop.abort();
  await killed();
  assert.deepEqual(left(), []);
  assert.equal((await running).stopped, true);
  const late = await runChild({ argv, ...options, stop: stop.signal });
  assert.deepEqual([late.stopped, left()], [true, []]);
});

Deno.test("what it leaves in its process group is killed when it ends", async () => {
  const { result, left } = await leftBy("sleep 1000 & sleep 1000 & exit 0", 30_000);
  assert.ok(result.ok, result.text);
  await eventually("nothing is left", () => left().length === 0);
});

Deno.test("a service that it starts on purpose lives on, and does not hold the probe", async () => {
  const { result, left } = await leftBy("(sleep 0.02; exec setsid sleep 1000) & exit 0", 30_000);
  const pids = left();
  for (const pid of pids) Deno.kill(pid, "SIGKILL");
  assert.ok(result.ok, result.text);
  assert.equal(pids.length, 1);
});

Deno.test("megabytes are read and forgotten", async () => {
  // Of this file's isolate alone: other files run in the same process.
  const held = () => Deno.memoryUsage().external;
  const before = held();
  let most = before;
  const watching = setInterval(() => most = Math.max(most, held()), 1);
  const text = "head -c 40000000 /dev/zero; head -c 40000000 /dev/zero >&2";
  const result = await shell(text, 30_000);
  clearInterval(watching);
  const grown = Math.round((Math.max(most, held()) - before) / 1e6);
  assert.ok(result.ok, result.text);
  console.log(`      80 MB in ${Math.round(result.latency / 1e6)} ms, ${grown} MB held at most`);
  assert.ok(grown < 60, `${grown} MB`);
  // 64 KiB a millisecond at most: else reading a flood is all that the thread does.
  assert.ok(result.latency > 1.2e9, "the reader holds it back");
});

Deno.test("an endless flood is killed, and the thread stays free meanwhile", async () => {
  let ticks = 0;
  const ticking = setInterval(() => ticks++, 5);
  const { result, left } = await leftBy("yes & yes >&2 & yes", 500);
  clearInterval(ticking);
  assert.equal(result.text, "killed after 500 ms");
  await eventually("nothing is left", () => left().length === 0);
  console.log(`      ${ticks} ticks of a 5 ms timer in 500 ms`);
  // A thread that did nothing but read would have had none; a loaded machine still has some.
  assert.ok(ticks >= 5, `${ticks} ticks`);
});

Deno.test("what cannot be run says so", async () => {
  const folder = await Deno.makeTempDir({ prefix: "fl-command-" });
  try {
    await Deno.chmod(folder, 0o755);
    const path = `${folder}/check`;
    assert.equal((await run([path])).text, `${path}: no such file`);
    await Deno.writeTextFile(path, "#!/no/such/interpreter\n");
    await Deno.chmod(path, 0o644);
    assert.equal((await run([path])).text, `${path}: not executable: chmod +x ${path}`);
    await Deno.chmod(path, 0o755);
    assert.equal((await run([path])).text, `${path}: /no/such/interpreter: no such file`);
    assert.equal((await run([folder])).text, `${folder}: not a regular file`);
    assert.match((await run(["no-such-program"])).text, /^no-such-program: no such program in/);
    assert.equal((await run(["bin/x"])).text, "bin/x: not an absolute path");
    assert.ok((await run(["true"])).ok);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("a user that is not there is named", async () => {
  const probe = { kind: "command", argv: ["true"], user: "no-such-user" } as const;
  assert.equal((await attempt(probe)).text, "no user no-such-user on this machine");
});

Deno.test("a probe that is stopped takes its children with it", async () => {
  const name = crypto.randomUUID();
  const stop = new AbortController();
  const argv = ["/bin/sh", "-c", "sleep 1000 & sleep 1000"];
  const settings = { ...check({ kind: "command", argv, user: undefined }, 60_000), name };
  const running = runProbe(settings, tools(), stop.signal);
  const left = () => processesWith(`FLOATIP_CHECK=${name}`);
  await eventually("it runs", () => left().length >= 2);
  stop.abort();
  assert.equal((await running).text, "stopped");
  await eventually("nothing is left", () => left().length === 0);
});

Deno.test(`${ROUNDS} rounds of the worst leak neither descriptor nor process`, async () => {
  const name = crypto.randomUUID();
  const texts = [
    "exit 0",
    "sleep 1000 & exit 1",
    "sleep 1000 & sleep 1000",
    "trap '' TERM; sleep 1000",
    "setsid sleep 1000 & sleep 1000",
    "yes & yes >&2",
  ];
  const round = (index: number) => {
    const argv = ["/bin/sh", "-c", texts[index % texts.length] ?? ""];
    return runProbe({ ...check({ kind: "command", argv, user: undefined }, 60), name }, tools());
  };
  for (let index = 0; index < 12; index++) await round(index);
  const before = { descriptors: descriptors(), children: children() };
  const start = performance.now();
  for (let index = 0; index < ROUNDS; index++) await round(index);
  const each = (performance.now() - start) / ROUNDS;
  console.log(`      ${each.toFixed(1)} ms each`);
  await eventually("no descriptor more", () => descriptors() <= before.descriptors);
  await eventually("no child more", () => children() <= before.children);
  await eventually("nobody left", () => processesWith(`FLOATIP_CHECK=${name}`).length === 0);
});
