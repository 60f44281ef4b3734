/** When is written down what the process after this one needs to go on? When it matters at once, else several times a second. */
import type { Host } from "../host.ts";
import { after, between, type Instant, milliseconds } from "../time.ts";
import { type ResumeState, resumeStateOf } from "./resume.ts";
import type { Routers } from "./routers.ts";

/** A note that is so much older than the truth is safe: it only shortens the time in which it counts. */
const PAUSE = milliseconds(250);

/** What was last written down. */
interface Written {
  readonly at: Instant;
  readonly standing: string;
  /** When a note last told of an advert that the one before did not know of. */
  readonly toldAt: Instant;
}

/** Writes notes. */
export class ResumeWriter {
  readonly #host: Host;
  readonly #write: ((note: ResumeState) => void) | undefined;
  #written: Written | undefined;
  #putOffUntil: Instant | undefined;

  /** `write` undefined: nobody comes after this process. */
  constructor(host: Host, write: ((note: ResumeState) => void) | undefined) {
    this.#host = host;
    this.#write = write;
  }

  /** When {@link ResumeWriter.save} has something to write down that it put off. */
  nextDeadline(): Instant | undefined {
    return this.#putOffUntil;
  }

  /** Writes down how things stand. "in a while": where the last note is old, or who is master has changed. */
  save({ routers, checks, node }: Routers, when: "at once" | "in a while"): void {
    if (this.#write === undefined) return;
    const now = this.#host.now();
    const standing = routers.map((router) => {
      const noPreempt = router.noPreemptUntil === undefined
        ? ""
        : `no preemption until ${router.noPreemptUntil}`;
      return `${router.state.kind} ${noPreempt}`;
    }).join();
    const last = this.#written;
    const isNewer = last === undefined ||
      routers.some(({ advertisedAt = last.at }) => advertisedAt > last.at);
    // An advert does not wait because something else was written down just now: what counts is how old the last one is.
    const since = isNewer ? last?.toldAt : last.at;
    const isFresh = since !== undefined && between(since, now) < PAUSE &&
      last?.standing === standing;
    if (when === "in a while" && isFresh) {
      if (isNewer) this.#putOffUntil = after(since, PAUSE);
      return;
    }
    this.#written = { at: now, standing, toldAt: isNewer ? now : last.toldAt };
    this.#putOffUntil = undefined;
    const names = (node?.checks ?? []).map(({ name }) => name);
    this.#write(resumeStateOf(routers, checks, names, this.#host.boot(), now));
  }
}
