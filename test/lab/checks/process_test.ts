/** A process check: the end of a program moves the address at once. */
import assert from "node:assert/strict";
import type { ChildProcess } from "node:child_process";
import { chmodSync, copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { Capture } from "../../support/interop/capture.ts";
import { Floatip } from "../../support/interop/floatip.ts";
import { wallNow } from "../../support/lab/wall_clock.ts";
import { ADDRESS, untilHeld } from "../../support/interop/stage.ts";
import { until } from "../../support/until.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { missing, nameWith } from "../../support/lab/prerequisites.ts";

const PATIENCE_MS = 20_000;
const ROUNDS = 5;

/** Without the kernel's word it would take up to the interval, two seconds. */
const LIMIT_MS = 500;

function fileOf(lan: Lan, program: string): string {
  return [
    "[nodes]",
    ...["a", "b"].map((name) => `${name} = "${lan.host(name).address}"`),
    "[instance.web]",
    "vrid = 51",
    `addresses = ["${ADDRESS}/24"]`,
    'prefer = ["a", "b"]',
    'checks = ["program"]',
    'advert_interval = "100ms"',
    "[check.program]",
    `process = "${program}"`,
    'interval = "2s"',
    "fall = 1",
    "rise = 1",
  ].join("\n");
}

async function play(lan: Lan, folder: string): Promise<void> {
  const [a, b] = [lan.host("a"), lan.host("b")];
  // Processes are everybody's in this lab: each node has a program of its own name.
  const start = (host: LabHost): ChildProcess => host.spawn([`${folder}/fl-${host.name}`, "1000"]);
  for (const name of ["a", "b"]) {
    copyFileSync("/bin/sleep", `${folder}/fl-${name}`);
    chmodSync(`${folder}/fl-${name}`, 0o755);
  }
  await using capture = await Capture.open(lan);
  let program = start(a);
  start(b);
  await using first = await Floatip.start(a, fileOf(lan, "fl-a"));
  await using second = await Floatip.start(b, fileOf(lan, "fl-b"));
  const settled = async (): Promise<void> => {
    const since = wallNow();
    await first.untilState("master", PATIENCE_MS);
    await second.untilState("backup", PATIENCE_MS);
    // Long enough that the peer has listened for all the time that it has to.
    await until("five adverts", () => capture.advertsOf(a.address, since).length >= 5);
  };
  await settled();
  const taken: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const killed = wallNow();
    program.kill("SIGKILL");
    taken.push((await capture.untilMaster(b.address, PATIENCE_MS, killed)).at - killed);
    await untilHeld(b, ADDRESS);
    const { faults } = await first.instance();
    assert.match(faults.join("; "), /^check program is down: not running/);
    if (round === ROUNDS - 1) break;
    program = start(a);
    await settled();
  }
  const sorted = taken.toSorted((x, y) => x - y);
  const [least, middle, most] = [sorted[0], sorted[ROUNDS >> 1], sorted[ROUNDS - 1]];
  console.log(
    `  program killed: the peer's first advert after ${middle?.toFixed(1)} ms ` +
      `(${least?.toFixed(1)} to ${most?.toFixed(1)}), checked every 2 s`,
  );
  assert.ok((most ?? NaN) < LIMIT_MS, `${sorted}`);
}

const reason = missing("tcpdump");

Deno.test({
  ...nameWith("checks: a program dies, and the address is elsewhere at once", reason),
  fn: async () => {
    const folder = mkdtempSync("/tmp/fl-process-");
    chmodSync(folder, 0o755);
    try {
      await using lan = await Lan.open({ hosts: ["a", "b"] });
      await play(lan, folder);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});
