import assert from "node:assert/strict";
import { commandSink, stateSink } from "../../../src/notify/command.ts";
import { DeliveryQueue } from "../../../src/notify/queue.ts";
import { descriptors, eventually, processesWith } from "../../support/health/checks.ts";
import { AS_ROOT, nameWith } from "../../support/lab/prerequisites.ts";
import { record, transitions } from "../../support/notify/records.ts";

const never = new AbortController().signal;

/** On a busy machine a shell takes seconds; what is about the limit of a program has its own. */
const LIMIT_MS = 60_000;

/** A shell that is told `text` and writes to `$OUT`, a file that the user of the tests can read. */
function shell(text: string, out = "/dev/null") {
  return ["/bin/sh", "-c", `OUT=${out}; ${text}`, "hook"];
}

/** A file that every user may write to, and its lines. */
function paper() {
  const path = Deno.makeTempFileSync({ prefix: "floatip-hook-" });
  Deno.chmodSync(path, 0o666);
  return {
    path,
    lines: () => Deno.readTextFileSync(path).trimEnd().split("\n"),
    [Symbol.dispose]: () => Deno.removeSync(path),
  };
}

const words = [
  ["master", "MASTER"],
  ["backup", "BACKUP"],
  ["fault", "FAULT"],
  ["init", "STOP"],
] as const;

for (const [to, word] of words) {
  Deno.test(`${to} is ${word} for a command, as with keepalived`, async () => {
    using out = paper();
    const sink = commandSink(shell('echo "$@" >>$OUT', out.path), undefined, LIMIT_MS);
    const answer = await sink.deliver(record({ to, instance: "a b" }), never);
    assert.deepEqual(answer, { ok: true, text: "exit 0", retry: false });
    assert.deepEqual(out.lines(), [`INSTANCE a b ${word} 150`]);
  });
}

Deno.test("the record is one line of JSON on standard input", async () => {
  using out = paper();
  await commandSink(shell("cat >>$OUT", out.path), undefined, LIMIT_MS).deliver(record(), never);
  assert.deepEqual(out.lines().map((line) => JSON.parse(line)), [record()]);
});

Deno.test("FLOATIP_* hold the whole record", async () => {
  using out = paper();
  const sink = commandSink(
    shell("env | grep ^FLOATIP_ | sort >>$OUT", out.path),
    undefined,
    LIMIT_MS,
  );
  await sink.deliver(record({ silence_ms: null, cause: "zero \0 byte" }), never);
  assert.deepEqual(out.lines().filter((line) => !line.startsWith("FLOATIP_CHILD=")), [
    "FLOATIP_ADDRESSES=192.168.1.50/24 192.168.1.51/24",
    "FLOATIP_CAUSE=zero  byte",
    "FLOATIP_FAMILY=ipv4",
    "FLOATIP_FROM=backup",
    "FLOATIP_INSTANCE=web",
    "FLOATIP_INTERFACE=eth0",
    "FLOATIP_NODE=pi-a",
    "FLOATIP_PLANNED=false",
    "FLOATIP_PRIORITY=150",
    "FLOATIP_REASON=master-silent",
    "FLOATIP_SILENCE_MS=",
    "FLOATIP_STATE=MASTER",
    "FLOATIP_TIME=2026-11-21T03:04:05.678Z",
    "FLOATIP_TO=master",
    "FLOATIP_VRID=51",
  ]);
});

Deno.test("notify command: on_master and so on run for their state, no arguments", async () => {
  using out = paper();
  const says = (text: string) => shell(`echo ${text} $# >>$OUT`, out.path);
  const programs = { master: says("up"), fault: says("ill"), init: says("bye") };
  const sink = stateSink(programs, undefined, LIMIT_MS);
  assert.equal(sink.name, "on_master/on_fault/on_stop");
  await using queue = new DeliveryQueue(null, sink);
  for (const to of ["backup", "master", "fault", "init"] as const) queue.add(record({ to }));
  await eventually("all are told", () => queue.status().pending === 0);
  assert.deepEqual(out.lines(), ["up 0", "ill 0", "bye 0"]);
  assert.equal(queue.status().delivered, 3);
});

Deno.test("it exits 1, is missing, or may be rewritten by others: status says so", async () => {
  const say = async (argv: readonly string[]) =>
    (await commandSink(argv, undefined, LIMIT_MS).deliver(record(), never)).text;
  assert.equal(await say(shell("echo disk full >&2; exit 1")), "exit 1: disk full");
  assert.equal(await say(["/nowhere/hook"]), "/nowhere/hook: no such file");
  using out = paper();
  Deno.chmodSync(out.path, 0o777);
  assert.match(await say([out.path]), /writable by everybody: chmod o-w /);
  const nobody = commandSink(shell("exit 0"), "no-such-user", LIMIT_MS);
  assert.equal(
    (await nobody.deliver(record(), never)).text,
    "no user no-such-user on this machine",
  );
});

