/**
 * Longest gap between adverts of 10 ms of one instance, while a reload adds, changes or drops many
 * others; and the most processor time of the daemon's loop in one gap, to which other programs on
 * the machine add nothing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Capture } from "../support/interop/capture.ts";
import { Floatip, type FloatipInstance, writeFloatipToml } from "../support/interop/floatip.ts";
import { Lan } from "../support/lab/lan.ts";
import { formatTable } from "./table.ts";

const FAST = 255;

/** The instances beside the fast one: so many, with so many addresses each. */
interface Size {
  readonly what: string;
  readonly instances: number;
  readonly addresses: number;
  readonly priority: number;
}

const NOTHING = { instances: 0, addresses: 0, priority: 1 };

const STEPS: readonly Size[] = [
  { what: "no reload", ...NOTHING },
  { what: "250 added", instances: 250, addresses: 1, priority: 1 },
  { what: "250 changed", instances: 250, addresses: 1, priority: 2 },
  { what: "250 dropped", ...NOTHING },
  { what: "100 added", instances: 100, addresses: 1, priority: 1 },
  { what: "100 dropped", ...NOTHING },
  { what: "20 of 200 addresses added", instances: 20, addresses: 200, priority: 1 },
  { what: "20 of 200 addresses dropped", ...NOTHING },
];

/** After each: what was added is master by then, and has announced itself. */
const WATCHED_MS = 6000;

/** The service's files are on a tmpfs, and so are those of this daemon. */
const TMPFS = "/dev/shm";

/** The loop's processor time at a moment, both in ms. */
interface Sample {
  readonly at: number;
  readonly used: number;
}

/** Measures each reload, and prints a table. */
export async function reloads(): Promise<void> {
  await using lan = await Lan.open({ hosts: ["a"], prefix: "10.64.0.0/12" });
  await using capture = await Capture.open(lan);
  const host = lan.host("a");
  const first = fileOf(host.name, host.interface, STEPS[0]);
  await using floatip = await Floatip.start(host, first, { parent: TMPFS });
  await pause(2000);
  const rows: string[][] = [];
  for (const step of STEPS) {
    const since = Date.now();
    const samples: Sample[] = [];
    const sampler = setInterval(() => samples.push(sampleOf(floatip.child.pid)), 1);
    writeFileSync(floatip.configFile, fileOf(host.name, host.interface, step), { mode: 0o600 });
    const { stderr, code } = await floatip.command("reload");
    if (code !== 0) throw new Error(stderr);
    const applied = Date.now() - since;
    await pause(WATCHED_MS);
    clearInterval(sampler);
    const at = capture.advertsOf(host.address, since)
      .filter(({ advert }) => advert.vrid === FAST).map((seen) => seen.at);
    const gaps = at.slice(1).map((time, i) => time - (at[i] ?? time));
    const early = gaps.filter((_, i) => (at[i + 1] ?? 0) < since + applied + 200);
    const used = at.slice(1).map((time, i) => usedBetween(samples, at[i] ?? time, time));
    rows.push([step.what, `${applied}`, longest(early), longest(gaps), longest(used)]);
  }
  console.log("\nReloads: longest gap between adverts of 10 ms of another instance, in ms\n");
  const heads = ["reload", "answered after", "gap until then", "gap in 6 s", "about cpu"];
  console.log(formatTable(heads, rows));
}

/** Of the main thread, whose loop it is; the first figure in its schedstat are ns. */
function sampleOf(pid: number | undefined): Sample {
  const text = readFileSync(`/proc/${pid}/task/${pid}/schedstat`, "utf8");
  return { at: Date.now(), used: Number(text.split(" ")[0]) / 1e6 };
}

/** About so much between two moments: samples come late on a busy machine. */
function usedBetween(samples: readonly Sample[], from: number, to: number): number {
  return Math.min(usedUntil(samples, to) - usedUntil(samples, from), to - from);
}

/** At `moment`, as if it had grown evenly from sample to sample. */
function usedUntil(samples: readonly Sample[], moment: number): number {
  const index = samples.findIndex(({ at }) => at >= moment);
  const [before, behind] = [samples[index - 1], samples[index]];
  if (before === undefined || behind === undefined) return (behind ?? samples.at(-1))?.used ?? 0;
  const share = (moment - before.at) / (behind.at - before.at);
  return before.used + share * (behind.used - before.used);
}
function longest(all: readonly number[]): string {
  return Math.max(0, ...all).toFixed(1);
}

function fileOf(node: string, name: string, size: Omit<Size, "what"> = NOTHING): string {
  const common = { interface: name, version: 3 as const };
  const fast: FloatipInstance = {
    ...common,
    name: "fast",
    vrid: FAST,
    priority: 200,
    intervalMs: 10,
    addresses: ["10.79.0.1/12"],
  };
  const others = Array.from({ length: size.instances }, (_, i): FloatipInstance => ({
    ...common,
    name: `i${i + 1}`,
    vrid: i + 1,
    priority: size.priority,
    intervalMs: 1000,
    addresses: Array.from(
      { length: size.addresses },
      (_, j) => addressOf(i * size.addresses + j),
    ),
  }));
  return writeFloatipToml(node, [fast, ...others]);
}

function addressOf(number: number): string {
  return `10.70.${number >> 8}.${number & 255}/12`;
}
