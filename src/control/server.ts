/** How does the daemon answer requests? HTTP over unix sockets, one daemon per runtime directory. */
import type {
  HandoverAnswer,
  MaintenanceAnswer,
  NotifyTestAnswer,
  ReloadAnswer,
  RestartAnswer,
  StatusDocument,
} from "./api.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";
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
  status(): StatusDocument;
  /** The exposition for Prometheus. */
  metrics(): string;
  reload(): Promise<ReloadAnswer>;
  /** Sends one message through each sink and waits for the answers. */
  testNotify(): Promise<NotifyTestAnswer>;
  /** Gives an instance away and waits until somebody has it, or nobody wants it. */
  handOver(request: HandoverRequest): Promise<HandoverAnswer>;
  /** Stands down, or takes part again; waits like {@link handOver}. */
  maintain(request: MaintenanceRequest): Promise<MaintenanceAnswer>;
  /** Has the daemon end so that another process goes on. */
  restart(): Promise<RestartAnswer>;
}

/** Another daemon has this runtime directory. */
export class RunDirTaken extends Error {
  override readonly name = "RunDirTaken";
  constructor(
    /** The directory. */
    readonly runDir: string,
  ) {
    super(`another floatip runs here (${runDir})`);
  }
}

/** Answers one request; its URL is parsed already. */
type Route = (answers: ControlAnswers, request: Request) => Response | Promise<Response>;

/** Every path, and what each method does there. */
const ROUTES: ReadonlyMap<string, Readonly<Record<string, Route>>> = new Map([
  ["/v1/status", { GET: (answers: ControlAnswers) => Response.json(answers.status()) }],
  ["/metrics", { GET: answerMetrics }],
  ["/v1/reload", { POST: answerReload }],
  ["/v1/notify-test", {
    POST: async (answers: ControlAnswers) => Response.json(await answers.testNotify()),
  }],
  ["/v1/handover", {
    POST: (answers: ControlAnswers, request: Request) =>
      answerWanted(handoverRequest(parametersOf(request)), (wanted) => answers.handOver(wanted)),
  }],
  ["/v1/maintenance", {
    POST: (answers: ControlAnswers, request: Request) =>
      answerWanted(maintenanceRequest(parametersOf(request)), (wanted) => answers.maintain(wanted)),
  }],
  ["/v1/restart", {
    POST: async (answers: ControlAnswers) => Response.json(await answers.restart()),
  }],
]);

/** More requests at one time than this are turned away: nobody may fill the daemon's memory. */
const MOST_REQUESTS = 64;

/**
 * What comes by each socket, and the bits that its mode never has: whoever orders is the daemon's user or root, its group
 * may read.
 */
const SOCKETS = [
  { pathIn: socketPath, umask: 0o177, methods: undefined },
  { pathIn: readingSocketPath, umask: 0o117, methods: ["GET"] },
] as const;

/** The methods that a socket takes; undefined: all. */
type Methods = readonly string[] | undefined;

/** Open control sockets. Closing them removes the socket files. */
export class ControlServer {
  readonly #lock: Deno.FsFile;
  readonly #servers: readonly Deno.HttpServer[];
  readonly #closing = new AbortController();

  private constructor(lock: Deno.FsFile, runDir: string, answers: ControlAnswers) {
    this.#lock = lock;
    this.#servers = SOCKETS.map(({ pathIn, umask, methods }) =>
      // The mode must be right from the first moment on, so it comes from the umask and not from a chmod.
      underUmask(umask, () => this.#serve(pathIn(runDir), answers, methods))
    );
  }

  #serve(path: string, answers: ControlAnswers, methods: Methods): Deno.HttpServer {
    let open = 0;
    const answerOne = async (request: Request): Promise<Response> => {
      open++;
      try {
        return open > MOST_REQUESTS
          ? problem(503, "too many requests at one time")
          : await respond(request, answers, methods);
      } finally {
        open--;
      }
    };
    removeSocket(path);
    const { signal } = this.#closing;
    const onError = () => problem(500, "the request could not be answered");
    return Deno.serve({ path, signal, onListen: () => {}, onError }, answerOne);
  }

  /**
   * Makes `runDir` where it is missing, and listens there. A socket left behind by a dead daemon is replaced.
   * Throws RunDirTaken where a daemon is alive, and Deno.errors.* where the directory cannot be used.
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

  /** Stops listening, drops what is still open, removes the sockets. */
  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all(this.#servers.map(({ finished }) => finished));
    this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * The answer to `request`: 404 for an unknown path, 405 for a method that it does not have, 403 for one that does not come by
 * this socket.
 */
export async function respond(
  request: Request,
  answers: ControlAnswers,
  taken?: Methods,
): Promise<Response> {
  // Nothing here takes a body: what was sent along is not even read.
  await request.body?.cancel();
  const { pathname } = new URL(request.url);
  const methods = ROUTES.get(pathname);
  if (methods === undefined) return problem(404, "there is nothing at this path");
  const route = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined;
  if (route === undefined) {
    const allowed = Object.keys(methods).join(", ");
    const response = problem(405, `this path takes ${allowed} only`);
    response.headers.set("allow", allowed);
    return response;
  }
  if (taken?.includes(request.method) === false) {
    return problem(403, "nothing is ordered by this socket");
  }
  return await route(answers, request);
}

async function answerReload(answers: ControlAnswers): Promise<Response> {
  const answer = await answers.reload();
  return Response.json(answer, { status: answer.applied ? 200 : 422 });
}

function answerMetrics(answers: ControlAnswers): Response {
  return new Response(answers.metrics(), { headers: { "content-type": EXPOSITION_TYPE } });
}

function parametersOf(request: Request): URLSearchParams {
  return new URL(request.url).searchParams;
}

/** A request that cannot be understood, as text, is answered with 400. */
async function answerWanted<Wanted extends object>(
  wanted: Wanted | string,
  act: (wanted: Wanted) => Promise<unknown>,
): Promise<Response> {
  return typeof wanted === "string" ? problem(400, wanted) : Response.json(await act(wanted));
}

function problem(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

function underUmask<T>(mask: number, act: () => T): T {
  const before = Deno.umask(mask);
  try {
    return act();
  } finally {
    Deno.umask(before);
  }
}

function removeSocket(path: string): void {
  try {
    // Only a socket: whatever else stands there is not ours to delete.
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
