/** 500 transitions reach every sink in order while others sleep, fail and are missing. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import type { TransitionRecord } from "../../../src/daemon/journal/record.ts";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { until } from "../../support/until.ts";
import { demand } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";
import { longestGap, MISSED_MS } from "../../support/interop/stage.ts";
import { heardOf, Listeners } from "../../support/notify/listeners.ts";

const TRANSITIONS = 500;
const PATIENCE_MS = 30_000;
/** The steady instance's adverts: a gap of two intervals is an advert that was missed. */
const INTERVAL_MS = 100;
/** More than this waiting, and the listeners get a moment: a queue holds 64. */
const MOST_WAITING = 40;

/**
 * "flap" goes wherever eth1 goes, and tells hooks of its own that are as bad as can be; "steady"
 * shall notice nothing.
 */
function fileFor(listeners: Listeners): string {
  const bad = [
    'command = ["/bin/sh", "-c", "sleep 60"]',
    'on_master = ["/bin/false"]',
    'on_backup = ["/nowhere/hook"]',
    'webhook = { url = "http://127.0.0.1:4999/", retries = 2 }',
    'ntfy = "http://127.0.0.1:4999/topic"',
    'mqtt = "mqtt://127.0.0.1:4999"',
  ].join(", ");
  return [
    "[instance.steady]",
    'interface = "eth0"',
    "vrid = 51",
    'addresses = ["10.77.0.100/24"]',
    `advert_interval = "${INTERVAL_MS}ms"`,
    "[instance.flap]",
    'interface = "eth1"',
    "vrid = 52",
    'addresses = ["10.78.0.100/24"]',
    'advert_interval = "10ms"',
    'lease = "off"',
    `notify = { ${bad} }`,
    listeners.toml,
  ].join("\n");
}

/**
 * The same as "steady", of a daemon that has nobody to tell and nothing to do: what its rhythm is
 * on this machine now.
 */
const TWIN = [
  "[instance.twin]",
  'interface = "eth0"',
  "vrid = 53",
  'addresses = ["10.77.0.101/24"]',
  `advert_interval = "${INTERVAL_MS}ms"`,
].join("\n");

/** As the unit does it: real-time scheduling for all threads. */
async function startInRealTime(host: LabHost, toml: string): Promise<Floatip> {
  const floatip = await Floatip.start(host, toml);
  await demand(["chrt", "--all-tasks", "--rr", "--pid", "1", String(floatip.child.pid)]);
  return floatip;
}

async function waiting(floatip: Floatip): Promise<number> {
  const { sinks } = await floatip.status();
  const pending = sinks.filter(({ instance }) => instance === null).map((sink) => sink.pending);
  return Math.max(...pending);
}

/** Makes transitions by pulling eth1's cable and plugging it in again. */
async function flap(host: LabHost, floatip: Floatip, count: number): Promise<void> {
  for (let made = 0; made < count; made += 3) {
    await host.ip("link", "set", "eth1", "down");
    await floatip.untilState("fault", PATIENCE_MS, "flap");
    await host.ip("link", "set", "eth1", "up");
    await floatip.untilState("master", PATIENCE_MS, "flap");
    await until(
      "the listeners keep up",
      async () => await waiting(floatip) < MOST_WAITING,
      PATIENCE_MS,
    );
  }
}

/** The transitions of an instance as the history has them. */
function happened(floatip: Floatip, instance: string): readonly TransitionRecord[] {
  const lines = readFileSync(`${floatip.folder}/state/history.jsonl`, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line))
    .filter((entry) => entry.kind === "transition" && entry.instance === instance);
}

