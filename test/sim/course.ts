/** Course of a run: what is recorded of it, its phases, and the checkers that look meanwhile. */
import {
  after,
  between,
  type Instant,
  type Nanoseconds,
  nanoseconds,
  seconds,
} from "../../src/time.ts";
import type { Cluster } from "./cluster.ts";
import type { Watcher } from "./record.ts";
import { RunHash } from "./run_hash.ts";
import { type Setup, slowest } from "./setup.ts";
import type { Checker, Complaint, Phase, World } from "./world.ts";

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
  /** How often something was done to a machine or the LAN; that it was mended is left aside. */
  readonly faults: number;
}

/** How a run is recorded. */
export interface RecordingOptions {
  /** Is told everything, before the checkers are. */
  readonly watcher?: Watcher;
  /**
   * Is the run compared with another one? It costs more than everything else that looks at it.
   * Default true.
   */
  readonly hashed?: boolean;
}

/** How often checkers are asked to look, whatever happens. */
const TICKS_PER_INTERVAL = 4;

/** From one look whether it is well to the next. */
const LOOK = seconds(5);

/** What is noted of a run from its first moment on. */
export class Recording {
  readonly #start: Instant;
  readonly #hash: RunHash | undefined;
  #transitions = 0;
  #faults = 0;

  constructor({ lan }: Cluster, { watcher, hashed = true }: RecordingOptions) {
    this.#start = lan.now;
    this.#hash = hashed ? new RunHash() : undefined;
    if (watcher !== undefined) lan.watch(watcher);
    if (this.#hash !== undefined) lan.watch(this.#hash.add);
    lan.watch((seen) => {
      if (seen.kind === "journal" && seen.line.includes(" -> ")) this.#transitions++;
      if (seen.kind === "act" && !seen.words.startsWith("mend")) this.#faults++;
    });
  }

  /** All that is to be said of the run of `seed`. */
  outcome(seed: number, { setup, complaints, cluster }: World): Outcome {
    return {
      seed,
      setup,
      complaints,
      hash: this.#hash?.text() ?? "",
      elapsed: nanoseconds(cluster.lan.now - this.#start),
      transitions: this.#transitions,
      faults: this.#faults,
    };
  }
}

/** Lets time pass in a world, with checkers on. */
export class Course {
  readonly #world: World;
  readonly #checkers: readonly Checker[];

  constructor(world: World, checkers: readonly Checker[]) {
    this.#world = world;
    this.#checkers = checkers;
    world.cluster.lan.watch(world.see);
    for (const checker of checkers) {
      if (checker.see !== undefined) world.cluster.lan.watch(checker.see);
    }
  }

  /** Has nobody complained yet? */
  get isWell(): boolean {
    return this.#world.complaints.length === 0;
  }

  /** Lets `duration` pass, or less where somebody complains. */
  async pass(duration: Nanoseconds): Promise<void> {
    const { lan } = this.#world.cluster;
    const end = after(lan.now, duration);
    const tick = nanoseconds(slowest(this.#world.setup) / TICKS_PER_INTERVAL);
    while (lan.now < end && this.isWell) {
      await lan.run(nanoseconds(Math.min(tick, end - lan.now)));
      for (const checker of this.#checkers) checker.tick?.(lan.now);
    }
  }

  /** A new phase begins. */
  enter(phase: Phase): void {
    const { now } = this.#world.cluster.lan;
    for (const checker of this.#checkers) checker.enter?.(phase, now);
    this.#world.phase = phase;
    this.#world.phaseSince = now;
  }

  /**
   * Nothing happens any more; when it must be well, the checkers look: or, where `isWell` has its
   * own opinion of that, a little later, but `most` at the latest.
   */
  async settle(isWell = () => true, most = nanoseconds(0)): Promise<void> {
    this.enter("settling");
    const { cluster, settlingTime } = this.#world;
    await this.pass(settlingTime);
    // A service manager may start one again late.
    const rest = between(cluster.lan.now, after(cluster.latestStart, settlingTime));
    if (rest > 0) await this.pass(rest);
    for (let waited = 0; waited < most && !isWell() && this.isWell; waited += LOOK) {
      await this.pass(LOOK);
    }
    if (!this.isWell) return;
    this.enter("calm");
    this.#world.refused = this.#world.switchedOn = false;
    await this.pass(nanoseconds(5 * slowest(this.#world.setup)));
  }
}
