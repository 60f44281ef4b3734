/** The control sockets of the daemon: HTTP over unix sockets, one daemon per runtime directory. */
import type {
  HandoverAnswer,
  MaintenanceAnswer,
  NotifyTestAnswer,
  ReloadAnswer,
  RestartAnswer,
} from "./api.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";
import { FRESH_MS, freshBytes, Printer } from "./printing.ts";
import { type HttpAnswer, type HttpRequest, jsonAnswer } from "./http_message.ts";
import { errorAnswer, routed, type Routes } from "./http_routes.ts";
import { HttpServer } from "./http_server.ts";
import {
  type HandoverRequest,
  handoverRequest,
  type MaintenanceRequest,
  maintenanceRequest,
} from "./requests.ts";
import { lockRunDir } from "./run_dir_lock.ts";
import { readingSocketPath, socketPath } from "./socket.ts";

/** What the requests are answered with. */
export interface ControlAnswers {
  /** The status document as JSON, in parts. */
  status(): Iterable<string>;
  /** The exposition for Prometheus. */
  metrics(): Iterable<string>;
  reload(): Promise<ReloadAnswer>;
  /** Sends one message through each sink and waits for the answers. */
  testNotify(): Promise<NotifyTestAnswer>;
  /** Gives an instance away and waits until another node has it, or none wants it. */
  handOver(request: HandoverRequest): Promise<HandoverAnswer>;
  /** Stands down, or takes part again; waits like {@link handOver}. */
  maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer>;
  /** Has the daemon end so that another process goes on. */
  restart(): Promise<RestartAnswer>;
}

/** In a socket's place there is something else. */
export class NotASocket extends Error {
  override readonly name = "NotASocket";
  constructor(path: string) {
    super(`${path} is there, and is no socket; look at it, and take it away`);
  }
}

/** Another daemon has this runtime directory. */
export class RunDirTaken extends Error {
  override readonly name = "RunDirTaken";
  constructor(
    readonly runDir: string,
  ) {
    super(`another floatip runs here (${runDir})`);
  }
}

/** The answers, with texts as bytes. */
interface Answering extends Omit<ControlAnswers, "status" | "metrics"> {
  document(): Promise<Uint8Array<ArrayBuffer>>;
  exposition(): Promise<Uint8Array<ArrayBuffer>>;
}

/** Answers one request; its path and method are looked at already. */
type Route = (answers: Answering, request: HttpRequest) => HttpAnswer | Promise<HttpAnswer>;

/** Every path, and what each method does there. */
const ROUTES: Routes<Route> = new Map([
  ["/v1/status", { GET: answerStatus }],
  ["/metrics", { GET: answerMetrics }],
  ["/v1/reload", { POST: answerReload }],
  ["/v1/notify-test", {
    POST: async (answers: Answering) => jsonAnswer(200, await answers.testNotify()),
  }],
  ["/v1/handover", {
    POST: (answers: Answering, request: HttpRequest) =>
      answerWanted(handoverRequest(parametersOf(request)), (wanted) => answers.handOver(wanted)),
  }],
  ["/v1/maintenance", {
    POST: (answers: Answering, request: HttpRequest) =>
      answerWanted(maintenanceRequest(parametersOf(request)), (wanted) => answers.maintain(wanted)),
  }],
  ["/v1/restart", {
    POST: async (answers: Answering) => jsonAnswer(200, await answers.restart()),
  }],
]);

/**
 * What comes by each socket, the bits that its mode never has (orders are for the daemon's user and
 * root, its group may read), and for how long metrics are as they were printed last, in
 * milliseconds.
 */
const SOCKETS = [
  { pathIn: socketPath, umask: 0o177, methods: undefined, freshMs: 0 },
  { pathIn: readingSocketPath, umask: 0o117, methods: ["GET"], freshMs: FRESH_MS },
] as const;

/** The methods that a socket takes; undefined: all. */
type Methods = readonly string[] | undefined;

