/** Members of an etcd cluster: which of them is asked next, and which of them answer. */
import { type Nanoseconds, seconds } from "../../time.ts";
import { mayBeOver, type Reading, readingAfter } from "../votes/clocks.ts";
import { AGAIN } from "./terms.ts";

/** Each member is heard of at least so often, those that are asked nothing too. */
export const PROBE_EVERY = seconds(5);
/** Without a word for so long it does not answer. */
const SILENT_AFTER = seconds(12);

interface Member {
  /** Host and port. */
  readonly name: string;
  /** The id of the etcd cluster that it belongs to, as it says. */
  cluster: string | undefined;
  answeredAt: Reading | undefined;
  /** The oldest request since then that has no answer. */
  waitingSince: Reading | undefined;
  askedAt: Reading | undefined;
  /** Why it did not answer; undefined: it did. */
  words: string | undefined;
}

/** What is known of them, for a status. */
export interface MembersView {
  readonly have: number;
  readonly need: number;
  readonly of: readonly string[];
  /** What is wrong, in words. */
  readonly faults: readonly string[];
}

/** The members in the order of the file. */
export class Members {
  readonly #all: readonly Member[];
  #current = 0;
  #cluster: string | undefined;

  /** `cluster`: the one that others have told of before. */
  constructor(names: readonly string[], cluster?: string) {
    this.#cluster = cluster;
    this.#all = names.map((name) => ({
      name,
      cluster: undefined,
      answeredAt: undefined,
      waitingSince: undefined,
      askedAt: undefined,
      words: undefined,
    }));
  }

  get count(): number {
    return this.#all.length;
  }

  /**
   * The etcd cluster in question: that of most members, so that two nodes with one file, and each
   * with some members in reach, never mean two. Undefined: not known.
   */
  get cluster(): string | undefined {
    return this.#cluster;
  }

  /** Which one is asked now: that which answered last, else that which was longest left alone. */
  next(now: Reading): number {
    const usable = (member: Member | undefined): boolean =>
      member !== undefined && member.words === undefined &&
      (member.waitingSince === undefined || !isOld(member.waitingSince, now, AGAIN));
    if (usable(this.#all[this.#current])) return this.#asked(this.#current, now);
    const others = this.#all.map((member, index) => ({ member, index }))
      .toSorted((a, b) =>
        Number(usable(b.member)) - Number(usable(a.member)) ||
        (a.member.askedAt?.boot ?? -1) - (b.member.askedAt?.boot ?? -1)
      );
    this.#current = others[0]?.index ?? 0;
    return this.#asked(this.#current, now);
  }

  /** Those that were not asked for long. */
  toProbe(now: Reading): readonly number[] {
    return this.#all.flatMap(({ askedAt }, index) =>
      askedAt === undefined || isOld(askedAt, now, PROBE_EVERY) ? [this.#asked(index, now)] : []
    );
  }

  /** Member `index` has answered, as one of `cluster`. */
  answered(index: number, now: Reading, cluster: string): void {
    const member = this.#all[index];
    if (member === undefined) return;
    Object.assign(member, { cluster, answeredAt: now, waitingSince: undefined, words: undefined });
    const told = this.#all.filter((one) => one.cluster === cluster).length;
    if (told >= this.#need) this.#cluster = cluster;
    if (this.#cluster !== undefined && cluster !== this.#cluster) {
      member.words = "belongs to another etcd cluster than the others";
    }
  }

  /** Member `index` has not answered, or not what it should. */
  lost(index: number, words: string): void {
    const member = this.#all[index];
    if (member !== undefined) Object.assign(member, { words, waitingSince: undefined });
  }

  view(now: Reading): MembersView {
    const answering = this.#all.filter(({ words, answeredAt }) =>
      words === undefined && answeredAt !== undefined && !isOld(answeredAt, now, SILENT_AFTER)
    );
    return {
      have: answering.length,
      need: this.#need,
      of: this.#all.map(({ name }) => name),
      faults: this.#all.flatMap(({ name, words }) =>
        words === undefined ? [] : [`etcd at ${name}: ${words}`]
      ),
    };
  }

  get #need(): number {
    return Math.floor(this.#all.length / 2) + 1;
  }

  #asked(index: number, now: Reading): number {
    const member = this.#all[index];
    if (member !== undefined) {
      member.askedAt = now;
      member.waitingSince ??= now;
    }
    return index;
  }
}

function isOld(since: Reading, now: Reading, duration: Nanoseconds): boolean {
  return mayBeOver(readingAfter(since, duration), now);
}
