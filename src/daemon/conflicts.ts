/** Who is in our way? Another master, a stranger on our VRID, somebody who claims our address: remembered, counted, told. */
import { keyOf } from "../config/plan.ts";
import { between, formatWallTime, type Instant, seconds, type WallTime } from "../time.ts";
import type { Budget } from "./budget.ts";
import { labelOf, type Once } from "./narrate.ts";
import type { Observer } from "./record.ts";
import { isRecent, type Router } from "./router.ts";
import { remember } from "./senders.ts";

/** One who comes back after so long is news again: for the history, which is not endless. */
const NEWS_AFTER = seconds(60);

/** What conflicts are told to. */
export interface ConflictsOptions {
  readonly once: Once;
  readonly observers: readonly Observer[];
  readonly wallTime: () => WallTime;
  /** How many the history gets. */
  readonly budget: Budget;
}

/** Tells of conflicts; they are kept in their routers. */
export class Conflicts {
  readonly #options: ConflictsOptions;

  constructor(options: ConflictsOptions) {
    this.#options = options;
  }

  /** `who` (an address) was in the way of `router` at `at`; `words` say how. */
  note(router: Router, who: string, words: string, at: Instant): void {
    const before = router.conflicts.get(who);
    const goesOn = before !== undefined && isRecent(before.at, router, at);
    if (!goesOn) router.counters.conflicts++;
    remember(router.conflicts, who, { words, at, since: goesOn ? before.since : at });
    if (before === undefined || between(before.at, at) >= NEWS_AFTER) {
      this.#record(router, who, words, at);
    }
  }

  /** The same, in the journal too: once for each time that `router` becomes master. */
  warn(router: Router, who: string, words: string, at: Instant): void {
    this.note(router, who, words, at);
    const episode = `${keyOf(router.plan)} ${who} ${router.counters.masterTransitions}`;
    const line = `${labelOf(router.plan)}: conflict: ${words}`;
    this.#options.once.say("warning", "rival", episode, line);
  }

  #record({ plan }: Router, rival: string, said: string, at: Instant): void {
    const { observers, wallTime, budget } = this.#options;
    const taken = budget.take("conflict", at);
    if (!taken.given) return;
    const words = taken.before === 0 ? said : `${said} (before it ${taken.before} more)`;
    const record = {
      time: formatWallTime(wallTime()),
      instance: plan.name,
      family: plan.family,
      rival,
      words,
    };
    for (const observer of observers) observer.observeConflict?.(record);
  }
}
