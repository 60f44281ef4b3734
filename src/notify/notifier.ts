/** Who is told of a transition? Every sink of everybody's [notify] and of the instance's own, each at its own pace. */
import { withTimeout } from "../async.ts";
import type { Config } from "../config/config.ts";
import type { HealthRecord, Observer, TransitionRecord } from "../daemon/record.ts";
import type { SinkStatus } from "../control/api.ts";
import { DeliveryQueue, type LogSink, type Pause } from "./queue.ts";
import type { DeliveryResult, Notification, Sink } from "./sink.ts";
import { type SinkKind, sinksOf } from "./sinks.ts";

/** Makes of a sink one that is told by another process, where that is to be. */
export type ReplaceSink = (instance: string | null, kind: SinkKind, sink: Sink) => Sink;

/** The part of a configuration that says who is told. */
export type NotifyPlan =
  & Pick<Config, "notify">
  & { readonly instances: readonly Pick<Config["instances"][number], "name" | "notify">[] };

/** What a {@link Notifier} may be given. */
export interface NotifierOptions {
  /** How the time between attempts passes; by the clock unless a test says otherwise. */
  readonly pause?: Pause;
  /** Puts others in the place of some sinks. */
  readonly replace?: ReplaceSink;
  /** Hears of sinks that cannot be told any more. */
  readonly tell?: LogSink;
}

/** What became of a test message. */
export interface TestResult extends Pick<SinkStatus, "name" | "instance"> {
  readonly ok: boolean;
  readonly words: string;
}

/** How long the end waits for the last messages, and then for attempts that are cut short, in milliseconds. */
const PATIENCE_MS = 1800;
const CUT_MS = 200;

interface QueuedSink {
  readonly instance: string | null;
  readonly queue: DeliveryQueue;
  /** The [notify] that it was made for, as text. */
  readonly written: string;
}

/** Tells the sinks of a configuration. Disposing of it gives the last messages two seconds. */
export class Notifier implements Observer, AsyncDisposable {
  readonly #options: NotifierOptions;
  /** By whose [notify] it is and what kind of sink. */
  #listeners: ReadonlyMap<string, QueuedSink> = new Map();
  /** The present state of each virtual router that runs, by instance and family. */
  readonly #present = new Map<string, TransitionRecord>();
  /** How each is doing, where anybody shows it. */
  readonly #health = new Map<string, HealthRecord>();
  /** Those that a reload took away, until they have told what waited. */
  readonly #leaving = new Set<DeliveryQueue>();

  constructor(plan: NotifyPlan, options: NotifierOptions = {}) {
    this.#options = options;
    this.reconfigure(plan);
  }

  observe(record: TransitionRecord): void {
    const router = `${record.instance}/${record.family}`;
    if (record.to === "init") this.#present.delete(router);
    else this.#present.set(router, record);
    for (const { instance, queue } of this.#listeners.values()) {
      if (concerns(record, instance)) queue.add(this.#told(record, queue));
    }
  }

  /** Those that show the health are told the present state once more, with it. */
  observeHealth(record: HealthRecord): void {
    const router = `${record.instance}/${record.family}`;
    this.#health.set(router, record);
    const present = this.#present.get(router);
    if (present === undefined) return;
    for (const { instance, queue } of this.#listeners.values()) {
      if (queue.followsHealth && concerns(present, instance)) {
        queue.add(this.#told(present, queue));
      }
    }
  }

  /** Is there anybody to tell the health to? */
  followsHealth(): boolean {
    return [...this.#listeners.values()].some(({ queue }) => queue.followsHealth);
  }

  /**
   * From now on `plan` holds. A sink that stays keeps its queue and its figures, also where its settings are others; where
   * they are the same, what it holds open too.
   */
  reconfigure(plan: NotifyPlan): void {
    const { pause, replace, tell } = this.#options;
    const before = this.#listeners;
    const listeners = new Map<string, QueuedSink>();
    const own = plan.instances.map(({ name, notify }) => [name, notify] as const);
    for (const [instance, settings] of [[null, plan.notify] as const, ...own]) {
      if (settings === undefined) continue;
      const written = JSON.stringify(settings);
      const again = (kind: SinkKind): void => this.#tellAgain(idOf(instance, kind));
      for (const [kind, made] of sinksOf(settings, instance, again)) {
        const sink = replace?.(instance, kind, made) ?? made;
        const id = idOf(instance, kind);
        const known = before.get(id);
        if (known === undefined) {
          const queue = new DeliveryQueue(instance, sink, pause, tell);
          listeners.set(id, { instance, queue, written });
          continue;
        }
        if (known.written !== written) known.queue.replaceSink(sink);
        listeners.set(id, { ...known, written });
      }
    }
    this.#listeners = listeners;
    for (const [id, { queue }] of before) if (!listeners.has(id)) this.#leave(queue);
  }

  /** How each sink fares, those of everybody's [notify] first. */
  status(): readonly SinkStatus[] {
    return [...this.#listeners.values()].map(({ queue }) => queue.status());
  }

  /**
   * Tells each sink once more the present state of an instance that it is told of, with the reason "test", and waits for
   * the answers: no longer than the longest timeout. `time` is RFC 3339 in UTC.
   */
  async test(time: string): Promise<readonly TestResult[]> {
    return await Promise.all(
      [...this.#listeners.values()].map(async ({ instance, queue }) => {
        const { name } = queue.status();
        const { ok, text: words } = await this.#try(instance, queue, time);
        return { name, instance, ok, words };
      }),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const queues = [...this.#leaving, ...[...this.#listeners.values()].map(({ queue }) => queue)];
    const done = Promise.all(queues.map((queue) => queue.close()));
    await withTimeout(done, PATIENCE_MS);
    const cut = Promise.all(queues.map((queue) => queue[Symbol.asyncDispose]()));
    await withTimeout(cut, CUT_MS);
  }

  /** Tells the sink called `id` the present states, after whatever waits for it. */
  #tellAgain(id: string): void {
    const listener = this.#listeners.get(id);
    for (const record of this.#present.values()) {
      if (listener !== undefined && concerns(record, listener.instance)) {
        listener.queue.add(this.#told(record, listener.queue));
      }
    }
  }

  /** `record` as the sink of `queue` is told of it. */
  #told(record: TransitionRecord, queue: DeliveryQueue): Notification {
    const health = this.#health.get(`${record.instance}/${record.family}`);
    if (health === undefined || !queue.followsHealth) return record;
    return { ...record, health: health.health, evidence: health.evidence };
  }

  #leave(queue: DeliveryQueue): void {
    this.#leaving.add(queue);
    queue.close().then(() => this.#leaving.delete(queue));
  }

  async #try(instance: string | null, queue: DeliveryQueue, time: string): Promise<DeliveryResult> {
    const known = [...this.#present.values()]
      .findLast((record) => concerns(record, instance));
    if (known === undefined) {
      return { ok: false, text: "no instance is running: nothing to tell", retry: true };
    }
    return await queue.try({
      ...known,
      time,
      from: known.to,
      reason: "test",
      cause: "a test, asked for by floatip notify-test",
      planned: true,
      silence_ms: null,
    });
  }
}

/** Is a sink told of `record` that is `instance`'s, or everybody's (null)? */
function concerns(record: TransitionRecord, instance: string | null): boolean {
  return instance === null || instance === record.instance;
}

function idOf(instance: string | null, kind: SinkKind): string {
  return JSON.stringify([instance, kind]);
}
