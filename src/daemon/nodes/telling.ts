/**
 * Telling: reports of this node to the others, at once on a change, and answers to their questions.
 * Once a second it says that the last one still holds, or reports again. A long one goes out part
 * by part, so that adverts leave in between.
 */
import { nodeLater, routerLater, saysSame } from "../../cluster/later.ts";
import { encodePages, encodePart, MAX_PARTS } from "../../cluster/message.ts";
import { MOST_HELD, routerKey } from "../../cluster/knowledge.ts";
import type { NodeReport, RouterReport, Wanted } from "../../cluster/report.ts";
import { after, earliest, type Instant, milliseconds, seconds } from "../../time.ts";
import type { OwnFile } from "./own_file.ts";
import type { VirtualRouter } from "../virtual_router.ts";

/**
 * From one whole report, or that it still holds, to the next, at most: a second, and by what
 * adverts of that interval may be late.
 */
const EVERY = milliseconds(1020);
/** From one whole report to the next, though nothing has changed. */
const WHOLE_EVERY = seconds(30);
/**
 * A loop that is awake sends one that is due so soon: with the adverts of the master all nodes send
 * theirs at one time, and each takes what comes in one turn instead of several. A turn costs more
 * than what is said in it.
 */
const EARLY = milliseconds(100);
/** The same after one that woke the loop by itself. */
const EARLY_AFTER_ALONE = milliseconds(900);
/** No report sooner than this after the one before. */
const PAUSE = milliseconds(100);
/** Between two turns of a long report, or of a long answer. */
const STEP = milliseconds(10);
/** Parts, or pages, of one turn. */
const AT_ONCE = 4;
/** Routers that are looked at for one part: no more fit. */
const IN_ONE = 8;
/** Pages that wait to be sent; more are lost, and asked for again. */
const MOST_WAITING = 1024;
/** The last words of a process are sealed and sent within this. */
const LAST_WORDS = milliseconds(30);

/** What telling works with. */
export interface TellingOptions {
  /** To one node; or, with undefined, to all. */
  readonly send: (node: string | undefined, text: Uint8Array) => void;
  /** To all: the whole report with this number still holds. False: not all can be told so. */
  readonly beat: (number: number) => boolean;
  readonly routers: { readonly all: readonly VirtualRouter[] };
  readonly nodeReport: (now: Instant) => NodeReport;
  readonly routerReports: (
    routers: readonly VirtualRouter[],
    now: Instant,
  ) => readonly RouterReport[];
  readonly file: Pick<OwnFile, "hash" | "parts" | "keysOf">;
}

/** A report that is under way. */
interface Job {
  readonly routers: readonly VirtualRouter[];
  /** Does it name all that there are? */
  readonly isWhole: boolean;
  /** So many of them are told. */
  told: number;
  index: number;
  at: Instant;
  /** What it says of each of them. */
  readonly said: { readonly report: RouterReport; readonly at: Instant }[];
}

/** A whole report, as all were told it. */
interface Said extends Pick<Job, "said"> {
  readonly number: number;
  readonly node: NodeReport;
  readonly at: Instant;
}

/** What this node tells. */
export class Telling {
  readonly #options: TellingOptions;
  #number = 0;
  #job: Job | undefined;
  /** The last report, where it was a whole one, is out, and can be compared. */
  #said: Said | undefined;
  /** When the next whole report is due. */
  #wholeAt = 0 as Instant;
  /** Did the last one have a turn of its own? */
  #wasAlone = false;
  /** When the last one began. */
  #begunAt: Instant | undefined;
  /** Routers that are others than was told. */
  readonly #changed = new Set<VirtualRouter>();
  #isWanted = false;
  readonly #waiting: { readonly to: string; readonly text: Uint8Array }[] = [];
  #waitingAt = 0 as Instant;
  #endsAt: Instant | undefined;

  constructor(options: TellingOptions) {
    this.#options = options;
  }

  /** `router` is another one than was told. */
  changed(router: VirtualRouter): void {
    this.#changed.add(router);
  }

  /** A whole report is to go out soon: something else has changed, or it was asked for. */
  hurry(): void {
    this.#isWanted = true;
  }

