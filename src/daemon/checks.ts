/**
 * The health checks of a node: which are due, and what they say. One entry per check, however many
 * instances use it.
 */
import type { CheckSettings } from "../config/tables/check.ts";
import type { ProbeResult } from "../health/check.ts";
import {
  type CheckState,
  firstStart,
  judge,
  judgeNew,
  nextStart,
  NO_RESULT,
} from "../health/judge.ts";
import { after, earliest, type Instant } from "../time.ts";

/**
 * How a check comes to its verdict. "first": the first result decides, since no instance runs on it
 * yet. "trial": the state that instances have stays until a success, or until `fall` failures in a
 * row. "settled": its results have decided.
 */
type Phase = "first" | "trial" | "settled";

interface Entry {
  readonly settings: CheckSettings;
  /** In a trial: what was known before it, if anything was. */
  readonly judgement: CheckState;
  /** Since when its `up` is what it is; undefined: since before this process, or this check. */
  readonly since: Instant | undefined;
  readonly phase: Phase;
  /** When the next attempt starts; of one that is under way: when it was due. */
  readonly at: Instant;
  readonly underWay: boolean;
  /**
   * The attempt that is under way probes what the check probed before a reload: its result says
   * nothing.
   */
  readonly stale: boolean;
  /** The next attempt is due as soon as the one that is under way is over. */
  readonly urgent: boolean;
}

/** The checks of one node. */
export class Checks {
  #entries = new Map<string, Entry>();
  /** How checks begin that nothing is known of. */
  #beginning: Phase;
  #known: ReadonlyMap<string, CheckState>;

  /**
   * `known`: what a process before this one, whose instances may go on, has found out, by name; for
   * the first {@link Checks.settle}. Undefined: there was none.
   */
  constructor(known?: ReadonlyMap<string, CheckState>) {
    this.#known = known ?? new Map();
    this.#beginning = known === undefined ? "first" : "trial";
  }

  /**
   * Makes `settings` the checks that run. Whatever is probed as before, under the same name or
   * another, keeps its verdict and its rhythm. One that probes something else keeps its verdict for
   * as long as its trial lasts. A new one starts after a jitter that follows from `node` and its
   * name, so that nodes do not probe in step.
   */
  settle(settings: readonly CheckSettings[], node: string, now: Instant): void {
    const before = this.#entries;
    this.#entries = new Map(settings.map((next) => [
      next.name,
      keepRhythm(next, before, now) ?? this.#begin(next, before.get(next.name), node, now),
    ]));
    this.#known = new Map();
    this.#beginning = "trial";
  }

  #begin(next: CheckSettings, before: Entry | undefined, node: string, now: Instant): Entry {
    const known = this.#known.get(next.name);
    // A probe of the old kind may be under way: its result comes under this name, so it is waited
    // for.
    const underWay = before?.underWay ?? false;
    const { up, value } = before?.judgement ?? NO_RESULT;
    return {
      settings: next,
      judgement: known ?? { ...NO_RESULT, up, value },
      since: before?.since,
      phase: known === undefined ? this.#beginning : "settled",
      at: firstStart(now, next.interval, jitter(`${node} ${next.name}`)),
      underWay,
      stale: underWay,
      urgent: false,
    };
  }

  /** When the next attempt starts. */
  nextDeadline(): Instant | undefined {
    return earliest(
      ...[...this.#entries.values()].map((entry) => entry.underWay ? undefined : entry.at),
    );
  }

  /** The checks to start now; they count as under way until {@link Checks.take}. */
  start(now: Instant): readonly CheckSettings[] {
    const due = [...this.#entries.values()].filter((entry) => !entry.underWay && entry.at <= now);
    for (const entry of due) this.#set({ ...entry, underWay: true });
    return due.map((entry) => entry.settings);
  }

  /**
   * Takes a result in. Did it change the verdict, or a value that counts, or was it the one that
   * had to be waited for?
   */
  take(name: string, result: ProbeResult, now: Instant): boolean {
    const entry = this.#entries.get(name);
    // The check went with a reload while its probe was under way.
    if (entry === undefined) return false;
    if (entry.stale) {
      this.#set({ ...entry, at: now, underWay: false, stale: false, urgent: false });
      return false;
    }
    const { settings, judgement: before } = entry;
    const judgement = (entry.phase === "trial" ? judgeNew : judge)(before, result, settings);
    const decided = entry.phase !== "trial" || result.ok || judgement.up === false;
    const phase: Phase = decided ? "settled" : "trial";
    const at = entry.urgent ? now : nextStart(entry.at, now, settings.interval);
    const since = judgement.up === before.up ? entry.since : now;
    const ended = { underWay: false, stale: false, urgent: false };
    this.#set({ settings, judgement, since, phase, at, ...ended });
    return judgement.up !== before.up || judgement.value !== before.value || phase !== entry.phase;
  }

  /**
   * Makes the next attempt of the check called `name` due at once; the rhythm goes on from there.
   */
  hurry(name: string, now: Instant): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#set(entry.underWay ? { ...entry, urgent: true } : { ...entry, at: now });
  }

  /** These, as they are now. */
  copy(): Checks {
    const copy = new Checks();
    copy.#entries = new Map(this.#entries);
    return copy;
  }

  /** The settings of the check called `name`. */
  settings(name: string): CheckSettings | undefined {
    return this.#entries.get(name)?.settings;
  }

  /** What is known of the check called `name`. */
  judgement(name: string): CheckState {
    return this.#entries.get(name)?.judgement ?? NO_RESULT;
  }

  /** Since when the check called `name` is up or down; undefined: that is not known. */
  since(name: string): Instant | undefined {
    return this.#entries.get(name)?.since;
  }

  /** Have the results of the check called `name`, as it is now, not decided yet? */
  isPending(name: string): boolean {
    return this.#entries.get(name)?.phase !== "settled";
  }

  #set(entry: Entry): void {
    this.#entries.set(entry.settings.name, entry);
  }
}

/**
 * The entry of a check that probes what one of `before` probed: it goes on. Undefined: there is
 * none.
 */
function keepRhythm(
  next: CheckSettings,
  before: ReadonlyMap<string, Entry>,
  now: Instant,
): Entry | undefined {
  const probe = JSON.stringify(next.probe);
  const isSame = (entry: Entry): boolean => JSON.stringify(entry.settings.probe) === probe;
  const own = before.get(next.name);
  // Not later than a new interval, which may be shorter, has it.
  const soon = (at: Instant): Instant => earliest(at, after(now, next.interval)) ?? at;
  if (own !== undefined && isSame(own)) {
    return { ...own, settings: next, at: own.underWay ? own.at : soon(own.at) };
  }
  const other = [...before.values()].find(isSame);
  if (other === undefined) return undefined;
  const { judgement, since, phase, at, underWay } = other;
  const start = underWay ? now : soon(at);
  const stale = own?.underWay ?? false;
  const ended = { underWay: stale, stale, urgent: false };
  return { settings: next, judgement, since, phase, at: start, ...ended };
}

/** A number in [0, 1) that is the same for the same text (FNV-1a, 32 bits). */
function jitter(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
