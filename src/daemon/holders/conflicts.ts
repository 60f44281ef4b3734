/**
 * Conflicts of a virtual router: other machines that hold its addresses or claim to. Kept in the
 * router, told once each.
 */
import { keyOf } from "../../config/plan/plan.ts";
import { formatIp } from "../../net/ip.ts";
import { between, formatWallTime, type Instant, seconds, type WallTime } from "../../time.ts";
import type { Budgets } from "../journal/budgets.ts";
import { describe } from "./evidence_text.ts";
import { labelOf, type Once } from "../journal/log.ts";
import { IN_A_ROW } from "./look.ts";
import type { Neighbours } from "./neighbours.ts";
import type { Observer } from "../journal/record.ts";
import type { Conflict, OwnedRouter } from "../virtual_router.ts";
import { putNewest } from "../senders.ts";
import type { Rival } from "../../vrrp/event.ts";
import { masterDownOf } from "../../vrrp/intervals.ts";
import { isHolder, isOut, type State } from "../../vrrp/state.ts";

/** Of a virtual router this module changes these fields. */
type VirtualRouter = OwnedRouter<"answeredAt">;

/** One that comes back after so long is news again: for the history, which is not endless. */
const NEWS_AFTER = seconds(60);

/** So often an address is asked for before it counts as free: an answer may be lost. */
const FREE = 2;

/** After a change of state, a machine that gives way has done so by then. */
export const SETTLED = seconds(1);

/**
 * Adverts that were found to be an empty claim are remembered as that for so long after the last
 * one.
 */
const REMEMBERED = seconds(600);

/** Most machines remembered for what was told of them. */
const MOST_TOLD = 1024;

/** What was seen of another machine at `at`. */
export type Sight = Omit<Conflict, "since" | "free">;

/** What a losing master's advert says: it holds the addresses too, as long as its adverts come. */
export function rivalSight({ rules }: VirtualRouter, rival: Rival, at: Instant): Sight {
  return {
    kind: "master",
    who: formatIp(rival.source),
    words: `with priority ${rival.priority}`,
    unasked: false,
    own: false,
    leaving: false,
    stranger: false,
    at,
    patience: masterDownOf(rules, rival.interval),
  };
}

/**
 * Is `router` master for so short that the one before it may still announce itself? That is no
 * conflict: the LAN is asked when the time is over.
 */
export function isTakingOver({ state, entered, rules }: VirtualRouter, now: Instant): boolean {
  return state.kind === "master" && rules.duplicateCheck && between(entered, now) < SETTLED;
}

/** Has `conflict` been seen so lately that it goes on? */
export function isLiving({ at, patience }: Conflict, now: Instant): boolean {
  return between(at, now) <= patience;
}

/**
 * Is `conflict` evidence that another machine holds the addresses: not refuted by a question, or by
 * time where none can be asked?
 */
export function isEvidence(conflict: Conflict, { askable }: VirtualRouter, now: Instant): boolean {
  if (conflict.stranger) return false;
  if (!askable || conflict.leaving) return isLiving(conflict, now);
  // Adverts that are accepted say it themselves, as long as they come.
  return conflict.free < FREE || (conflict.kind === "master" && isLiving(conflict, now));
}

/**
 * The addresses `asked` were asked for, and the time for answers is over: other machines answered
 * with the MACs `answered`. What was not confirmed is a little less likely.
 */
export function concludeQuestion(
  router: VirtualRouter,
  asked: readonly string[],
  answered: ReadonlySet<string>,
): void {
  refute(
    router,
    ({ kind, who, words, own }) =>
      kind === "answer" ? !own && asked.includes(words) && !answered.has(who) : answered.size === 0,
  );
}

/** The same for a question that was for a machine with this one's own MAC, and was not answered. */
export function concludeOwn(router: VirtualRouter): void {
  refute(router, ({ own }) => own);
}

function refute(router: VirtualRouter, isRefuted: (conflict: Conflict) => boolean): void {
  for (const [key, conflict] of router.conflicts) {
    if (!isRefuted(conflict)) continue;
    router.conflicts.set(key, { ...conflict, free: Math.min(FREE, conflict.free + 1) });
  }
}

/** Forgets what is refuted and over, or about an address that the file names no more. */
export function forgetConflicts(router: VirtualRouter, now: Instant): void {
  const floating = router.plan.virtualAddresses.map(({ prefix }) => formatIp(prefix.address));
  for (const [key, conflict] of router.conflicts) {
    if (conflict.kind === "answer" && !floating.includes(conflict.words)) {
      router.conflicts.delete(key);
    }
    if (isEvidence(conflict, router, now) || isLiving(conflict, now)) continue;
    const refuted = conflict.kind === "refused" && between(conflict.at, now) <= REMEMBERED;
    if (!refuted) router.conflicts.delete(key);
  }
}

