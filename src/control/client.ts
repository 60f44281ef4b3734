/** Requests to the running daemon, over its unix socket. */
import type {
  HandoverAnswer,
  MaintenanceAnswer,
  NotifyTestAnswer,
  ReloadAnswer,
  RestartAnswer,
  StatusDocument,
} from "./api.ts";
import {
  handoverQuery,
  type HandoverRequest,
  maintenanceQuery,
  type MaintenanceRequest,
} from "./requests.ts";
import { printableLine } from "../printable.ts";
import { readingSocketPath, socketPath } from "./socket.ts";

/** Why no answer came. */
export type ControlTrouble =
  | "not-running" // no socket, or nobody behind it
  | "not-permitted" // the socket is not for this user
  | "no-answer" // the daemon does not answer in time
  | "hung-up" // it ends the connection without an answer
  | "bad-answer"; // it answers something that this version does not know

/** The daemon could not be asked. */
export class ControlError extends Error {
  override readonly name = "ControlError";
  constructor(readonly trouble: ControlTrouble, readonly path: string, message: string) {
    super(message);
  }
}

/** Longest wait for a status, in milliseconds; it comes between two events, in far less. */
const PATIENCE_MS = 5000;

/** Longest answer, in bytes: a thousand instances of 255 nodes fit several times. */
const LONGEST_ANSWER = 32 * 1024 * 1024;

/** One of the daemon's sockets. */
interface Line {
  readonly path: string;
  readonly http: Deno.HttpClient;
}

/** A line to the daemon of one runtime directory. Every call may throw ControlError. */
export class ControlClient {
  readonly #control: Line;
  /** For those who may not use the other. */
  readonly #reading: Line;
  readonly #patience: number;

  /**
   * `patience`: the longest wait for an order to be carried out, in milliseconds; a status is
   * waited for 5 s at most. Opens nothing yet.
   */
  constructor(runDir: string, patience: number = PATIENCE_MS) {
    this.#control = lineTo(socketPath(runDir));
    this.#reading = lineTo(readingSocketPath(runDir));
    this.#patience = patience;
  }

  /** What the daemon knows now. */
  async status(): Promise<StatusDocument> {
    const patience = Math.min(this.#patience, PATIENCE_MS);
    const document = await this.#ask("GET", "/v1/status", [200], patience) as StatusDocument;
    if (document?.schema !== 1) throw this.#badAnswer("its status has another schema");
    return document;
  }

  /**
   * Throws unless a daemon answers. Before an order that takes long: what does not answer this does
   * not answer that either.
   */
  async reach(): Promise<void> {
    await this.status();
  }

  /** Has the daemon read its configuration file again. */
  async reload(): Promise<ReloadAnswer> {
    const answer = await this.#ask("POST", "/v1/reload", [200, 422]) as ReloadAnswer;
    if (typeof answer?.applied !== "boolean") throw this.#badAnswer("its answer is no reload's");
    return answer;
  }

  /** Has the daemon send one message through each of its sinks. */
  async testNotify(): Promise<NotifyTestAnswer> {
    const answer = await this.#ask("POST", "/v1/notify-test", [200]) as NotifyTestAnswer;
    if (!Array.isArray(answer?.results)) throw this.#badAnswer("its answer is no notify-test's");
    return answer;
  }

  /** Has the daemon give an instance away. Patience must be that of the backups. */
  async handOver(request: HandoverRequest): Promise<HandoverAnswer> {
    const path = `/v1/handover${handoverQuery(request)}`;
    const answer = await this.#ask("POST", path, [200]) as HandoverAnswer;
    if (typeof answer?.outcome !== "string") throw this.#badAnswer("its answer is no handover's");
    return answer;
  }

  /** Has the daemon stand down, or take part again. Patience must be that of the backups. */
  async maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer> {
    const path = `/v1/maintenance${maintenanceQuery(request)}`;
    const answer = await this.#ask("POST", path, [200]) as MaintenanceAnswer;
    if (typeof answer?.outcome !== "string") {
      throw this.#badAnswer("its answer is no maintenance's");
    }
    return answer;
  }

  /** Has the daemon end, and another process go on. */
  async restart(): Promise<RestartAnswer> {
    const answer = await this.#ask("POST", "/v1/restart", [200]) as RestartAnswer;
    if (typeof answer?.restarting !== "boolean") {
      throw this.#badAnswer("its answer is no restart's");
    }
    return answer;
  }

  [Symbol.dispose](): void {
    this.#control.http.close();
    this.#reading.http.close();
  }

  /** The answer with one of the statuses `expected`, all of it within `patience` milliseconds. */
  async #ask(
    method: string,
    path: string,
    expected: readonly number[],
    patience = this.#patience,
  ): Promise<unknown> {
    const limit = { signal: AbortSignal.timeout(patience), patience };
    try {
      return await this.#askBy(this.#control, method, path, expected, limit);
    } catch (error) {
      const denied = error instanceof ControlError && error.trouble === "not-permitted";
      if (!denied || method !== "GET") throw error;
      return await this.#askBy(this.#reading, method, path, expected, limit);
    }
  }

