/**
 * One roads run: nodes that tell each other, and adverts or reports that are lost; from one seed,
 * with checkers of its own.
 */
import { nanoseconds, seconds } from "../../../src/time.ts";
import { bestHolds } from "../checkers/best_holds.ts";
import { crashes } from "../checkers/crashes.ts";
import { leases } from "../checkers/leases.ts";
import { leftBehind } from "../checkers/left_behind.ts";
import { oneHolder } from "../checkers/one_holder.ts";
import { ordering } from "../checkers/ordering.ts";
import { takeoverTime } from "../checkers/takeover_time.ts";
import { Cluster } from "../cluster.ts";
import { Course, type Outcome, Recording, type RecordingOptions } from "../course.ts";
import type { Damage } from "../faults.ts";
import { Random } from "../random.ts";
import { raise } from "../random_run.ts";
import { longestDown, longestParting } from "../setup.ts";
import { type CheckerMaker, World } from "../world.ts";
import { breakRoad } from "./faults.ts";
import { noSecondMaster } from "./no_second_master.ts";
import { drawRoads } from "./setup.ts";

const CHECKERS: readonly CheckerMaker[] = [
  crashes,
  noSecondMaster,
  oneHolder,
  bestHolds,
  takeoverTime,
  ordering,
  leftBehind,
  leases,
];

/** A node that yielded often waits for so long (src/vrrp/damping.ts). */
const HELD_DOWN = seconds(60);

/** Performs the roads run of `seed`. It ends at the first complaint. */
export async function roadsRun(seed: number, options: RecordingOptions = {}): Promise<Outcome> {
  const random = new Random(seed, 5);
  const setup = drawRoads(random);
  const cluster = new Cluster(seed);
  const recording = new Recording(cluster, options);
  raise(cluster, setup);
  const world = new World(cluster, setup);
  const course = new Course(world, CHECKERS.map((make) => make(world)));
  for (const { name } of setup.nodes) cluster.start(name);
  await settle(world, course);
  for (let round = random.pick([1, 2, 3]); round > 0 && course.isWell; round--) {
    mend(world, await breakThings(world, course, random));
    await settle(world, course);
  }
  if (course.isWell) {
    course.enter("chaos");
    for (const { name } of setup.nodes) cluster.stop(name);
    await course.pass(nanoseconds(longestParting(setup) + 0.2e9));
  }
  return recording.outcome(seed, world);
}

async function settle(world: World, course: Course): Promise<void> {
  const { cluster, setup } = world;
  const isWell = () =>
    setup.instances.every((instance) =>
      setup.nodes.filter(({ name }) => world.has(name, instance)).length === 1
    ) && setup.nodes.every(({ name }) =>
      cluster.status(name)?.instances.every((one) =>
        one.held_down_ms === null
      ) ?? true
    );
  await course.settle(isWell, HELD_DOWN);
}

/** Things break, and some are mended in between. */
async function breakThings(
  world: World,
  course: Course,
  random: Random,
): Promise<readonly Damage[]> {
  course.enter("chaos");
  const pause = () =>
    course.pass(nanoseconds(random.between(0, Math.max(10e9, 3 * longestDown(world.setup)))));
  let damages: readonly Damage[] = [];
  for (let i = random.between(1, 5); i > 0 && course.isWell; i--) {
    damages = [...damages, breakRoad(world, random)];
    await pause();
    if (!random.chance(0.4)) continue;
    const [first, ...rest] = damages;
    first?.mend();
    world.cluster.lan.see({ kind: "act", words: `mend: ${first?.words}` });
    damages = rest;
    await pause();
  }
  return damages;
}

/** Everything is put right. */
function mend(world: World, damages: readonly Damage[]): void {
  for (const one of damages) one.mend();
  world.cluster.lan.see({ kind: "act", words: "mend everything" });
  for (const { name } of world.setup.nodes) {
    if (!world.cluster.isRunning(name)) world.cluster.start(name);
  }
}