/** Open control sockets. Closing them removes the socket files. */
export class ControlServer {
  readonly #lock: Deno.FsFile;
  readonly #servers: HttpServer[] = [];
  readonly #paths: string[] = [];

  private constructor(lock: Deno.FsFile, runDir: string, answers: ControlAnswers) {
    this.#lock = lock;
    try {
      for (const { pathIn, umask, methods, freshMs } of SOCKETS) {
        const path = pathIn(runDir);
        makeRoom(path);
        // The mode must be right from the first moment on, so it comes from the umask and not from
        // a chmod.
        const listener = underUmask(umask, () => Deno.listen({ transport: "unix", path }));
        // Its own, so that nobody who reaches a port, or may only read, keeps an operator waiting.
        const printer = new Printer();
        const document = () => printer.encode(() => answers.status());
        const exposition = freshBytes(() => answers.metrics(), freshMs, printer);
        const answering = { ...answers, document, exposition };
        const answer = (request: HttpRequest) => respond(request, answering, methods);
        this.#servers.push(new HttpServer({ listener, answer, failed: FAILED }));
        this.#paths.push(path);
      }
    } catch (error) {
      for (const server of this.#servers) server.end();
      throw error;
    }
  }

  /**
   * Makes `runDir` where it is missing, and listens there. A socket left behind by a dead daemon is
   * replaced. Throws RunDirTaken where a daemon is alive, NotASocket where something else is in its
   * place, and Deno.errors.* where the directory cannot be used.
   */
  static open(runDir: string, answers: ControlAnswers): ControlServer {
    Deno.mkdirSync(runDir, { recursive: true, mode: 0o755 });
    const lock = lockRunDir(runDir);
    if (lock === undefined) throw new RunDirTaken(runDir);
    try {
      return new ControlServer(lock, runDir, answers);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /**
   * Stops listening, lets answers that are on their way arrive for a moment, removes the sockets.
   */
  async close(): Promise<void> {
    await Promise.all(this.#servers.map((server) => server.close()));
    for (const path of this.#paths) removeSocket(path);
    this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * The answer to `request`: 404 for an unknown path, 405 for a method that it does not have, 403 for
 * one that does not come by this socket.
 */
export function respond(
  request: HttpRequest,
  answers: Answering,
  taken?: Methods,
): HttpAnswer | Promise<HttpAnswer> {
  const found = routed(ROUTES, request);
  if ("status" in found) return found;
  if (taken?.includes(request.method) === false) {
    return errorAnswer(403, "nothing is ordered by this socket");
  }
  return found.route(answers, request);
}

async function answerReload(answers: Answering): Promise<HttpAnswer> {
  const answer = await answers.reload();
  return jsonAnswer(answer.applied ? 200 : 422, answer);
}

async function answerStatus(answers: Answering): Promise<HttpAnswer> {
  return {
    status: 200,
    type: "application/json",
    body: await answers.document(),
  };
}

async function answerMetrics(answers: Answering): Promise<HttpAnswer> {
  return {
    status: 200,
    type: EXPOSITION_TYPE,
    body: await answers.exposition(),
  };
}

function parametersOf({ query }: HttpRequest): URLSearchParams {
  return new URLSearchParams(query);
}

/** A request that cannot be understood, as text, is answered with 400. */
async function answerWanted<Wanted extends object>(
  wanted: Wanted | string,
  act: (wanted: Wanted) => Promise<unknown>,
): Promise<HttpAnswer> {
  return typeof wanted === "string" ? errorAnswer(400, wanted) : jsonAnswer(200, await act(wanted));
}

const FAILED = errorAnswer(500, "the request could not be answered");

function underUmask<T>(mask: number, act: () => T): T {
  const before = Deno.umask(mask);
  try {
    return act();
  } finally {
    Deno.umask(before);
  }
}

/** Of a dead daemon there is a socket still. Throws NotASocket. */
function makeRoom(path: string): void {
  removeSocket(path);
  try {
    Deno.lstatSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw error;
  }
  throw new NotASocket(path);
}

function removeSocket(path: string): void {
  try {
    // Only a socket: whatever else stands there is not ours to delete.
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
