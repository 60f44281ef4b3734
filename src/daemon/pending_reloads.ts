/** Reloads whose changes are being applied: each is answered when all are. */
import type { Config } from "../config/config.ts";
import { type Change, describeReload } from "../config/plan/diff.ts";

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

  /** Is there none? */
  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** `config` is being put in force in the place of `before`. */
  add(before: Config, config: Config, reply: Reply): void {
    this.#pending = [...this.#pending, { before, config, applied: [], reply }];
  }

  /** That became of a change. */
  applied(change: Change): void {
    for (const { applied } of this.#pending) applied.push(change);
  }

  /** All is applied; `nodeName`: --node. */
  finish(nodeName: string | undefined): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const { before, config, applied, reply } of pending) {
      reply(describeReload(before, config, applied, nodeName));
    }
  }
}
