/**
 * Nodes on an overloaded machine: a backup beside adverts of 100 ms for some minutes, and how even
 * adverts of 10 ms are.
 */
import { setTimeout as pause } from "node:timers/promises";
import { wallNow } from "../support/lab/wall_clock.ts";
import { demand } from "../support/lab/command.ts";
import { FLOATIP } from "../support/lab/program.ts";
import { Scene } from "../support/moves/scene.ts";
import { type DuoSettings, pidsOf, type Running, untilMaster } from "./duo.ts";
import type { Program } from "./takeover.ts";
import { type Company, companyOf, type Policy } from "./timers.ts";

const INTERVAL_MS = 100;
const SETTLED_MS = 6000;

/** What was seen of one pair. */
export interface Strain {
  /** How often the backup became master though the master lived. */
  readonly falseTakeovers: number;
  /** The longest time between two adverts of the master, in milliseconds. */
  readonly longestGapMs: number;
}

/** Watches a pair of each of `programs` for `stretchMs`, all beside the same hogs. */
export async function measureStrain(
  programs: readonly Program[],
  policy: Policy,
  stretchMs: number,
): Promise<readonly Strain[]> {
  await using stack = new AsyncDisposableStack();
  const scenes: Scene[] = [];
  for (const program of programs) {
    const scene = stack.use(await Scene.open());
    for (const node of ["a", "b"] as const) {
      const one = await startOne(scene, node, { program, intervalMs: INTERVAL_MS }, policy);
      if (node === "a") await untilMaster(one);
    }
    scenes.push(scene);
  }
  await pause(10 * INTERVAL_MS);
  await using _company = await companyOf("busy");
  const start = wallNow();
  await pause(stretchMs);
  return scenes.map((scene) => strainOf(scene, start));
}

/**
 * How much later than an interval after the one before each advert of a master left, in
 * milliseconds, ascending; by the kernel's clock, on the bridge.
 */
export async function measureRhythm(
  settings: DuoSettings,
  { policy, company }: { readonly policy: Policy; readonly company: Company },
  stretchMs: number,
): Promise<readonly number[]> {
  await using scene = await Scene.open();
  await untilMaster(await startOne(scene, "a", settings, policy));
  await using _company = await companyOf(company);
  // The second burst of announcements is part of the start.
  await pause(SETTLED_MS);
  const start = wallNow();
  await pause(stretchMs);
  const times = scene.capture.advertsOf(scene.host("a").address, start).map(({ at }) => at);
  const late = times.slice(1).map((at, i) => at - (times[i] ?? NaN) - settings.intervalMs);
  return late.toSorted((a, b) => a - b);
}

async function startOne(
  scene: Scene,
  node: "a" | "b",
  { program, intervalMs }: DuoSettings,
  policy: Policy,
): Promise<Running> {
  const settings = { intervalMs };
  if (program === "floatip") {
    const words = policy === "ordinary" ? ["--no-real-time"] : [];
    return await scene.floatip(node, settings, { program: FLOATIP, words });
  }
  const one = await scene.keepalived(node, settings);
  if (policy === "ordinary") return one;
  for (const pid of pidsOf(one)) {
    await demand(["chrt", "--all-tasks", "--rr", "--pid", "10", String(pid)]);
  }
  return one;
}

function strainOf(scene: Scene, start: number): Strain {
  const [a, b] = [scene.host("a").address, scene.host("b").address];
  const times = scene.capture.advertsOf(a, start).map(({ at }) => at);
  // A takeover is a row of the backup's adverts: what comes after a while is another one.
  const claims = scene.capture.advertsOf(b, start).map(({ at }) => at);
  const begun = claims.filter((at, i) => at - (claims[i - 1] ?? -Infinity) > 3 * INTERVAL_MS);
  return {
    falseTakeovers: begun.length,
    longestGapMs: Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? NaN))),
  };
}
