/** How does one random run go? Rounds of chaos, mending, settling and calm, all from one seed, with all checkers on. */
import {
  after,
  between,
  type Instant,
  milliseconds,
  type Nanoseconds,
  nanoseconds,
} from "../../src/time.ts";
import { CHECKERS } from "./checkers/all.ts";
import { CLIENT } from "./checkers/neighbours.ts";
import { Cluster, configFrom } from "./cluster.ts";
import { type Damage, damage, lasting } from "./faults.ts";
import { endOrders } from "./orders.ts";
import { RunHash } from "./run_hash.ts";
import { Random } from "./random.ts";
import type { Watcher } from "./record.ts";
import { drawSetup, longestDown, longestParting, type Setup, slowest, tomlOf } from "./setup.ts";
import { type Checker, type CheckerMaker, type Complaint, type Phase, World } from "./world.ts";

/** How a run went. */
export interface Outcome {
  readonly seed: number;
  readonly setup: Setup;
  readonly complaints: readonly Complaint[];
  /** Equal for equal runs; "": nobody wants to know. */
  readonly hash: string;
  /** Virtual time that passed. */
  readonly elapsed: Nanoseconds;
  readonly transitions: number;
}

/** What a run is watched by. */
export interface RunOptions {
  readonly checkers?: readonly CheckerMaker[];
  /** Is told everything, before the checkers are. */
  readonly watcher?: Watcher;
  /** Is the run compared with another one? It costs more than everything else that looks at it. Default true. */
  readonly hashed?: boolean;
}

/** How often checkers are asked to look, whatever happens. */
const TICKS_PER_INTERVAL = 4;

/** Performs the run of `seed`. It ends at the first complaint. */
export async function randomRun(seed: number, options: RunOptions = {}): Promise<Outcome> {
  const random = new Random(seed, 2);
  const setup = drawSetup(random);
  const cluster = new Cluster(seed);
  const hash = options.hashed === false ? undefined : new RunHash();
  let transitions = 0;
  const start = cluster.lan.now;
  if (options.watcher !== undefined) cluster.lan.watch(options.watcher);
  if (hash !== undefined) cluster.lan.watch(hash.add);
  cluster.lan.watch((seen) => {
    if (seen.kind === "journal" && seen.line.includes(" -> ")) transitions++;
  });
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
  return {
    seed,
    setup,
    complaints: world.complaints,
    hash: hash?.text() ?? "",
    elapsed: nanoseconds(cluster.lan.now - start),
    transitions,
  };
}

class Run {
  readonly #world: World;
  readonly #random: Random;
  readonly #checkers: readonly Checker[];
  #damages: readonly Damage[] = [];

  constructor(world: World, random: Random, checkers: readonly Checker[]) {
    this.#world = world;
    this.#random = random;
    this.#checkers = checkers;
    world.cluster.lan.watch(world.see);
    for (const checker of checkers) {
      if (checker.see !== undefined) world.cluster.lan.watch(checker.see);
    }
  }

  /** Things go wrong, and some are put right in between. */
  async chaos(): Promise<void> {
    this.#enter("chaos");
    const down = longestDown(this.#world.setup);
    const count = this.#random.between(1, 6);
    for (let i = 0; i < count && this.#world.complaints.length === 0; i++) {
      this.#damages = [...this.#damages, damage(this.#world, this.#random)];
      this.#judgeAir();
      await this.#pass(nanoseconds(this.#random.between(0, 2 * down)));
      if (!this.#random.chance(0.5)) continue;
      const [first, ...rest] = this.#damages;
      this.#world.cluster.lan.see({ kind: "act", words: `mend: ${first?.words}` });
      first?.mend();
      this.#damages = rest;
      this.#judgeAir();
      await this.#pass(nanoseconds(this.#random.between(0, 2 * down)));
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

  /** Nothing happens any more; when it must be well, the checkers look. */
  async settle(): Promise<void> {
    this.#enter("settling");
    const { cluster, settlingTime } = this.#world;
    await this.#pass(settlingTime);
    // A service manager may start one again late.
    const rest = between(cluster.lan.now, after(cluster.latestStart, settlingTime));
    if (rest > 0) await this.#pass(rest);
    if (this.#world.complaints.length > 0) return;
    this.#enter("calm");
    this.#world.refused = this.#world.switchedOn = false;
    await this.#pass(nanoseconds(5 * slowest(this.#world.setup)));
  }

  /** The end of all programs, in order. */
  async shutDown(): Promise<void> {
    this.#enter("chaos");
    for (const { name } of this.#world.setup.nodes) this.#world.cluster.stop(name);
    await this.#pass(nanoseconds(longestParting(this.#world.setup) + milliseconds(100)));
    for (const { name } of this.#world.setup.nodes) {
      if (this.#world.cluster.isRunning(name)) this.#world.complain("crashes", `${name} hangs`);
    }
  }

  async #pass(duration: Nanoseconds): Promise<void> {
    const { lan } = this.#world.cluster;
    const end = after(lan.now, duration);
    const tick = nanoseconds(slowest(this.#world.setup) / TICKS_PER_INTERVAL);
    while (lan.now < end && this.#world.complaints.length === 0) {
      await lan.run(nanoseconds(Math.min(tick, end - lan.now)));
      for (const checker of this.#checkers) checker.tick?.(lan.now);
    }
  }

  #enter(phase: Phase): void {
    const { now } = this.#world.cluster.lan;
    for (const checker of this.#checkers) checker.enter?.(phase, now);
    this.#world.phase = phase;
    this.#world.phaseSince = now;
  }

  /** Notes since when there is nothing dirty in the air. */
  #judgeAir(): void {
    const dirty = this.#damages.some((one) => one.dirty);
    const { now, paths } = this.#world.cluster.lan;
    const settled = Math.max(now, paths.inFlightUntil) as Instant;
    this.#world.cleanSince = dirty ? undefined : this.#world.cleanSince ?? settled;
  }
}

function raise(cluster: Cluster, setup: Setup): void {
  for (const node of setup.nodes) {
    cluster.createNode(node.name, node.cards);
    cluster.setConfig(node.name, configFrom(tomlOf(setup, node)));
  }
  const client = cluster.lan.createMachine(CLIENT);
  for (const { name, segment } of setup.nodes[0]?.cards ?? []) client.createPort(name, segment);
}
