/** Reloads whose changes are being applied: each is answered when all are. */
import type { InParts } from "../async.ts";
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

/** What one is answered with, and by whom it is taken. */
interface Answer {
  readonly parts: InParts<readonly string[]>;
  readonly reply: Reply;
}

/** Those of one reconciler. */
export class PendingReloads {
  #pending: readonly Pending[] = [];
  /** Answers to those that are applied; the first is being made. */
  readonly #answers: Answer[] = [];

  /** Is there none? */
  get isEmpty(): boolean {
    return this.#pending.length === 0 && this.#answers.length === 0;
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
    for (const { before, config, applied, reply } of this.#pending) {
      this.#answers.push({ parts: describeReload(before, config, applied, nodeName), reply });
    }
    this.#pending = [];
    for (const { parts, reply } of [...this.#answers]) {
      const changes = goOn(parts, slice);
      if (changes === undefined) return;
      this.#answers.shift();
      reply(changes);
    }
  }
}
