/** The queue of a sink: in order, one delivery at a time, each attempt with a deadline. */
import { sleep } from "../async.ts";
import type { SinkStatus } from "../control/api.ts";
import { formatDuration, milliseconds } from "../time.ts";
import { type DeliveryResult, failure, type Notification, type Sink } from "./sink.ts";

/** Most that wait for a sink, or one for each virtual router if those are more. */
export const CAPACITY = 64;

/** How long a test waits for its turn, in addition to its timeout, in milliseconds. */
const TURN_MS = 100;

/** Logs one sentence without a full stop: a sink fails, or works again. */
export type LogSink = (level: "warning" | "info", text: string) => void;

/** Pauses `ms`, or until `stop` is aborted; never rejects. */
export type Pause = (ms: number, stop: AbortSignal) => Promise<void>;

interface QueuedNotification {
  readonly record: Notification;
  /** Gets the result of a single attempt. */
  readonly answered?: (answer: DeliveryResult) => void;
}

/** The queue of one sink. Disposing of it drops what waits. */
export class DeliveryQueue implements AsyncDisposable {
  readonly #instance: string | null;
  readonly #pause: Pause;
  readonly #log: LogSink;
  readonly #closing = new AbortController();
  readonly #over = new AbortController();
  #sink: Sink;
  #backlog: Backlog<QueuedNotification> = NOTHING;
  #run: Promise<void> | undefined;
  /** Ends the current pause. */
  #pausing: AbortController | undefined;
  #underWay = 0;
  #delivered = 0;
  #outdated = 0;
  #failed = 0;
  #last: SinkStatus["last"] = null;

  /** `instance`: the owner of the [notify]; null: the file. */
  constructor(instance: string | null, sink: Sink, pause: Pause = sleep, log: LogSink = () => {}) {
    this.#instance = instance;
    this.#sink = sink;
    this.#pause = pause;
    this.#log = log;
  }

  /** Its sink shows the health. */
  get followsHealth(): boolean {
    return this.#sink.followsHealth ?? false;
  }

  /** Uses `sink` from the next attempt on, also for what waits. */
  replaceSink(sink: Sink): void {
    const before = this.#sink;
    this.#sink = sink;
    void before.close?.(AbortSignal.timeout(before.timeoutMs));
  }

  /** Adds a record. Starts nothing before the caller returns, and never throws. */
  add(record: Notification): void {
    this.#add(`${record.instance}/${record.family}`, { record });
  }

  /**
   * Delivers in its turn, in one attempt, and returns the result; waits at most as long as for an
   * attempt. A record that pauses between attempts is tried at once; if it fails, its result is
   * that of the test.
   */
  async try(record: Notification): Promise<DeliveryResult> {
    const { promise, resolve } = Promise.withResolvers<DeliveryResult>();
    this.#add("a test", { record, answered: resolve });
    this.#pausing?.abort();
    const limit = new AbortController();
    const late = sleep(this.#sink.timeoutMs + TURN_MS, limit.signal)
      .then(() => failure("it is not its turn yet: earlier ones are under way", true));
    const answer = await Promise.race([promise, late]);
    limit.abort();
    return answer;
  }

  /** The status of the sink. */
  status(): SinkStatus {
    return {
      name: this.#sink.name,
      instance: this.#instance,
      pending: this.#backlog.waiting.length + this.#underWay,
      delivered: this.#delivered,
      collapsed: this.#backlog.collapsed + this.#outdated,
      failed: this.#failed,
      last: this.#last,
    };
  }

  /**
   * Accepts no more, delivers the newest states without pauses, and resolves when nothing waits.
   */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#sink.endOrders?.();
    this.#backlog = collapse(this.#backlog);
    await this.#run;
    await this.#sink.close?.(this.#over.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.close();
  }