async function play(lan: Lan, folder: string): Promise<void> {
  const host = lan.host("a");
  const listeners = await Listeners.start(host, folder);
  await using capture = await Capture.open(lan);
  await using floatip = await startInRealTime(host, fileFor(listeners));
  await using _twin = await startInRealTime(lan.host("b"), TWIN);
  for (const name of ["steady", "flap"]) await floatip.untilState("master", PATIENCE_MS, name);
  const since = wallNow();
  await flap(host, floatip, TRANSITIONS);
  const took = wallNow() - since;
  const gap = longestGap(capture.adverts, 51, since);
  const twinsGap = longestGap(capture.adverts, 53, since);
  const { counters } = await floatip.instance("steady");
  assert.equal(counters.master_transitions, 1, "steady is what it was");
  await until("all are told", async () => await waiting(floatip) === 0, PATIENCE_MS);
  const { sinks } = await floatip.status();
  for (const { name, instance, delivered, collapsed, failed, pending, last } of sinks) {
    const figures = `${delivered} told, ${collapsed} overtaken, ${failed} failed, ${pending} wait`;
    console.log(`  ${instance ?? "all"} ${name}: ${figures}, last: ${last?.words ?? "none"}`);
  }
  const heard = listeners.heard("flap");
  const expected = await until("all that was heard in the history", () => {
    const soFar = happened(floatip, "flap");
    return soFar.length >= (heard["command"]?.length ?? 0) ? soFar : undefined;
  });
  console.log(
    `  ${expected.length} transitions in ${(took / 1000).toFixed(1)} s; ` +
      `longest gap of steady's adverts ${gap.toFixed(1)} ms, of its twin's ${twinsGap.toFixed(1)}`,
  );
  assert.ok(expected.length >= TRANSITIONS, `${expected.length}`);
  assert.deepEqual(heard["command"], expected.map(heardOf));
  assert.deepEqual(heard["states"], expected.filter(({ to }) => to !== "init").map(heardOf));
  assert.deepEqual(heard["webhook"], expected.map(heardOf));
  assert.deepEqual(heard["ntfy"], expected.map(({ from, to }) => `${from} ${to}`));
  // The state is published again when the health changes, which is no transition.
  const published = heard["mqtt"]?.filter((one, index, all) => one !== all[index - 1]);
  assert.deepEqual(published, expected.map(heardOf));
  const bad = (name: string) =>
    sinks.find((sink) => sink.instance === "flap" && sink.name === name);
  assert.ok((bad("command")?.pending ?? 0) > 0, "the one that sleeps has not ended");
  assert.match(bad("on_master/on_backup")?.last?.words ?? "", /^exit 1$|no such file/);
  for (const name of ["webhook", "ntfy", "mqtt"]) {
    assert.equal(bad(name)?.last?.words, "connection refused", name);
    assert.equal(bad(name)?.delivered, 0);
  }
  // What the machine does to the twin it may do to everybody.
  const limit = MISSED_MS + twinsGap - INTERVAL_MS;
  assert.ok(gap < limit, `a gap of ${gap} ms, and its twin's ${twinsGap}`);
  await endInTime(floatip, listeners);
}

/** The end is told to all who listen, and waited for by nobody who does not. */
async function endInTime(floatip: Floatip, listeners: Listeners): Promise<void> {
  const stopped = performance.now();
  assert.equal(await floatip.stop(), 0);
  const took = performance.now() - stopped;
  console.log(`  stopped in ${took.toFixed(0)} ms`);
  assert.ok(took < 30_000, `stopped in ${took} ms`);
  const heard = listeners.heard("flap");
  for (const name of ["command", "webhook", "mqtt", "ntfy"]) {
    assert.match(heard[name]?.at(-1) ?? "", /master init$/, name);
  }
  await listeners.subscriber.until(/availability offline$/, PATIENCE_MS);
}

const reason = missing("tcpdump", "mosquitto", "mosquitto_sub", "chrt");

Deno.test({
  ...nameWith(
    `notify: ${TRANSITIONS} transitions at every sink, beside sinks that hang`,
    reason,
  ),
  fn: async () => {
    const folder = mkdtempSync("/tmp/fl-notify-");
    Deno.chmodSync(folder, 0o755);
    try {
      const second = { prefix: "10.78.0.0/24", interface: "eth1" };
      await using lan = await Lan.open({ hosts: ["a", "b"], second });
      await play(lan, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