  /** Answers a question of the node called `to`. */
  answer(to: string, what: Wanted, now: Instant): void {
    if (what.kind === "report") return this.hurry();
    if (what.kind === "routers") return this.#tellOf(what.of, to, now);
    const { file } = this.#options;
    const of = what.kind === "parts" ? null : what.of;
    const hashes = of === null ? file.parts : file.keysOf(of);
    if (file.hash === undefined || hashes === undefined) return;
    for (const text of encodePages({ file: file.hash, of, hashes: [...hashes] })) {
      if (this.#waiting.length < MOST_WAITING) this.#waiting.push({ to, text });
    }
  }

  /** A report goes out at once. */
  tellNow(now: Instant): void {
    this.#begin(now, true);
    this.#work(now);
  }

  /** The last report of this process goes out at once. */
  sayGoodbye(now: Instant): void {
    if (this.#endsAt !== undefined) return;
    this.tellNow(now);
    this.#endsAt = after(now, LAST_WORDS);
  }

  /** Have the last words left this machine? */
  hasSaidGoodbye(now: Instant): boolean {
    return this.#endsAt !== undefined && this.#endsAt <= now;
  }

  nextDeadline(): Instant | undefined {
    if (this.#endsAt !== undefined) return this.#endsAt;
    const soon = this.#isHurried ? this.#pausedUntil : undefined;
    const answers = this.#waiting.length > 0 ? this.#waitingAt : undefined;
    return earliest(this.#job?.at ?? earliest(this.#wholeAt, soon), answers);
  }

  tick(now: Instant): void {
    if (this.#endsAt !== undefined) return;
    if (this.#job === undefined) {
      const early = this.#wasAlone ? EARLY_AFTER_ALONE : EARLY;
      if (this.#wholeAt <= after(now, early)) {
        this.#wasAlone = this.#wholeAt <= now;
        this.#beginOrBeat(now);
      } else if (this.#isHurried && this.#pausedUntil <= now) {
        this.#begin(now, this.#isWanted || this.#options.routers.all.length <= IN_ONE);
      }
    }
    this.#work(now);
    if (this.#waiting.length === 0 || this.#waitingAt > now) return;
    for (const { to, text } of this.#waiting.splice(0, AT_ONCE)) this.#options.send(to, text);
    this.#waitingAt = after(now, STEP);
  }

  get #isHurried(): boolean {
    return this.#isWanted || this.#changed.size > 0;
  }

  get #pausedUntil(): Instant {
    return this.#begunAt === undefined ? 0 as Instant : after(this.#begunAt, PAUSE);
  }

  /** A node is about to take over: it cannot wait for the next report. */
  #tellOf(keys: readonly string[], to: string, now: Instant): void {
    const { send, nodeReport, routerReports, routers } = this.#options;
    const asked = new Set(keys);
    const found = routers.all.filter(({ plan: { name, family } }) =>
      asked.has(routerKey(name, family))
    );
    if (this.#job === undefined) this.#number++;
    this.#said = undefined;
    for (let told = 0; told < found.length;) {
      const next = routerReports(found.slice(told, told + IN_ONE), now);
      // Of a report that is under way it is one part more.
      const index = this.#job === undefined ? told : this.#job.index++;
      const head = { number: this.#number, index, node: nodeReport(now) };
      const { text, taken } = encodePart(head, next, false);
      send(to, text);
      told += Math.max(1, taken);
    }
  }

  #beginOrBeat(now: Instant): void {
    const said = this.#isHurried ? undefined : this.#said;
    const holds = said !== undefined && this.#holds(said, now);
    if (!holds || !this.#options.beat(said.number)) return this.#begin(now, true);
    this.#wholeAt = after(now, EVERY);
  }

  /** Is what was `said` what would be said now, but for ages? */
  #holds({ node, said, at }: Said, now: Instant): boolean {
    const { nodeReport, routerReports, routers: { all } } = this.#options;
    if (all.length !== said.length || after(at, WHOLE_EVERY) <= now) return false;
    if (!saysSame(nodeLater(node, at, now), nodeReport(now))) return false;
    return routerReports(all, now).every((report, index) => {
      const before = said[index];
      return before !== undefined && saysSame(routerLater(before.report, before.at, now), report);
    });
  }

  #begin(now: Instant, isWhole: boolean): void {
    const { all } = this.#options.routers;
    const routers = isWhole ? all : all.filter((router) => this.#changed.has(router));
    this.#number++;
    this.#begunAt = now;
    if (isWhole) {
      this.#wholeAt = after(now, EVERY);
      this.#isWanted = false;
    }
    this.#changed.clear();
    this.#said = undefined;
    this.#job = { routers, isWhole, told: 0, index: 0, at: now, said: [] };
  }

  /** The next parts of the report that is under way. */
  #work(now: Instant): void {
    const job = this.#job;
    if (job === undefined || job.at > now) return;
    const { send, nodeReport, routerReports } = this.#options;
    const node = nodeReport(now);
    for (let count = 0; count < AT_ONCE && this.#job !== undefined; count++) {
      const next = job.routers.slice(job.told, job.told + IN_ONE);
      const isEnd = job.told + next.length >= job.routers.length;
      const reports = routerReports(next, now);
      const { text, taken } = encodePart(
        { number: this.#number, index: job.index, node },
        reports,
        isEnd && job.isWhole,
      );
      send(undefined, text);
      job.said.push(...reports.slice(0, taken).map((report) => ({ report, at: now })));
      job.told += taken;
      job.index++;
      const isTold = job.told >= job.routers.length;
      if (isTold && job.isWhole && job.routers.length <= MOST_HELD) {
        this.#said = { number: this.#number, node, at: now, said: job.said };
      }
      if (isTold || job.index >= MAX_PARTS) this.#job = undefined;
    }
    job.at = after(now, STEP);
  }
}
