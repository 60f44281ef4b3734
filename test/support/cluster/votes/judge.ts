/** What is promised of machines that vote and hold, looked at after each change of one of them. */
import { mayBeOver, type Reading } from "../../../../src/cluster/votes/clocks.ts";
import type { Nanoseconds } from "../../../../src/time.ts";
import { answers, LEASE, type Machine } from "./world.ts";

/** How wrong fences and clocks may be, and for how long a voter promises. */
export interface Bounds {
  /** What shuts a fence is late by this at most. */
  readonly margin: Nanoseconds;
  /** A clock that is not slewed is wrong by this at most. */
  readonly rate: number;
  readonly term: Nanoseconds;
}

/** Keeps the first promise that was broken. */
export class Judge {
  readonly #bounds: Bounds;
  /** What each voter has promised that may still be relied on: to which token, until when. */
  readonly #promises = new Map<string, { readonly token: string; readonly until: number }>();
  /** By machine: the ends by which the process before this one held, if this one goes on. */
  readonly #inherited = new Map<string, ReadonlyMap<string, Reading>>();
  #epoch = 0;
  acquisitions = 0;
  problem: string | undefined;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
  }

  /**
   * Looks at one machine that has changed; `machines` are all of them at `time`. Between changes
   * time goes by, which begins no answer and extends no promise.
   */
  look(before: Machine, after: Machine, time: number, machines: () => readonly Machine[]): void {
    if (before.voter !== after.voter) this.#lookAtPromise(before, after, time, machines);
    if (before.holder !== after.holder) this.#lookAtEpoch(before, after);
    const { fence } = after;
    if (fence === undefined || fence === before.fence) return;
    const { margin } = this.#bounds;
    if (!answers(after, margin)) return;
    const all = machines().filter((one) => answers(one, margin));
    if (all.length < 2) return;
    this.problem ??= `${all.map(({ name }) => name).join(" and ")} answer at ${time / 1e6} ms`;
  }

  /** A process goes on with the promises that the one before it had, and with no others. */
  resumed(before: Machine, { name, holder }: Machine): void {
    if (holder.candidacy?.kept === undefined) {
      this.#inherited.delete(name);
      return;
    }
    const inherited = this.#inherited.get(name) ?? [];
    const ends = before.holder.candidacy?.ends ?? [];
    this.#inherited.set(name, new Map([...inherited, ...ends]));
  }

  /** Everything is later by `duration`. */
  shift(duration: number): void {
    for (const [name, { token, until }] of this.#promises) {
      this.#promises.set(name, { token, until: until + duration });
    }
  }

  #lookAtPromise(
    before: Machine,
    { name, voter }: Machine,
    time: number,
    machines: () => readonly Machine[],
  ): void {
    const was = before.voter.votes.get(LEASE)?.last;
    const is = voter.votes.get(LEASE)?.last;
    if (is === undefined || is === was) return;
    if (is.end === undefined) {
      this.#promises.delete(name);
      return;
    }
    const promised = this.#promises.get(name);
    const given = was?.token === is.token ? undefined : promised;
    if (given !== undefined && given.token !== is.token && given.until > time) {
      if (this.#relies(machines(), given.token, name)) {
        this.problem ??= `${name} promises to ${is.token} while ${given.token} relies on it`;
      }
    }
    const reliable = this.#bounds.term / (1 + this.#bounds.rate);
    const until = Math.max(
      promised?.token === is.token ? promised.until : 0,
      was?.sent === is.sent && was.token === is.token ? 0 : time + reliable,
    );
    this.#promises.set(name, { token: is.token, until });
  }

  #lookAtEpoch({ holder: before }: Machine, { holder: after }: Machine): void {
    if (after.candidacy?.isHolding !== true || before.candidacy?.isHolding === true) return;
    if (after.candidacy.kept !== undefined) return;
    this.acquisitions++;
    const { epoch } = after.candidacy;
    if (epoch <= this.#epoch) this.problem ??= `epoch ${epoch} after ${this.#epoch}`;
    this.#epoch = epoch;
  }

  /** Does the process of `token` count on the promise of this voter? */
  #relies(machines: readonly Machine[], token: string, voter: string): boolean {
    return machines.some(({ name, now, holder }) => {
      const { ends, kept } = holder.candidacy ?? {};
      const inherited = kept === undefined ? undefined : this.#inherited.get(name);
      const end = ends?.get(voter) ?? inherited?.get(voter);
      return holder.token === token && end !== undefined && !mayBeOver(end, now);
    });
  }
}