  async #askBy(
    line: Line,
    method: string,
    path: string,
    expected: readonly number[],
    { signal, patience }: { readonly signal: AbortSignal; readonly patience: number },
  ): Promise<unknown> {
    let response: Response | undefined;
    try {
      // Every request goes to the socket; a number, because a name would be looked up first, for
      // 5 s where no name server answers, which is when people ask for the status.
      response = await fetch(`http://127.0.0.1${path}`, { method, client: line.http, signal });
      if (expected.includes(response.status)) {
        return JSON.parse(await this.#text(response), harmless);
      }
    } catch (error) {
      if (error instanceof ControlError) throw error;
      if (error instanceof SyntaxError) throw this.#badAnswer("its answer is not JSON");
      if (signal.aborted) {
        throw this.#error("no-answer", `the daemon did not answer within ${patience / 1000} s`);
      }
      if (response === undefined) throw await this.#diagnose(line.path);
      throw this.#error("hung-up", "the daemon hung up in the middle of its answer");
    }
    await response.body?.cancel();
    throw this.#badAnswer(`it answers ${response.status} to ${method} ${path}`);
  }

  /** Not `response.text()`, which makes room for whatever length the other end names. */
  async #text({ body }: Response): Promise<string> {
    const decoder = new TextDecoder();
    const parts: string[] = [];
    let size = 0;
    for await (const part of body ?? []) {
      size += part.length;
      if (size > LONGEST_ANSWER) throw this.#badAnswer("its answer is longer than 32 MiB");
      parts.push(decoder.decode(part, { stream: true }));
    }
    return parts.join("") + decoder.decode();
  }

  /** fetch says in its own words that it failed; connecting once more says why in the kernel's. */
  async #diagnose(path: string): Promise<ControlError> {
    try {
      (await Deno.connect({ transport: "unix", path })).close();
    } catch (refusal) {
      if (refusal instanceof Deno.errors.WouldBlock) {
        return this.#error("no-answer", "the daemon takes no connection: its queue is full");
      }
      const denied = refusal instanceof Deno.errors.PermissionDenied;
      return denied
        ? this.#error("not-permitted", `not permitted to use ${path}`)
        : this.#error("not-running", `the daemon is not running (no process answers at ${path})`);
    }
    return this.#error("hung-up", "the daemon hung up without an answer");
  }

  #badAnswer(what: string): ControlError {
    return this.#error("bad-answer", `the daemon is of another version: ${what}`);
  }

  #error(trouble: ControlTrouble, message: string): ControlError {
    return new ControlError(trouble, this.#control.path, message);
  }
}

function lineTo(path: string): Line {
  return { path, http: Deno.createHttpClient({ proxy: { transport: "unix", path } }) };
}

/** Texts of the daemon hold the words of others: of peers, checks, and people who gave a reason. */
function harmless(_: string, value: unknown): unknown {
  return typeof value === "string" ? printableLine(value) : value;
}
