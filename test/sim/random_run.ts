/**
 * One random run: rounds of chaos, mending, settling and calm, from one seed, with all checkers.
 */
import { type Instant, milliseconds, nanoseconds } from "../../src/time.ts";
import { CHECKERS } from "./checkers/all.ts";
import { CLIENT } from "./checkers/neighbours.ts";
import { Cluster, configFrom } from "./cluster.ts";
import { Course, type Outcome, Recording, type RecordingOptions } from "./course.ts";
import { type Damage, damage, lasting } from "./faults.ts";
import { endOrders } from "./orders.ts";
import { Random } from "./random.ts";
import { drawSetup, longestDown, longestParting, type Setup, tomlOf } from "./setup.ts";
import { type Checker, type CheckerMaker, World } from "./world.ts";

/** What a run is watched by. */
export interface RunOptions extends RecordingOptions {
  readonly checkers?: readonly CheckerMaker[];
}

/** Performs the run of `seed`. It ends at the first complaint. */
export async function randomRun(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const random = new Random(seed, 2);
  const setup = drawSetup(random);
  const cluster = new Cluster(seed);
  const recording = new Recording(cluster, options);
  raise(cluster, setup);
  const world = new World(cluster, setup);
  const run = new Run(world, random, (options.checkers ?? CHECKERS).map((make) => make(world)));
  for (const { name } of setup.nodes) cluster.start(name);
  await run.settle();
  const rounds = random.pick([1, 1, 2]);
  for (let round = 0; round < rounds && world.complaints.length === 0; round++) {
    await run.chaos();
    run.mend();
    await run.settle();
  }
  if (world.complaints.length === 0) await run.shutDown();
  return recording.outcome(seed, world);
}

class Run {
  readonly #world: World;
  readonly #random: Random;
  readonly #course: Course;
  #damages: readonly Damage[] = [];

  constructor(world: World, random: Random, checkers: readonly Checker[]) {
    this.#world = world;
    this.#random = random;
    this.#course = new Course(world, checkers);
  }

  /** Things go wrong, and some are put right in between. */
  async chaos(): Promise<void> {
    this.#course.enter("chaos");
    const down = longestDown(this.#world.setup);
    const count = this.#random.between(1, 6);
    for (let i = 0; i < count && this.#world.complaints.length === 0; i++) {
      this.#damages = [...this.#damages, damage(this.#world, this.#random)];
      this.#judgeAir();
      await this.#course.pass(nanoseconds(this.#random.between(0, 2 * down)));
      if (!this.#random.chance(0.5)) continue;
      const [first, ...rest] = this.#damages;
      this.#world.cluster.lan.see({ kind: "act", words: `mend: ${first?.words}` });
      first?.mend();
      this.#damages = rest;
      this.#judgeAir();
      await this.#course.pass(nanoseconds(this.#random.between(0, 2 * down)));
    }
  }

  /** Everything is put right; sometimes something else breaks for good. */
  mend(): void {
    this.#world.cluster.lan.see({ kind: "act", words: "mend everything" });
    for (const one of this.#damages) one.mend();
    this.#damages = [];
    this.#world.cluster.lan.paths.healAll();
    for (const { name, cards } of this.#world.setup.nodes) {
      for (const card of cards) this.#world.cluster.restoreAddresses(name, card.name);
      if (!this.#world.cluster.isRunning(name)) this.#world.cluster.start(name);
    }
    endOrders(this.#world);
    if (this.#random.chance(0.3)) this.#damages = [lasting(this.#world, this.#random)];
    this.#judgeAir();
  }

  /** Nothing happens any more. */
  async settle(): Promise<void> {
    await this.#course.settle();
  }

  /** The end of all programs, in order. */
  async shutDown(): Promise<void> {
    this.#course.enter("chaos");
    for (const { name } of this.#world.setup.nodes) this.#world.cluster.stop(name);
    await this.#course.pass(nanoseconds(longestParting(this.#world.setup) + milliseconds(100)));
    for (const { name } of this.#world.setup.nodes) {
      if (this.#world.cluster.isRunning(name)) this.#world.complain("crashes", `${name} hangs`);
    }
  }

  /** Notes since when there is nothing dirty in the air. */
  #judgeAir(): void {
    const dirty = this.#damages.some((one) => one.dirty);
    const { now, paths } = this.#world.cluster.lan;
    const settled = Math.max(now, paths.inFlightUntil) as Instant;
    this.#world.cleanSince = dirty ? undefined : this.#world.cleanSince ?? settled;
  }
}

/** Puts the machines there, each with its file. */
export function raise(cluster: Cluster, setup: Setup): void {
  for (const node of setup.nodes) {
    cluster.createNode(node.name, node.cards);
    cluster.setConfig(node.name, configFrom(tomlOf(setup, node)));
  }
  const client = cluster.lan.createMachine(CLIENT);
  for (const { name, segment } of setup.nodes[0]?.cards ?? []) client.createPort(name, segment);
}