/**
 * The state of `router`, which was `before`, is another one. Evidence stays where it says the same
 * of the new state: a backup's second machine is one beside this node too. Of a master that becomes
 * backup, one other machine may be the new master: it is to be found out again.
 */
export function carryConflicts(
  router: VirtualRouter,
  before: State["kind"] | undefined,
  now: Instant,
): void {
  const { look, conflicts, state } = router;
  const isBackupNow = state.kind === "backup" && before !== "backup";
  const answering = [...conflicts.values()].filter((one) =>
    one.kind === "answer" && !one.own && isEvidence(one, router, now)
  );
  for (const [key, conflict] of conflicts) {
    const mayBeMaster = conflict.kind === "master" ||
      (answering.length === 1 && conflict === answering[0]);
    if (isBackupNow && mayBeMaster) {
      conflicts.delete(key);
      look.until = undefined;
    } else if (conflict.kind === "refused" && isLiving(conflict, now)) {
      conflicts.set(key, { ...conflict, free: 0 });
    }
  }
  // While it took no part, nothing was made of answers.
  const isUnsure = look.macs.length > 1 || (look.double?.times ?? 0) >= IN_A_ROW;
  if (isOut(state) || before === "init" || before === "fault" || isUnsure) look.until = undefined;
  look.unanswered = look.mute = 0;
  look.macs = [];
  look.double = undefined;
  router.answeredAt = undefined;
}

/** What conflicts are told to. */
export interface ConflictsOptions {
  readonly once: Once;
  readonly observers: readonly Observer[];
  readonly wallTime: () => WallTime;
  /** How many the history gets. */
  readonly budget: Budgets;
  readonly neighbours: Neighbours;
}

/** Takes conflicts in. */
export class Conflicts {
  readonly #options: ConflictsOptions;
  /** When the history was told of each, by router and name. */
  readonly #told = new Map<string, Instant>();
  /** Routers with a conflict that was not there before. */
  #news = new Set<VirtualRouter>();

  constructor(options: ConflictsOptions) {
    this.#options = options;
  }

  /** Routers that have a new conflict since this was last asked. */
  takeNews(): ReadonlySet<VirtualRouter> {
    const news = this.#news;
    this.#news = new Set();
    return news;
  }

  /** Another machine was seen to hold the addresses of `router` or to claim them. */
  note(router: VirtualRouter, sight: Sight): void {
    const { kind, who, at } = sight;
    const key = `${kind} ${who}`;
    const before = router.conflicts.get(key);
    const goesOn = before !== undefined &&
      (isEvidence(before, router, at) || isLiving(before, at));
    // That adverts claim it in vain is known until they stop for long; a machine that answers has
    // it.
    const free = before === undefined || kind === "answer" ? 0 : before.free;
    const conflict: Conflict = { ...sight, since: goesOn ? before.since : at, free };
    putNewest(router.conflicts, key, conflict);
    if (goesOn) return;
    this.#news.add(router);
    this.#tell(router, conflict);
  }

  /**
   * Tells `words` of `rival` in the log, once for each time that `router` becomes master, and in
   * the history.
   */
  warn(router: VirtualRouter, rival: string, words: string, at: Instant): void {
    const { plan, state, counters } = router;
    // What is seen just before a claim belongs to it.
    const term = counters.masterTransitions + (isHolder(state) ? 0 : 1);
    const line = `${labelOf(plan)}: conflict: ${words}`;
    this.#options.once.say("warning", "rival", `${keyOf(plan)} ${rival} ${term}`, line);
    this.#record(router, rival, words, at);
  }

  /** One machine that both sends adverts and answers is one conflict. */
  #tell(router: VirtualRouter, conflict: Conflict): void {
    const { rival, words } = describe(conflict, router, this.#options.neighbours, conflict.at);
    router.counters.conflicts++;
    // The log has a line of its own for a packet that is refused.
    if (conflict.kind === "refused") this.#record(router, rival, words, conflict.at);
    else this.warn(router, rival, words, conflict.at);
  }

  /** Unless the history was told of it a short while ago. */
  #record({ plan }: VirtualRouter, rival: string, said: string, at: Instant): void {
    const { observers, wallTime, budget } = this.#options;
    const key = `${keyOf(plan)} ${rival}`;
    const before = this.#told.get(key);
    putNewest(this.#told, key, at, MOST_TOLD);
    if (before !== undefined && between(before, at) < NEWS_AFTER) return;
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
