/** Watches an address from one host of the lab and measures the gaps. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { denoWords } from "./deno_words.ts";
import type { LabHost } from "./lab_host.ts";
import { realTimeWords } from "./real_time.ts";
import { until } from "../until.ts";

/** A time without replies. */
export interface Gap {
  /**
   * From the probe's start to the last reply before the gap (0 for a leading one), in milliseconds.
   */
  readonly startMs: number;
  /** From that reply to the next one, or to the latest request where none came, in milliseconds. */
  readonly lengthMs: number;
  /** "leading": nothing answered before it; "trailing": nothing has answered since. */
  readonly kind: "leading" | "inner" | "trailing";
}

/** Requests in a row that nobody answered, though later ones were. */
export interface Outage {
  /** When the first of them was sent, in milliseconds since 1970. */
  readonly from: number;
  /** From there to the first request that was answered again, in milliseconds. */
  readonly lengthMs: number;
  readonly lost: number;
}

/** How {@link Probe.start} watches. */
export interface ProbeOptions {
  /** A request every so many milliseconds; default 10. A gap is known to this grain. */
  readonly everyMs?: number;
  /**
   * Wait for a first reply, which fills the neighbour cache, and count from there. Default true.
   */
  readonly warm?: boolean;
  /**
   * Runs before ordinary programs, as those do that it watches, where that is permitted. Default
   * false.
   */
  readonly realTime?: boolean;
}

/** One request, and when it was answered. */
interface Request {
  readonly sentAt: number;
  readonly answered: boolean;
}

/** A running client. Stop it with `await using` or {@link Probe.stop}; the figures stay. */
export class Probe implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #replies: number[] = [];
  /** By their numbers. */
  readonly #requests: Request[] = [];
  readonly #ended: Promise<unknown>;
  #started: number | undefined;
  #lastRequest = 0;
  #unfinished = "";

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#ended = once(child, "close");
    child.stdout?.setEncoding("utf8").on("data", (text: string) => this.#read(text));
    child.stderr?.pipe(process.stderr, { end: false });
  }

  /**
   * Starts to ask `address` (IPv4 or IPv6, no prefix length) from `host`. Rejects where `warm`
   * waits 10 s in vain.
   */
  static async start(host: LabHost, address: string, options: ProbeOptions = {}): Promise<Probe> {
    const child = host.spawn([
      ...(options.realTime === true ? await realTimeWords() : []),
      ...denoWords(import.meta.resolve("./prober.ts")),
      ...[address, String(options.everyMs ?? 10)],
    ]);
    const probe = new Probe(child);
    try {
      await until("the prober's first request", () => probe.#started !== undefined);
      if (options.warm ?? true) {
        await until(`a reply of ${address}`, () => probe.#replies.length > 0);
        probe.#started = probe.#replies[0];
      }
    } catch (cause) {
      await probe.stop();
      throw cause;
    }
    return probe;
  }

  /** How many replies came. */
  get replies(): number {
    return this.#replies.length;
  }

  /** For how long has the probe been asking, in milliseconds? */
  get elapsedMs(): number {
    return this.#lastRequest - (this.#started ?? 0);
  }

  /** How long ago was the last reply, in milliseconds; from the start where none came. */
  get silenceMs(): number {
    return Math.max(0, this.#lastRequest - (this.#replies.at(-1) ?? this.#started ?? 0));
  }

  /** Every time of at least `minMs` without a reply until now, oldest first. */
  gaps(minMs: number): readonly Gap[] {
    return gapsBetween(this.#started ?? 0, this.#replies, this.#lastRequest)
      .filter((gap) => gap.lengthMs >= minMs);
  }

  /**
   * Resolves when a request was answered that was sent after this call: what was sent before is
   * answered by then, or lost.
   */
  async settled(limitMs = 10_000): Promise<void> {
    const first = this.#requests.length;
    const answered = () => this.#requests.findIndex((one, i) => i >= first && one.answered) >= 0;
    await until("an answer to a new request", answered, limitMs);
  }

  /**
   * What was lost of all that was sent since `since` (milliseconds since 1970); what is under way
   * still is not lost.
   */
  outages(since: number): readonly Outage[] {
    return outagesOf(this.#requests.filter(({ sentAt }) => sentAt >= since));
  }

  /** How many requests were sent since `since` (milliseconds since 1970)? */
  sentSince(since: number): number {
    return this.#requests.filter(({ sentAt }) => sentAt >= since).length;
  }

  /** The last `cells` times of `cellMs` milliseconds each, oldest first: did a reply come in it? */
  timeline(cellMs: number, cells: number): readonly boolean[] {
    const end = this.#lastRequest;
    const answered = new Set(
      this.#replies.map((at) => Math.max(0, Math.floor((end - at) / cellMs))),
    );
    const known = Math.min(cells, Math.ceil(this.elapsedMs / cellMs));
    return Array.from({ length: known }, (_, index) => answered.has(known - 1 - index));
  }

  /** Ends the client and waits for its last line. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  #read(text: string): void {
    const lines = (this.#unfinished + text).split("\n");
    this.#unfinished = lines.pop() ?? "";
    for (const line of lines) {
      const [kind, time, number] = line.split(" ");
      const at = Number(time);
      if (kind === "s") this.#send(at);
      else this.#answer(at, Number(number));
    }
  }

  #send(sentAt: number): void {
    this.#started ??= sentAt;
    this.#lastRequest = sentAt;
    this.#requests.push({ sentAt, answered: false });
  }

  #answer(at: number, number: number): void {
    this.#replies.push(at);
    const request = this.#requests[number];
    if (request !== undefined) this.#requests[number] = { ...request, answered: true };
  }
}

/** Runs of requests without an answer, each followed by one that was answered. */
export function outagesOf(requests: readonly Request[]): readonly Outage[] {
  const outages: Outage[] = [];
  let begun: { readonly from: number; readonly lost: number } | undefined;
  for (const { sentAt, answered } of requests) {
    if (!answered) begun = { from: begun?.from ?? sentAt, lost: (begun?.lost ?? 0) + 1 };
    else if (begun !== undefined) {
      outages.push({ ...begun, lengthMs: sentAt - begun.from });
      begun = undefined;
    }
  }
  return outages;
}

/** The gaps between a start, the replies after it and an end, all in milliseconds on one clock. */
export function gapsBetween(
  start: number,
  replies: readonly number[],
  end: number,
): readonly Gap[] {
  const times = replies.filter((at) => at >= start);
  const first = times[0];
  if (first === undefined) return [{ startMs: 0, lengthMs: end - start, kind: "leading" }];
  const last = times.at(-1) ?? first;
  return [
    { startMs: 0, lengthMs: first - start, kind: "leading" },
    ...times.slice(1).map((at, index): Gap => {
      const before = times[index] ?? at;
      return { startMs: before - start, lengthMs: at - before, kind: "inner" };
    }),
    { startMs: last - start, lengthMs: Math.max(0, end - last), kind: "trailing" },
  ];
}
