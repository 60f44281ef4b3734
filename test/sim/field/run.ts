/**
 * One field run: mistakes and mishaps that last, then everything is mended; all from one seed, with
 * checkers of its own.
 */
import { nanoseconds, seconds } from "../../../src/time.ts";
import { Cluster } from "../cluster.ts";
import { Course, type Outcome, Recording, type RecordingOptions } from "../course.ts";
import type { Damage } from "../faults.ts";
import { endOrders } from "../orders.ts";
import { Random } from "../random.ts";
import { raise } from "../random_run.ts";
import { longestParting } from "../setup.ts";
import type { Checker } from "../world.ts";
import { FIELD_CHECKERS } from "./checkers.ts";
import { mishap, mistakeInFile, restoreName } from "./mishaps.ts";
import { hasRecovered } from "./recovers.ts";
import { drawFieldSetup, maybeTold } from "./setup.ts";
import { FieldWorld, STRANGER } from "./world.ts";

/** How long evidence that has become untrue may stay: asked for again, and found free. */
const MEMORY = seconds(130);

/** From one mishap to the next: long enough for what is wrong to be noticed, mostly. */
const LONGEST_PAUSE = 45e9;

/** What a field run is watched by. */
export interface FieldOptions extends RecordingOptions {
  readonly checkers?: readonly ((world: FieldWorld) => Checker)[];
}

/** Performs the field run of `seed`. It ends at the first complaint. */
export async function fieldRun(seed: number, options: FieldOptions = {}): Promise<Outcome> {
  const random = new Random(seed, 4);
  const second = new Random(seed, 6);
  const setup = maybeTold(drawFieldSetup(random), second);
  const cluster = new Cluster(seed);
  const recording = new Recording(cluster, options);
  raise(cluster, setup);
  const stranger = cluster.lan.createMachine(STRANGER);
  for (const { name, segment } of setup.nodes[0]?.cards ?? []) stranger.createPort(name, segment);
  for (const machine of cluster.lan.machines()) {
    machine.promotesSecondaries = false;
    if (setup.cluster !== undefined) machine.fence.isPossible = second.chance(0.7);
  }
  const world = new FieldWorld(cluster, setup);
  const checkers = (options.checkers ?? FIELD_CHECKERS).map((make) => make(world));
  const run = new FieldRun(world, random, new Course(world, checkers));
  await run.perform();
  return recording.outcome(seed, world);
}

class FieldRun {
  readonly #world: FieldWorld;
  readonly #random: Random;
  readonly #course: Course;
  #damages: readonly Damage[] = [];

  constructor(world: FieldWorld, random: Random, course: Course) {
    this.#world = world;
    this.#random = random;
    this.#course = course;
  }

  async perform(): Promise<void> {
    const { cluster, setup } = this.#world;
    const fromTheStart = this.#random.chance(0.4);
    if (fromTheStart) this.#note(this.#mistake());
    for (const { name } of setup.nodes) cluster.start(name);
    if (!fromTheStart) await this.#settle();
    const rounds = this.#random.pick([1, 1, 2]);
    for (let round = 0; round < rounds && this.#course.isWell; round++) {
      await this.#misfortune();
      this.#mend();
      await this.#settle();
    }
    if (!this.#course.isWell) return;
    this.#course.enter("chaos");
    for (const { name } of setup.nodes) cluster.stop(name);
    await this.#course.pass(nanoseconds(longestParting(setup) + 0.1e9));
  }

  /** Until every status says that all is well, or ought to. */
  async #settle(): Promise<void> {
    const isWell = () =>
      this.#world.setup.nodes.every(({ name }) => hasRecovered(this.#world, name));
    await this.#course.settle(isWell, MEMORY);
  }

  /** Things go wrong, and some are put right in between. */
  async #misfortune(): Promise<void> {
    this.#course.enter("chaos");
    await this.#pause();
    const count = this.#random.pick([1, 1, 1, 2, 2, 3]);
    for (let i = 0; i < count && this.#course.isWell; i++) {
      this.#note(mishap(this.#world, this.#random));
      await this.#pause();
      if (!this.#random.chance(0.3)) continue;
      const [first, ...rest] = this.#damages;
      this.#world.cluster.lan.see({ kind: "act", words: `mend: ${first?.words}` });
      this.#straighten();
      first?.mend();
      this.#note(undefined, rest);
      await this.#pause();
    }
  }

  /** Everything is put right, in the order in which it went wrong, backwards. */
  #mend(): void {
    const { cluster, setup } = this.#world;
    cluster.lan.see({ kind: "act", words: "mend everything" });
    this.#straighten();
    for (const one of this.#damages.toReversed()) one.mend();
    this.#note(undefined, []);
    endOrders(this.#world);
    for (const { name, cards } of setup.nodes) {
      cluster.lan.machine(name).refuseNothing();
      for (const card of cards) {
        const machine = cluster.lan.machine(name);
        // A card that was called otherwise when another came in its place.
        machine.deletePort(`${card.name}x`);
        machine.setCarrier(card.name, true);
        machine.setMac(card.name);
        cluster.restoreAddresses(name, card.name);
      }
      if (!cluster.isRunning(name)) cluster.start(name);
    }
  }

  /** Cards have the names by which everything else that happened to them is mended. */
  #straighten(): void {
    for (const { name, cards } of this.#world.setup.nodes) {
      for (const card of cards) restoreName(this.#world, name, card.name);
    }
  }

  #mistake(): Damage {
    const { cluster, setup } = this.#world;
    const done = mistakeInFile(this.#world, this.#random.pick(setup.nodes).name, this.#random);
    cluster.lan.see({ kind: "act", words: done.words });
    return done;
  }

  #note(damage: Damage | undefined, others = this.#damages): void {
    this.#damages = damage === undefined ? others : [...others, damage];
    this.#world.present = this.#damages.map(({ words }) => words);
  }

  async #pause(): Promise<void> {
    await this.#course.pass(nanoseconds(this.#random.between(0, LONGEST_PAUSE)));
  }
}
