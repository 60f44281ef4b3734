/**
 * The whole daemon, killed 200 times while it writes its history: it starts, and nothing is lost.
 */
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { build } from "../../../packaging/build.ts";
import { decodeHistory, type HistoryEntry } from "../../../src/history/line.ts";
import { historyPath } from "../../../src/history/place.ts";
import { ProgramLog } from "../../support/interop/program_log.ts";
import type { LabHost } from "../../support/lab/lab_host.ts";
import { Lan } from "../../support/lab/lan.ts";
import { kernelTest } from "../../support/kernel/netns.ts";

const LANES = ["a", "b", "c", "d"];
/** For each lane; FLOATIP_ROUNDS set: ten times as many, for a long run. */
const ROUNDS = 50 * (Deno.env.get("FLOATIP_ROUNDS") === undefined ? 1 : 10);
const START_MS = 20_000;
/**
 * The cable is pulled or plugged in this often, so that there is always something to be written.
 */
const FLAP_MS = 4;

/** Every node has a virtual router of its own: they are not about each other. */
function fileOf(host: LabHost): string {
  return [
    "[instance.web]",
    'interface = "eth0"',
    `vrid = ${51 + LANES.indexOf(host.name)}`,
    `addresses = ["10.77.0.10${LANES.indexOf(host.name)}/24"]`,
    'advert_interval = "10ms"',
    "",
  ].join("\n");
}

const TRANSITION = /web: (\w+) -> (\w+): /;

/** What one life of a daemon said, and left behind. */
interface Life {
  /** "backup master", as the log tells them. */
  readonly told: readonly string[];
  /** The history's text after it. */
  readonly text: string;
}

interface Tally {
  torn: number;
  entries: number;
  /** Told in the log and not written yet when the kill came. */
  unwritten: number;
}

/** Pulls and plugs until it is disposed of. */
function flap(host: LabHost): Disposable {
  const child = spawn("ip", ["-n", host.namespace, "-force", "-batch", "-"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  // It ends with its namespace, where a test fails.
  child.stdin.on("error", () => {});
  let up = true;
  const timer = setInterval(() => {
    up = !up;
    child.stdin.write(`link set eth0 ${up ? "up" : "down"}\n`);
  }, FLAP_MS);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      child.stdin.end();
    },
  };
}

/** Starts the daemon and kills it a moment after its transition number `count`. */
async function live(host: LabHost, program: string, folder: string, count: number): Promise<Life> {
  const directories = ["--run-dir", `${folder}/run`, "--state-dir", folder];
  const argv = [program, "run", "-c", `${folder}/floatip.toml`, ...directories];
  const child = host.spawn(argv, { env: { NO_COLOR: "1" } });
  const log = new ProgramLog(`floatip on ${host.name}`, child);
  await untilTold(log, child, count);
  // From the line in the log to the end of the write, and a little longer.
  await new Promise((resolve) => setTimeout(resolve, Math.random() * 3));
  const ended = once(child, "close");
  child.kill("SIGKILL");
  await ended;
  assert.equal(child.signalCode, "SIGKILL", log.text);
  const told = log.lines.flatMap(({ text }) => {
    const [, from, to] = TRANSITION.exec(text) ?? [];
    return from === undefined ? [] : [`${from} ${to}`];
  });
  return { told, text: historyText(folder) };
}

/**
 * The first life may end before the file is made; a file that was there once stays ({@link added}
 * sees to it).
 */
function historyText(folder: string): string {
  const path = historyPath(folder);
  return existsSync(path) ? readFileSync(path, "utf8") : "";
}

/** Resolves in the moment in which the log tells the transition number `count`. */
function untilTold(log: ProgramLog, child: ChildProcess, count: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const fail = (why: string) => (): void => reject(new Error(`${why}:\n${log.text}`));
  const timer = setTimeout(fail(`not ${count} transitions within ${START_MS} ms`), START_MS);
  const ended = fail("it ended by itself");
  child.once("close", ended);
  // The log's own listener comes first: it has the lines.
  child.stderr?.on("data", () => {
    if (log.lines.filter(({ text }) => TRANSITION.test(text)).length >= count) resolve();
  });
  return promise.finally(() => {
    clearTimeout(timer);
    child.off("close", ended);
  });
}

/**
 * Fails where something that stood in the file before is gone, or a line is none. Gives what `life`
 * has added.
 */
function added(before: string, { text }: Life, tally: Tally): readonly HistoryEntry[] {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  if (whole.length < text.length) tally.torn++;
  const { entries, skipped } = decodeHistory(whole);
  assert.equal(skipped, 0, "every line that has its end is whole");
  const kept = before.slice(0, before.lastIndexOf("\n") + 1);
  assert.ok(kept === "" || whole !== "", "the history is not there any more");
  const start = kept === "" ? 0 : kept.indexOf(whole.slice(0, whole.indexOf("\n") + 1));
  assert.ok(start >= 0, "the older half may go, and nothing else");
  const old = kept.slice(start);
  assert.ok(whole.startsWith(old), "what was written before is still there, in order");
  const count = old.split("\n").length - 1;
  return entries.slice(count);
}

async function lane(host: LabHost, program: string): Promise<Tally> {
  const folder = await Deno.makeTempDir({ prefix: "fl-killed-" });
  const tally: Tally = { torn: 0, entries: 0, unwritten: 0 };
  try {
    writeFileSync(`${folder}/floatip.toml`, fileOf(host));
    using _flapping = flap(host);
    let before = "";
    for (let round = 0; round < ROUNDS; round++) {
      const life = await live(host, program, folder, 1 + round % 12);
      const [first, ...rest] = added(before, life, tally);
      const where = `round ${round} of ${host.name}`;
      // It may have been killed before its first entry was written.
      if (first !== undefined) {
        assert.deepEqual(first, { kind: "daemon", time: first.time, what: "started" }, where);
      }
      const written = rest.flatMap((entry) =>
        entry.kind === "transition" ? [`${entry.from} ${entry.to}`] : []
      );
      assert.deepEqual(written, life.told.slice(0, written.length), `${where}: in order, no gap`);
      tally.entries += first === undefined ? 0 : rest.length + 1;
      tally.unwritten += life.told.length - written.length;
      before = life.text;
    }
    return tally;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

kernelTest(
  `the whole daemon is killed ${LANES.length * ROUNDS} times in the midst of its history`,
  async () => {
    const dist = await Deno.makeTempDir({ prefix: "fl-killed-dist-" });
    try {
      await build("bundle", dist);
      await using lan = await Lan.open({ hosts: LANES });
      const tallies = await Promise.all(
        LANES.map((name) => lane(lan.host(name), `${dist}/floatip`)),
      );
      const sum = (key: keyof Tally) => tallies.reduce((total, tally) => total + tally[key], 0);
      console.log(
        `      ${sum("entries")} entries written, ${sum("torn")} of ${
          LANES.length * ROUNDS
        } ends torn, ` +
          `${sum("unwritten")} told in the log and not written yet`,
      );
      assert.ok(sum("entries") > 2 * LANES.length * ROUNDS);
    } finally {
      await Deno.remove(dist, { recursive: true });
    }
  },
);