  #add(key: string, item: QueuedNotification): void {
    if (this.#closing.signal.aborted) {
      item.answered?.(failure("floatip is stopping", false));
      return;
    }
    this.#backlog = add(this.#backlog, { key, item }, CAPACITY);
    this.#run ??= this.#work();
  }

  async #work(): Promise<void> {
    // Not during the transition of the caller.
    await Promise.resolve();
    for (;;) {
      const [entry, rest] = take(this.#backlog);
      if (entry === undefined) break;
      this.#backlog = rest;
      this.#underWay = 1;
      await this.#tell(entry.key, entry.item);
      this.#underWay = 0;
    }
    this.#run = undefined;
  }

  async #tell(key: string, { record, answered }: QueuedNotification): Promise<void> {
    if (!this.#sink.wants(record)) {
      answered?.({ ok: true, text: `nothing to do for ${record.to}`, retry: false });
      return;
    }
    for (let attempts = 1;; attempts++) {
      const answer = await this.#attempt(record);
      this.#logChange(answer);
      this.#last = { ok: answer.ok, words: answer.text, at: new Date().toISOString() };
      answered?.(answer);
      if (answer.ok) {
        this.#delivered++;
        return;
      }
      // After a failure only the newest states are delivered.
      if (answer.retry) this.#backlog = collapse(this.#backlog);
      const spent = attempts > this.#sink.retries || answered !== undefined;
      if (!answer.retry || spent || this.#closing.signal.aborted) {
        this.#failed++;
        return;
      }
      this.#answerTests(answer);
      if (!isOutdated(this.#backlog, key)) {
        await this.#rest(pauseAfter(attempts, this.#sink.longestPauseMs));
      }
      if (isOutdated(this.#backlog, key)) {
        this.#outdated++;
        return;
      }
    }
  }

  /** Logs the first failure, and the next success. */
  #logChange({ ok, text }: DeliveryResult): void {
    const wasEnded = this.#sink.timeoutText !== undefined && text.endsWith(this.#sink.timeoutText);
    if (ok === (this.#last?.ok ?? true) && !wasEnded) return;
    const owner = this.#instance === null ? "" : ` of ${this.#instance}`;
    const label = `notify: ${this.#sink.name}${owner}`;
    if (ok) this.#log("info", `${label} works again`);
    else this.#log("warning", `${label} fails: ${text}`);
  }

  /** Waiting tests fail with this result. */
  #answerTests(answer: DeliveryResult): void {
    const { waiting } = this.#backlog;
    for (const { item } of waiting) item.answered?.(answer);
    const others = waiting.filter(({ item }) => item.answered === undefined);
    this.#failed += waiting.length - others.length;
    this.#backlog = { ...this.#backlog, waiting: others };
  }

  async #rest(ms: number): Promise<void> {
    this.#pausing = new AbortController();
    await this.#pause(ms, AbortSignal.any([this.#closing.signal, this.#pausing.signal]));
    this.#pausing = undefined;
  }

  async #attempt(record: Notification): Promise<DeliveryResult> {
    if (this.#over.signal.aborted) return failure("floatip is stopping", false);
    const { timeoutMs } = this.#sink;
    const time = new AbortController();
    const timer = setTimeout(() => time.abort(), timeoutMs);
    try {
      const deadline = AbortSignal.any([time.signal, this.#over.signal]);
      const answer = await this.#sink.deliver(record, deadline);
      return answer.ok || !deadline.aborted ? answer : this.#late(timeoutMs);
    } catch (error) {
      if (time.signal.aborted || this.#over.signal.aborted) return this.#late(timeoutMs);
      // Messages of errors have URLs, and URLs passwords.
      return failure(`failed: ${error instanceof Error ? error.name : "unknown error"}`, true);
    } finally {
      clearTimeout(timer);
    }
  }

  #late(timeoutMs: number): DeliveryResult {
    if (this.#over.signal.aborted) return failure("cut short: floatip is stopping", false);
    const { timeoutText } = this.#sink;
    const end = timeoutText === undefined ? "" : `: ${timeoutText}`;
    return failure(`no end within ${formatDuration(milliseconds(timeoutMs))}${end}`, true);
  }
}

/** A waiting entry. Of two with the same key only the newer one matters. */
export interface BacklogEntry<T> {
  readonly key: string;
  readonly item: T;
}

/** Waiting entries, the oldest first, and the number dropped for newer ones. */
export interface Backlog<T> {
  readonly waiting: readonly BacklogEntry<T>[];
  readonly collapsed: number;
}

/** Nothing waits. */
export const NOTHING: Backlog<never> = { waiting: [], collapsed: 0 };

/**
 * `backlog` with `entry` at its end; collapsed where more than `capacity` (1 or more) would wait.
 */
export function add<T>(backlog: Backlog<T>, entry: BacklogEntry<T>, capacity: number): Backlog<T> {
  const longer = { ...backlog, waiting: [...backlog.waiting, entry] };
  return longer.waiting.length > capacity ? collapse(longer) : longer;
}

/** `backlog` with only the newest of each key. */
export function collapse<T>({ waiting, collapsed }: Backlog<T>): Backlog<T> {
  const newest = new Map(waiting.map((entry) => [entry.key, entry]));
  const kept = waiting.filter((entry) => newest.get(entry.key) === entry);
  return { waiting: kept, collapsed: collapsed + waiting.length - kept.length };
}

/** The first entry, and the others. */
export function take<T>(backlog: Backlog<T>): readonly [BacklogEntry<T> | undefined, Backlog<T>] {
  const [first, ...rest] = backlog.waiting;
  return [first, { ...backlog, waiting: rest }];
}

/** Whether a newer entry with `key` waits. */
function isOutdated<T>(backlog: Backlog<T>, key: string): boolean {
  return backlog.waiting.some((entry) => entry.key === key);
}

/**
 * The pause after `attempts` failures (1 or more), in milliseconds: 1 s, 2 s, 4 s, up to `longest`.
 */
export function pauseAfter(attempts: number, longest = 60_000): number {
  return Math.min(longest, 1000 * 2 ** (attempts - 1));
}
