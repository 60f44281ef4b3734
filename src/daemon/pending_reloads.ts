/** Reloads whose changes are being applied: each is answered when all are. */
import type { Config } from "../config/config.ts";
import { type Change, describeReload } from "../config/plan/diff.ts";
import { goOn, type Slice } from "./slice.ts";

/** Gets what changed, one sentence each. */
export type Reply = (changes: readonly string[]) => void;

interface Pending {
  readonly before: Config;
  readonly config: Config;
  readonly applied: Change[];
  readonly reply: Reply;
}

/** Those of one reconciler. */
export class PendingReloads {
  #pending: readonly Pending[] = [];
  /** Those that are applied, and the answer to the first, while it is made. */
  #applied: readonly Pending[] = [];
  #answer: Generator<void, readonly string[]> | undefined;

  /** Is there none? */
  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#applied.length === 0;
  }

  /** `config` is being put in force in the place of `before`. */
  add(before: Config, config: Config, reply: Reply): void {
    this.#pending = [...this.#pending, { before, config, applied: [], reply }];
  }

  /** That became of a change. */
  applied(change: Change): void {
    for (const { applied } of this.#pending) applied.push(change);
  }

  /** All is applied: they are answered, as far as `slice` goes. `nodeName`: --node. */
  answer(nodeName: string | undefined, slice: Slice): void {
    this.#applied = [...this.#applied, ...this.#pending];
    this.#pending = [];
    for (const [index, { before, config, applied, reply }] of this.#applied.entries()) {
      this.#answer ??= describeReload(before, config, applied, nodeName);
      const changes = goOn(this.#answer, slice);
      if (changes === undefined) {
        this.#applied = this.#applied.slice(index);
        return;
      }
      this.#answer = undefined;
      reply(changes);
    }
    this.#applied = [];
  }
}
