/** The client of the command runner, which runs programs outside of the sandbox of the daemon. */
import type { Config } from "../config/config.ts";
import type { NotifySettings } from "../config/tables/notify.ts";
import { messageOf } from "../error.ts";
import type { TransitionRecord } from "../daemon/journal/record.ts";
import type { ProbeResult } from "../health/check.ts";
import type { CheckSettings, Probe } from "../config/tables/check.ts";
import { type DeliveryResult, failure, type Sink } from "../notify/sink.ts";
import { type SinkKind, sinksOf } from "../notify/sinks.ts";
import { milliseconds, toMilliseconds } from "../time.ts";
import {
  type CommandKind,
  lineOf,
  linesOf,
  LONGEST_RESPONSE,
  parseResponse,
  type Request,
  type Response,
} from "./message.ts";

/** Probes that run programs, or need processes and files, which the sandbox hides. */
const KINDS: ReadonlySet<Probe["kind"]> = new Set(["command", "process", "file"]);

/** How long the runner may take to start, in milliseconds. */
const START_MS = 3000;

/** How long the runner may take to end an attempt after its timeout, in milliseconds. */
const LATE_MS = 200;

/** Longer than the deadline of any delivery, in milliseconds. */
const LONGEST_MS = 86_400_000;

type RequestBody =
  | Omit<Extract<Request, { kind: "probe" }>, "id">
  | Omit<Extract<Request, { kind: "notify" }>, "id">;

interface RunnerConnection {
  readonly conn: Deno.UnixConn;
  readonly writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly ready: Promise<void>;
  readonly waiting: Map<number, (response: Response | string) => void>;
}

/**
 * A client of the runner at a unix socket, where systemd starts it. Connects at the first request,
 * and again after a disconnect.
 */
export class RunnerClient implements Disposable {
  readonly #path: string;
  readonly #graceMs: number;
  #connection: Promise<RunnerConnection> | undefined;
  #nextId = 1;
  #closed = false;

  constructor(path: string, graceMs: number = LATE_MS) {
    this.#path = path;
    this.#graceMs = graceMs;
  }

  /** Whether `check` needs the runner. */
  takes(check: CheckSettings): boolean {
    return KINDS.has(check.probe.kind);
  }

  /**
   * Starts the runner if `config` needs it. Resolves when it is ready, or too late; never rejects.
   */
  async start({ checks, instances, notify }: Config): Promise<void> {
    const tables = [notify, ...instances.map((instance) => instance.notify)];
    if (!checks.some((check) => this.takes(check)) && !tables.some(hasCommands)) return;
    using patience = new Timer(START_MS);
    const ready = this.#connect().then((connection) => connection.ready).catch(() => {});
    await Promise.race([ready, patience.passed]);
  }

  /**
   * One attempt, which the runner ends at its timeout. Resolves at most the grace later; never
   * rejects.
   */
  async probe(check: CheckSettings, stop: AbortSignal): Promise<ProbeResult> {
    const started = performance.now();
    const patience = toMilliseconds(check.timeout) + this.#graceMs;
    const response = await this.#ask({ kind: "probe", check: check.name }, stop, patience);
    if (typeof response === "object" && response.kind === "probe") return response.result;
    const latency = milliseconds(performance.now() - started);
    return { ok: false, text: stop.aborted ? "stopped" : `${response}`, latency };
  }

  /**
   * `sink`; if it is a command, the runner delivers. `instance`: the owner of the [notify]; null:
   * the file.
   */
  sink(instance: string | null, kind: SinkKind, sink: Sink): Sink {
    if (!isCommand(kind)) return sink;
    return {
      ...sink,
      deliver: (record, deadline) => this.#deliver(instance, kind, record, deadline),
    };
  }

  /** The daemon has loaded the configuration file again. */
  reload(): void {
    this.#send({ kind: "reload" });
  }

  /** Disconnects: the runner ends, with all that it runs. */
  [Symbol.dispose](): void {
    this.#closed = true;
    this.#connection?.then(({ conn }) => conn.close()).catch(() => {});
  }

  async #deliver(
    instance: string | null,
    sink: CommandKind,
    record: TransitionRecord,
    deadline: AbortSignal,
  ): Promise<DeliveryResult> {
    const response = await this.#ask({ kind: "notify", instance, sink, record }, deadline);
    if (typeof response === "object" && response.kind === "notify") return response.result;
    return failure(`${response}`, true);
  }

  /**
   * The response, or why there is none, after `patience` ms or the grace after a stop at the
   * latest.
   */
  async #ask(
    question: RequestBody,
    stop: AbortSignal,
    patience: number = LONGEST_MS,
  ): Promise<Response | string> {
    using late = new Timer(patience);
    const id = this.#nextId++;
    const end = (): void => {
      late.restart(this.#graceMs);
      this.#send({ id, kind: "stop" });
    };
    if (stop.aborted) return "stopped";
    stop.addEventListener("abort", end, { once: true });
    const answered = this.#connect().then(async ({ waiting, writer }) => {
      const { promise, resolve } = Promise.withResolvers<Response | string>();
      waiting.set(id, resolve);
      await writer.write(lineOf({ id, ...question }));
      return await promise;
    });
    try {
      return await Promise.race([answered, late.passed.then(() => "the runner does not answer")]);
    } catch (error) {
      return `the runner cannot be asked: ${messageOf(error)}`;
    } finally {
      stop.removeEventListener("abort", end);
      (await this.#connection?.catch(() => undefined))?.waiting.delete(id);
    }
  }

  /** Sends a request without response. Without a runner it is not needed. */
  #send(request: Request): void {
    this.#connection?.then(({ writer }) => writer.write(lineOf(request))).catch(() => {});
  }

  #connect(): Promise<RunnerConnection> {
    if (this.#closed) return Promise.reject(new Error("the daemon is stopping"));
    this.#connection ??= this.#open().catch((error) => {
      this.#connection = undefined;
      throw error;
    });
    return this.#connection;
  }

  async #open(): Promise<RunnerConnection> {
    const conn = await Deno.connect({ transport: "unix", path: this.#path });
    const { promise: ready, resolve } = Promise.withResolvers<void>();
    const waiting: RunnerConnection["waiting"] = new Map();
    const connection = { conn, writer: conn.writable.getWriter(), ready, waiting };
    this.#listen(connection, resolve).catch(() => {}).finally(() => {
      this.#connection = undefined;
      for (const answer of waiting.values()) answer("the runner has ended");
      resolve();
    });
    return connection;
  }

  async #listen({ conn, waiting }: RunnerConnection, ready: () => void): Promise<void> {
    for await (const line of linesOf(conn.readable, LONGEST_RESPONSE)) {
      const response = parseResponse(line);
      if (response === undefined) continue;
      if (response.kind === "ready") {
        ready();
        continue;
      }
      waiting.get(response.id)?.(response);
      waiting.delete(response.id);
    }
  }
}

function hasCommands(settings: NotifySettings | undefined): boolean {
  return settings !== undefined && [...sinksOf(settings).keys()].some(isCommand);
}

function isCommand(kind: SinkKind): kind is CommandKind {
  return kind === "command" || kind === "states";
}

/** A timer that can be restarted. */
class Timer implements Disposable {
  readonly #passed = Promise.withResolvers<void>();
  #timer: ReturnType<typeof setTimeout>;

  constructor(ms: number) {
    this.#timer = setTimeout(this.#passed.resolve, ms);
  }

  get passed(): Promise<void> {
    return this.#passed.promise;
  }

  restart(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#passed.resolve, ms);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
