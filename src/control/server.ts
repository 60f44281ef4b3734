/** How does the daemon answer requests? HTTP over a unix socket, one daemon per runtime directory. */
import type { NotifyTestAnswer, ReloadAnswer, StatusDocument } from "./api.ts";
import { socketPath } from "./socket.ts";

/** What the requests are answered with. */
export interface ControlAnswers {
  status(): StatusDocument;
  reload(): Promise<ReloadAnswer>;
  /** Sends one message through each sink and waits for the answers. */
  testNotify(): Promise<NotifyTestAnswer>;
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
  ["/v1/reload", { POST: answerReload }],
  ["/v1/notify-test", {
    POST: async (answers: ControlAnswers) => Response.json(await answers.testNotify()),
  }],
]);

/** More requests at one time than this are turned away: nobody may fill the daemon's memory. */
const MOST_REQUESTS = 64;

/** Bits that the socket's mode never has: 0660 remains, for root and one group. */
const SOCKET_UMASK = 0o117;

/** An open control socket. Closing it removes the socket file. */
export class ControlServer {
  readonly #lock: Deno.FsFile;
  readonly #server: Deno.HttpServer;
  readonly #closing = new AbortController();

  private constructor(lock: Deno.FsFile, path: string, answers: ControlAnswers) {
    this.#lock = lock;
    let open = 0;
    const answerOne = async (request: Request): Promise<Response> => {
      open++;
      try {
        return open > MOST_REQUESTS
          ? problem(503, "too many requests at one time")
          : await respond(request, answers);
      } finally {
        open--;
      }
    };
    const { signal } = this.#closing;
    const onError = () => problem(500, "the request could not be answered");
    this.#server = Deno.serve({ path, signal, onListen: () => {}, onError }, answerOne);
  }

  /**
   * Makes `runDir` where it is missing, and listens there. A socket left behind by a dead daemon is replaced.
   * Throws RunDirTaken where a daemon is alive, and Deno.errors.* where the directory cannot be used.
   */
  static open(runDir: string, answers: ControlAnswers): ControlServer {
    Deno.mkdirSync(runDir, { recursive: true, mode: 0o755 });
    const path = socketPath(runDir);
    const lock = lockDirectory(runDir);
    // The mode must be right from the first moment on, so it comes from the umask and not from a chmod.
    const umask = Deno.umask(SOCKET_UMASK);
    try {
      removeSocket(path);
      return new ControlServer(lock, path, answers);
    } catch (error) {
      lock.close();
      throw error;
    } finally {
      Deno.umask(umask);
    }
  }

  /** Stops listening, drops what is still open, removes the socket. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#server.finished;
    this.#lock.close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** The answer to `request`: 404 for an unknown path, 405 for a method that it does not have. */
export async function respond(request: Request, answers: ControlAnswers): Promise<Response> {
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
  return await route(answers, request);
}

async function answerReload(answers: ControlAnswers): Promise<Response> {
  const answer = await answers.reload();
  return Response.json(answer, { status: answer.applied ? 200 : 422 });
}

function problem(status: number, error: string): Response {
  return Response.json({ error }, { status });
}

/** A lock that ends with the process, however it ends: held by whoever lives, never left behind. */
function lockDirectory(runDir: string): Deno.FsFile {
  const lock = Deno.openSync(runDir, { read: true });
  if (lock.tryLockSync(true)) return lock;
  lock.close();
  throw new RunDirTaken(runDir);
}

function removeSocket(path: string): void {
  try {
    // Only a socket: whatever else stands there is not ours to delete.
    if (Deno.lstatSync(path).isSocket) Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}