Deno.test({
  ...nameWith("it runs as the user that is named", AS_ROOT),
  fn: async () => {
    using out = paper();
    await commandSink(shell("id -un >>$OUT", out.path), "nobody", LIMIT_MS).deliver(
      record(),
      never,
    );
    assert.deepEqual(out.lines(), ["nobody"]);
  },
});

Deno.test("notify command: a hook that hangs is killed in time with its children", async () => {
  const instance = `sleeper-${crypto.randomUUID()}`;
  const argv = shell("sleep 60 & sleep 60");
  const told: string[] = [];
  const sink = commandSink(argv, undefined, 300);
  const tell = (_level: string, words: string): void => void told.push(words);
  await using queue = new DeliveryQueue(null, sink, undefined, tell);
  queue.add(record({ instance }));
  assert.equal(queue.status().pending, 1);
  await eventually("it is given up", () => queue.status().failed === 1);
  const words = "no end within 300 ms: it was ended, with all that it started";
  assert.equal(queue.status().last?.words, words);
  queue.add(record({ instance }));
  await eventually("it is given up again", () => queue.status().failed === 2);
  assert.deepEqual(told, Array(2).fill(`notify: command fails: ${words}`), "each is said");
  const left = () => processesWith(`FLOATIP_INSTANCE=${instance}`);
  await eventually("nothing is left", () => left().length === 0);
});

for (
  const [what, text] of [
    ["a job of the shell", "sleep 1000 &"],
    ["nohup", "nohup sleep 1000 </dev/null >/dev/null 2>&1 &"],
    ["several in a subshell", "(sleep 1000 & sleep 1000; true) &"],
    ["a session of its own", "setsid sleep 1000 &"],
  ] as const
) {
  Deno.test(`what a hook leaves in the background goes on: ${what}`, async () => {
    const instance = `background-${crypto.randomUUID()}`;
    const sink = commandSink(shell(text), undefined, LIMIT_MS);
    const answer = await sink.deliver(record({ instance }), never);
    assert.deepEqual([answer.ok, answer.text], [true, "exit 0"]);
    // Longer than what a check leaves behind is given.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const left = processesWith(`FLOATIP_INSTANCE=${instance}`);
    for (const pid of left) Deno.kill(pid, "SIGKILL");
    assert.ok(left.length > 0, "it is gone");
  });
}

Deno.test("what goes on in the background may go on to speak", async () => {
  using out = paper();
  const before = descriptors();
  const text = "(sleep 0.4; echo more; echo more >&2; sleep 0.1; echo done >>$OUT) & echo begun";
  const answer = await commandSink(shell(text, out.path), undefined, LIMIT_MS).deliver(
    record(),
    never,
  );
  assert.deepEqual([answer.ok, out.lines()], [true, [""]]);
  await eventually("its work is done", () => out.lines()[0] === "done");
  await eventually("descriptors are closed", () => descriptors() <= before);
});

Deno.test("of many that go on in the background only some are listened to", async () => {
  const instance = `crowd-${crypto.randomUUID()}`;
  const before = descriptors();
  const sink = commandSink(shell("sleep 1000 &"), undefined, LIMIT_MS);
  for (let i = 0; i < 36; i++) await sink.deliver(record({ instance }), never);
  await eventually("the oldest are let go", () => descriptors() - before <= 2 * 32);
  const left = processesWith(`FLOATIP_INSTANCE=${instance}`);
  for (const pid of left) Deno.kill(pid, "SIGKILL");
  assert.equal(left.length, 36);
  await eventually("descriptors are closed", () => descriptors() <= before);
});

Deno.test("500 transitions reach a slow hook in order, the last one too", async () => {
  using out = paper();
  const argv = shell("echo $FLOATIP_SILENCE_MS $FLOATIP_TO >>$OUT", out.path);
  await using queue = new DeliveryQueue(null, commandSink(argv, undefined, LIMIT_MS));
  const oneMore = (): () => boolean => {
    const { delivered } = queue.status();
    return () => queue.status().delivered > delivered;
  };
  const before = descriptors();
  for (const one of transitions(500)) {
    queue.add(one);
    // Some are told between, some wait.
    if ((one.silence_ms ?? 0) % 40 === 39) await eventually("one is told", oneMore());
  }
  await eventually("all are told", () => queue.status().pending === 0);
  const numbers = out.lines().map((line) => Number.parseInt(line));
  assert.deepEqual(numbers, numbers.toSorted((a, b) => a - b));
  assert.equal(out.lines().at(-1), "499 backup");
  const { delivered, collapsed, failed, last } = queue.status();
  assert.deepEqual([delivered + collapsed, failed], [500, 0], last?.words);
  assert.ok(delivered >= 12 && collapsed > 0, `${delivered} told`);
  await eventually("descriptors are closed", () => descriptors() <= before);
});
