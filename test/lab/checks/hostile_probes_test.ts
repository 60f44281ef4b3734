/** Adverts keep their rhythm while probes hang, fork, flood and ignore SIGTERM. */
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip, writeFloatipToml } from "../../support/interop/floatip.ts";
import { ProgramLog } from "../../support/interop/program_log.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { longestGap, WEB } from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";
import { demand, run } from "../../support/lab/command.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const STRETCH_MS = 10_000;
/** Twice the interval of {@link WEB}: no advert was left out. */
const LONGEST_GAP_MS = 200;

const PORT = 7000;

/** Takes connections and never says a word. */
const SILENT_SERVER = `
  const held = [];
  console.log("listening");
  for await (const connection of Deno.listen({ port: ${PORT} })) held.push(connection);
`;

/** Ignores SIGTERM, as its children do, one of which has a session of its own. */
const STUBBORN = `#!/bin/sh
trap "" TERM HUP INT
sleep 1000 &
setsid sleep 1000 &
while :; do sleep 1000; done
`;

const FLOOD = `#!/bin/sh
head -c 4000000 /dev/zero
echo "flooded" >&2
exit 1
`;

function checksIn(folder: string): string {
  const each = ["fall = 1", "rise = 1", "weight = -10"];
  return [
    "[check.silent]",
    `tcp = "127.0.0.1:${PORT}"`,
    'expect = "a word"',
    'interval = "100ms"',
    ...each,
    "[check.stubborn]",
    `command = ["${folder}/stubborn"]`,
    'interval = "100ms"',
    ...each,
    "[check.flood]",
    `command = ["${folder}/flood"]`,
    'interval = "1s"',
    ...each,
    "",
  ].join("\n");
}

function file(host: LabHost, folder: string): string {
  const more = ['checks = ["silent", "stubborn", "flood"]'];
  const instance = { interface: host.interface, ...WEB, more };
  return writeFloatipToml(host.name, [instance]) + checksIn(folder);
}

/** Everybody who runs on `host` but `known`: with number, parent, state and command. */
async function strangersOn(host: LabHost, known: number): Promise<readonly string[]> {
  const words = await demand(["ip", "netns", "pids", host.namespace]);
  const pids = words.split("\n").filter((word) => word !== "" && Number(word) !== known);
  if (pids.length === 0) return [];
  const { stdout } = await run(["ps", "-o", "pid=,ppid=,stat=,etime=,args=", "-p", pids.join(",")]);
  return stdout.split("\n").filter((line) => line !== "");
}

function descriptorsOf(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

async function startSilentServer(host: LabHost): Promise<number> {
  const child = host.spawn([Deno.execPath(), "eval", SILENT_SERVER], {
    env: { NO_COLOR: "1", DENO_NO_UPDATE_CHECK: "1" },
  });
  await new ProgramLog("the silent server", child).until(/listening/, 10_000);
  return child.pid ?? 0;
}

function writeScripts(folder: string): void {
  // 755: also for the user that the package makes to run scripts.
  for (const [name, text] of Object.entries({ stubborn: STUBBORN, flood: FLOOD })) {
    writeFileSync(`${folder}/${name}`, text, { mode: 0o755 });
  }
}

async function play(lan: Lan, folder: string): Promise<void> {
  const host = lan.host("a");
  await using capture = await Capture.open(lan);
  const server = await startSilentServer(host);
  await using floatip = await Floatip.start(host, file(host, folder));
  const pid = floatip.child.pid ?? 0;
  // As the unit does it: real-time scheduling for all threads.
  await demand(["chrt", "--all-tasks", "--rr", "--pid", "1", String(pid)]);
  await floatip.untilState("master");
  await until(() => `three verdicts\n${floatip.log.text}`, async () => {
    const { checks } = await floatip.instance();
    return checks.length === 3 && checks.every(({ up }) => up === false);
  });
  const before = descriptorsOf(pid);
  const since = wallNow();
  await pause(STRETCH_MS);
  const gap = longestGap(capture.adverts, WEB.vrid, since);
  const { checks, priority, state } = await floatip.instance();
  const after = descriptorsOf(pid);
  console.log(`  longest gap ${gap.toFixed(1)} ms, descriptors ${before} -> ${after}`);
  for (const { name, last, latency_ms } of checks) {
    console.log(`  ${name}: ${last}, ${latency_ms} ms`);
  }
  assert.deepEqual([state, priority], ["master", 70]);
  assert.deepEqual(checks.slice(0, 2).map(({ last }) => last), [
    "no answer within 100 ms",
    "killed after 100 ms",
  ]);
  assert.match(checks[2]?.last ?? "", /^exit 1: flooded/);
  assert.ok(gap < LONGEST_GAP_MS, `a gap of ${gap} ms`);
  assert.ok(after < before + 20, `${after - before} descriptors more after ${STRETCH_MS} ms`);
  await floatip.stop();
  const left = await strangersOn(host, server);
  assert.deepEqual(left, []);
}

const reason = missing("tcpdump", "chrt", "setsid");

Deno.test({
  ...nameWith("checks: probes that hang, fork, flood and ignore SIGTERM", reason),
  fn: async () => {
    const folder = mkdtempSync("/tmp/fl-probes-");
    Deno.chmodSync(folder, 0o755);
    writeScripts(folder);
    try {
      await using lan = await Lan.open({ hosts: ["a"] });
      await play(lan, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
