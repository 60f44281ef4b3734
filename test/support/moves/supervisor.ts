/** A loop like systemd's `Restart=always`, for one floatip. */
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import type { Floatip } from "../interop/floatip.ts";
import type { NodeName, Scene, SceneSettings } from "./scene.ts";

/** RestartSec of the unit. */
const RESTART_AFTER_MS = 20;

/**
 * What every process of a unit has (systemd.exec(5)): by that a daemon knows that it would be
 * started again.
 */
export const UNIT_ENVIRONMENT = { INVOCATION_ID: "0123456789abcdef0123456789abcdef" } as const;

/** Keeps one floatip running until disposed of. */
export class Supervisor implements AsyncDisposable {
  readonly #generations: Floatip[];
  readonly #scene: Scene;
  #over = false;

  private constructor(scene: Scene, first: Floatip) {
    this.#scene = scene;
    this.#generations = [first];
    void this.#watch(first);
  }

  /** Starts the first one; resolves when it answers. */
  static async start(scene: Scene, node: NodeName, settings: SceneSettings): Promise<Supervisor> {
    const first = await scene.floatip(node, settings, { env: UNIT_ENVIRONMENT });
    return scene.stack.use(new Supervisor(scene, first));
  }

  /** The latest one that has answered. */
  get present(): Floatip {
    const [latest] = this.#generations.slice(-1);
    if (latest === undefined) throw new Error("nobody was ever started");
    return latest;
  }

  /** How many were started. */
  get count(): number {
    return this.#generations.length;
  }

  async #watch({ child }: Floatip): Promise<void> {
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    await pause(RESTART_AFTER_MS);
    if (this.#over) return;
    const next = await this.#again();
    if (next === undefined) return;
    this.#generations.push(next);
    await this.#watch(next);
  }

  /** Undefined: the scene was over meanwhile; it ends what was started last before this. */
  async #again(): Promise<Floatip | undefined> {
    try {
      return await this.#scene.again(this.present);
    } catch (error) {
      await pause(1000);
      if (this.#over) return undefined;
      throw error;
    }
  }

  /** Nobody is started any more; who runs is the scene's to end. */
  [Symbol.asyncDispose](): Promise<void> {
    this.#over = true;
    return Promise.resolve();
  }
}
