/**
 * Writer of the state that the next process resumes: at once when it matters, else several times a
 * second.
 */
import type { SessionNote } from "../cluster/advert_seals.ts";
import type { LeaseNote } from "../cluster/exclusive.ts";
import type { Host } from "../host.ts";
import { after, type Instant, milliseconds } from "../time.ts";
import { keyOf } from "../config/plan/plan.ts";
import { type ResumeState, resumeStateOf } from "./resume.ts";
import { roundFor } from "./rounds.ts";
import type { Checks } from "./checks.ts";
import type { Routers, RouterWatcher } from "./routers.ts";
import type { Ticker } from "./ticker.ts";
import type { VirtualRouter } from "./virtual_router.ts";

/**
 * A note that is so much older than the truth, and what a round takes, is safe: it only shortens
 * the time in which it counts.
 */
const PAUSE = milliseconds(250);

/** What was last written down. */
interface Written {
  readonly at: Instant;
  readonly standing: string;
  /** When a note last told of an advert that the one before did not know of. */
  readonly toldAt: Instant;
}

/** What a writer works with. */
export interface ResumeWriterOptions {
  readonly host: Pick<Host, "now" | "boot">;
  /** Undefined: no process comes after this one. */
  readonly write: ((state: ResumeState) => void) | undefined;
  readonly routers: Pick<Routers, "all">;
  readonly checks: Checks;
  /** The names of the checks that run. */
  readonly checkNames: () => readonly string[];
  /** The sessions by which adverts are sealed; `isLast`: none is heard any more. */
  readonly seals: (isLast: boolean) => readonly SessionNote[];
  /** The same list while they are the same. */
  readonly sealing: () => readonly string[];
  /** When a master of this node advertised last. */
  readonly advertisedAt: () => Instant | undefined;
  /** By which leases `masters` hold exclusive addresses. */
  readonly leaseNotes?: (masters: readonly VirtualRouter[]) => readonly LeaseNote[];
}

/** Writes the state that the next process resumes. */
export class ResumeWriter implements RouterWatcher, Ticker {
  readonly #options: ResumeWriterOptions;
  #written: Written | undefined;
  #putOffUntil: Instant | undefined;
  #sealing: readonly string[] | undefined;
  /** May something but the time of the last advert be another one than was written? */
  #isChanged = true;
  /** Masters that leave one after the other: what is written down calls them none already. */
  readonly #leaving = new Set<VirtualRouter>();

  constructor(options: ResumeWriterOptions) {
    this.#options = options;
  }

  /** When {@link ResumeWriter.tick} has something to write down that it put off. */
  nextDeadline(): Instant | undefined {
    return this.#putOffUntil;
  }

  changed(): void {
    this.#isChanged = true;
  }

  dropped(router: VirtualRouter): void {
    this.#leaving.delete(router);
    this.#isChanged = true;
  }

  /**
   * Before `routers` leave, in however many turns: it is written down once for all of them. One
   * that stays after all is master again with the next call, which is told all that leave by then.
   */
  willLeave(routers: Iterable<VirtualRouter>): void {
    const before = this.#leaving.size;
    this.#leaving.clear();
    for (const router of routers) {
      if (router.state.kind === "master") this.#leaving.add(router);
    }
    if (this.#leaving.size > 0) this.save();
    else if (before > 0) this.#isChanged = true;
  }

  /** Before `router`, a master, leaves: what is written down must not call it one. */
  leaves(router: VirtualRouter): void {
    if (!this.#leaving.has(router)) this.save();
  }

  /** What a check found is another value. */
  checkChanged(): void {
    this.#written = undefined;
  }

  /** Writes down what is new: at once where the master has changed, else several times a second. */
  tick(now: Instant): void {
    const { write, advertisedAt } = this.#options;
    if (write === undefined) return;
    const sealing = this.#options.sealing();
    if (sealing !== this.#sealing) this.#written = undefined;
    this.#sealing = sealing;
    const last = this.#written;
    const standing = this.#isChanged || last === undefined ? this.#standing() : last.standing;
    this.#isChanged = false;
    const isNewer = last === undefined || (advertisedAt() ?? last.at) > last.at;
    if (last?.standing === standing) {
      if (!isNewer) return;
      // An advert does not wait because something else was written down just now: what counts is
      // how old the last one is.
      const next = roundFor(after(last.toldAt, PAUSE));
      if (now < next) {
        this.#putOffUntil = next;
        return;
      }
    }
    this.#save(standing, isNewer ? now : last.toldAt, now);
  }

  /** Writes down how things stand; `isLast`: another process goes on from here. */
  save(isLast = false): void {
    const now = this.#options.host.now();
    this.#isChanged = false;
    this.#save(this.#standing(), now, now, isLast);
  }

  #save(standing: string, toldAt: Instant, now: Instant, isLast = false): void {
    const { write, routers, checks, checkNames, host, seals } = this.#options;
    this.#written = { at: now, standing, toldAt };
    this.#putOffUntil = undefined;
    const sessions = seals(isLast);
    const isStaying = (one: VirtualRouter) =>
      one.state.kind === "master" && !this.#leaving.has(one);
    const leases = this.#options.leaseNotes?.(routers.all.filter(isStaying)) ?? [];
    write?.({
      ...resumeStateOf(routers.all, checks, checkNames(), host.boot(), now, this.#leaving),
      ...(sessions.length === 0 ? {} : { seals: sessions }),
      ...(leases.length === 0 ? {} : { leases }),
    });
  }

  /** All but the times of adverts, as text: which routers are masters, or handed over. */
  #standing(): string {
    return this.#options.routers.all.flatMap((router) => {
      const { noPreemptUntil, handedTo, state, plan, epoch } = router;
      const isMaster = state.kind === "master" && !this.#leaving.has(router);
      if (!isMaster && noPreemptUntil === undefined) return [];
      const words = [isMaster, noPreemptUntil ?? "", handedTo ?? "", epoch ?? ""];
      return [`${keyOf(plan)} ${words.join(" ")}`];
    }).join();
  }
}
