/**
 * The notifier: passes records to the sinks of the file and of their instance, each with a queue of
 * its own.
 */
import { withTimeout } from "../async.ts";
import type { Config } from "../config/config.ts";
import type { HealthRecord, Observer, TransitionRecord } from "../daemon/journal/record.ts";
import type { SinkStatus } from "../control/api.ts";
import type { MqttOrders } from "./maintenance_switch.ts";
import { DeliveryQueue, type LogSink, type Pause } from "./queue.ts";
import type { DeliveryResult, Notification, Sink } from "./sink.ts";
import { type SinkKind, sinksOf } from "./sinks.ts";

/** Replaces sinks that another process runs. */
export type ReplaceSink = (instance: string | null, kind: SinkKind, sink: Sink) => Sink;

/** The part of a configuration with the sinks. */
export type NotifyPlan =
  & Pick<Config, "notify">
  & { readonly instances: readonly Pick<Config["instances"][number], "name" | "notify">[] };

/** Options of a {@link Notifier}. */
export interface NotifierOptions {
  /** Waits between attempts; a test may replace it. */
  readonly pause?: Pause;
  /** Replaces some sinks. */
  readonly replace?: ReplaceSink;
  /** Logs that a sink fails, and that it works again. */
  readonly tell?: LogSink;
  /** What the daemon does for orders by MQTT, where the file allows them. */
  readonly orders?: MqttOrders;
}

/** The result of a test message. */
export interface TestResult extends Pick<SinkStatus, "name" | "instance"> {
  readonly ok: boolean;
  readonly words: string;
}

/** How long the end waits for the last messages, and then for aborted attempts, in milliseconds. */
const PATIENCE_MS = 1800;
const CUT_MS = 200;

interface QueuedSink {
  readonly instance: string | null;
  readonly queue: DeliveryQueue;
  /** The [notify] that it was made for, as text. */
  readonly written: string;
}

/**
 * Passes records to the sinks of a configuration. Disposing of it waits two seconds for the last
 * ones.
 */
export class Notifier implements Observer, AsyncDisposable {
  readonly #options: NotifierOptions;
  /** By the owner of the [notify] and the kind of sink. */
  #listeners: ReadonlyMap<string, QueuedSink> = new Map();
  /** The last record of each running virtual router, by instance and family. */
  readonly #present = new Map<string, TransitionRecord>();
  /** The last health of each. */
  readonly #health = new Map<string, HealthRecord>();
  /** Queues that a reload removed, until they are empty. */
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
      if (concerns(record, instance)) queue.add(this.#notificationOf(record, queue));
    }
  }

  /** Sinks that show the health get the present state again. */
  observeHealth(record: HealthRecord): void {
    const router = `${record.instance}/${record.family}`;
    this.#health.set(router, record);
    const present = this.#present.get(router);
    if (present === undefined) return;
    for (const { instance, queue } of this.#listeners.values()) {
      if (queue.followsHealth && concerns(present, instance)) {
        queue.add(this.#notificationOf(present, queue));
      }
    }
  }

  /** Whether a sink shows the health. */
  followsHealth(): boolean {
    return [...this.#listeners.values()].some(({ queue }) => queue.followsHealth);
  }

  /**
   * Applies `plan`. A sink that stays keeps its queue and counters; with the same settings, its
   * connection too.
   */
  reconfigure(plan: NotifyPlan): void {
    const { pause, replace, tell, orders } = this.#options;
    const before = this.#listeners;
    const listeners = new Map<string, QueuedSink>();
    const own = plan.instances.map(({ name, notify }) => [name, notify] as const);
    for (const [instance, settings] of [[null, plan.notify] as const, ...own]) {
      if (settings === undefined) continue;
      const written = JSON.stringify(settings);
      const resend = (kind: SinkKind): void => this.#resend(idOf(instance, kind));
      for (const [kind, made] of sinksOf(settings, instance, resend, orders)) {
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

  /** The status of each sink, those of the file first. */
  status(): readonly SinkStatus[] {
    return [...this.#listeners.values()].map(({ queue }) => queue.status());
  }

  /**
   * Sends each sink the present state of an instance again, with the reason "test", and waits for
   * the results, at most the longest timeout. `time`: RFC 3339 in UTC.
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

  /** Sends the present states to the sink `id` again. */
  #resend(id: string): void {
    const listener = this.#listeners.get(id);
    for (const record of this.#present.values()) {
      if (listener !== undefined && concerns(record, listener.instance)) {
        listener.queue.add(this.#notificationOf(record, listener.queue));
      }
    }
  }

  /** `record`, with the health where the sink of `queue` shows it. */
  #notificationOf(record: TransitionRecord, queue: DeliveryQueue): Notification {
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

/** Whether the sinks of `instance`, or of the file (null), get `record`. */
function concerns(record: TransitionRecord, instance: string | null): boolean {
  return instance === null || instance === record.instance;
}

function idOf(instance: string | null, kind: SinkKind): string {
  return JSON.stringify([instance, kind]);
}
