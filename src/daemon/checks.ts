/** Which health checks are due, and what do they say? One entry per check, however many instances rest on it. */
import type { CheckSettings, ProbeResult } from "../health/check.ts";
import { judge, type Judgement, UNJUDGED } from "../health/judge.ts";
import { firstStart, nextStart } from "../health/schedule.ts";
import { earliest, type Instant } from "../time.ts";

interface Entry {
  readonly settings: CheckSettings;
  readonly judgement: Judgement;
  /** When the next attempt starts; of one that is under way: when it was due. */
  readonly at: Instant;
  readonly underWay: boolean;
  /** The attempt that is under way probes what the check probed before a reload: its result says nothing. */
  readonly stale: boolean;
  /** The next attempt is due as soon as the one that is under way is over. */
  readonly urgent: boolean;
}

/** The checks of one node. */
export class Checks {
  #entries: ReadonlyMap<string, Entry> = new Map();
  #known: ReadonlyMap<string, Judgement>;

  /** `known`: what a process before this one has found out, by name; for the first {@link Checks.settle}. */
  constructor(known: ReadonlyMap<string, Judgement> = new Map()) {
    this.#known = known;
  }

  /**
   * Makes `settings` the checks that run. One that was there already keeps its verdict unless it probes something else; a
   * new one starts after a jitter that follows from `node` and its name, so that nodes do not probe in step.
   */
  settle(settings: readonly CheckSettings[], node: string, now: Instant): void {
    this.#entries = new Map(settings.map((next) => {
      const before = this.#entries.get(next.name);
      const same = before !== undefined &&
        JSON.stringify(before.settings.probe) === JSON.stringify(next.probe);
      if (same) return [next.name, { ...before, settings: next }];
      const at = firstStart(now, next.interval, jitter(`${node} ${next.name}`));
      // A probe of the old kind may be under way: its result comes under this name, so it is waited for.
      const underWay = before?.underWay ?? false;
      const judgement = this.#known.get(next.name) ?? UNJUDGED;
      return [next.name, {
        settings: next,
        judgement,
        at,
        underWay,
        stale: underWay,
        urgent: false,
      }];
    }));
    this.#known = new Map();
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

  /** Takes a result in. Did it change the verdict, or a value that counts? */
  take(name: string, result: ProbeResult, now: Instant): boolean {
    const entry = this.#entries.get(name);
    // The check went with a reload while its probe was under way.
    if (entry === undefined) return false;
    if (entry.stale) {
      this.#set({ ...entry, at: now, underWay: false, stale: false, urgent: false });
      return false;
    }
    const { settings, judgement: before } = entry;
    const judgement = judge(before, result, settings);
    const at = entry.urgent ? now : nextStart(entry.at, now, settings.interval);
    this.#set({ settings, judgement, at, underWay: false, stale: false, urgent: false });
    return judgement.up !== before.up || judgement.value !== before.value;
  }

  /** Makes the next attempt of the check called `name` due at once; the rhythm goes on from there. */
  hurry(name: string, now: Instant): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#set(entry.underWay ? { ...entry, urgent: true } : { ...entry, at: now });
  }

  /** The settings of the check called `name`. */
  settings(name: string): CheckSettings | undefined {
    return this.#entries.get(name)?.settings;
  }

  /** What is known of the check called `name`. */
  judgement(name: string): Judgement {
    return this.#entries.get(name)?.judgement ?? UNJUDGED;
  }

  #set(entry: Entry): void {
    this.#entries = new Map(this.#entries).set(entry.settings.name, entry);
  }
}

/** A number in [0, 1) that is the same for the same text (FNV-1a, 32 bits). */
function jitter(text: string): number {
  let hash = 0x811c9dc5;
  for (const character of text) {
    hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 0x01000193) >>> 0;
  }
  return hash / 2 ** 32;
}
