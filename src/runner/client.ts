/** How does the daemon have programs run outside of its sandbox? By a line to its runner, which systemd starts at the first word. */
import type { Config } from "../config/config.ts";
import type { NotifySettings } from "../config/tables/notify.ts";
import { messageOf } from "../error.ts";
import type { TransitionRecord } from "../daemon/record.ts";
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

/** Probes that run programs, or look at what the sandbox hides: processes and files. */
const KINDS: ReadonlySet<Probe["kind"]> = new Set(["command", "process", "file"]);

/** How long the runner may take to start, in milliseconds. */
const START_MS = 3000;

/** How long after its timeout an attempt that the runner was to end is given up, in milliseconds: it may need half of that. */
const LATE_MS = 200;

/** A delivery is ended by its own deadline: a day is longer than any, in milliseconds. */
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

/** The line to the runner that listens, or is started, at a unix socket. Opened by the first request, and again after a break. */
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

  /** Is `check` one for the runner? */
  takes(check: CheckSettings): boolean {
    return KINDS.has(check.probe.kind);
  }

  /**
   * Starts the runner ahead of the first request, where `config` has work for it. Resolves when it is ready, or not in time;
   * never rejects.
   */
  async start({ checks, instances, notify }: Config): Promise<void> {
    const told = [notify, ...instances.map((instance) => instance.notify)];
    if (!checks.some((check) => this.takes(check)) && !told.some(hasCommands)) return;
    using patience = new Timer(START_MS);
    const ready = this.#connect().then((connection) => connection.ready).catch(() => {});
    await Promise.race([ready, patience.passed]);
  }

  /** One attempt, which the runner ends at the check's timeout. Resolves at most 200 ms after it, and never rejects. */
  async probe(check: CheckSettings, stop: AbortSignal): Promise<ProbeResult> {
    const started = performance.now();
    const patience = toMilliseconds(check.timeout) + this.#graceMs;
    const response = await this.#ask({ kind: "probe", check: check.name }, stop, patience);
    if (typeof response === "object" && response.kind === "probe") return response.result;
    const latency = milliseconds(performance.now() - started);
    return { ok: false, text: stop.aborted ? "stopped" : `${response}`, latency };
  }

  /** `sink`; where it is a command, told by the runner: of the [notify] of `instance`, or of everybody's (null). */
  sink(instance: string | null, kind: SinkKind, sink: Sink): Sink {
    if (!isCommand(kind)) return sink;
    return {
      ...sink,
      deliver: (record, deadline) => this.#deliver(instance, kind, record, deadline),
    };
  }

  /** The daemon has taken over the configuration file as it is now. */
  reload(): void {
    this.#say({ kind: "reload" });
  }

  /** Hangs up: the runner ends, with what it has under way. */
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

  /** The response; or in words why there is none, at the latest `patience` ms from now or the grace after a stop. */
  async #ask(
    question: RequestBody,
    stop: AbortSignal,
    patience: number = LONGEST_MS,
  ): Promise<Response | string> {
    using late = new Timer(patience);
    const id = this.#nextId++;
    const end = (): void => {
      late.restart(this.#graceMs);
      this.#say({ id, kind: "stop" });
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

  /** Says something that is not answered; where nobody is there to hear it, it is not needed either. */
  #say(request: Request): void {
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

/** Time that passes, unless it is no longer of interest. */
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
