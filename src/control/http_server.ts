/**
 * A small HTTP/1 server, the same for both unix sockets and the metrics port. Each connection
 * carries one request; the number of connections, their time, their bytes and their share of the
 * loop are bounded, so that no client can delay an advert.
 */
import { withTimeout } from "../async.ts";
import { accepted } from "./accepted.ts";
import {
  type HttpAnswer,
  type HttpRequest,
  type HttpStream,
  plainAnswer,
  readRequest,
  writeAnswer,
  writeHead,
} from "./http_message.ts";
import { writeAll } from "../files.ts";

/** One connection, as Deno has it. */
export type Connection = Pick<Deno.Conn, "read" | "write" | "close"> & {
  readonly remoteAddr?: Deno.Addr;
};

/** Where connections come from, as Deno has it. */
export interface Listener {
  accept(): Promise<Connection>;
  close(): void;
}

type Answer = HttpAnswer | HttpStream;

/** What a server works with. */
export interface HttpServerOptions {
  readonly listener: Listener;
  /**
   * Answers one request; what it throws is answered with `failed`. `from`: the client's address;
   * empty by a unix socket.
   */
  readonly answer: (request: HttpRequest, from: string) => Answer | Promise<Answer>;
  /** The answer where `answer` throws. */
  readonly failed?: HttpAnswer;
  /**
   * How long a client may take to send its request, and again to read the answer, in milliseconds.
   */
  readonly connectionMs?: number;
}

/**
 * Connections at one time. A further one takes the place of the one that has said nothing for
 * longest.
 */
const MOST_CONNECTIONS = 16;
const CONNECTION_MS = 5000;
/** Answers that go on, at one time. A further one is refused. */
const MOST_STREAMS = 24;
/** From one answer to the next. */
const PACE_MS = 5;
/** After an answer the loop is left alone for so many times the time that the answer took. */
const REST = 4;
/** How long answers that are on their way may still take when the server closes. */
const LAST_MS = 200;

const FAILED = plainAnswer(500, "the request could not be answered");
const TOO_MANY = plainAnswer(503, "too many clients follow already");

/** asks: its request is not here yet. waits: for its answer. reads: the answer is being written. */
type Phase = "asks" | "waits" | "reads";

interface Visit {
  readonly connection: Connection;
  phase: Phase;
}

/** Serves from its construction on, until it is closed. */
export class HttpServer implements AsyncDisposable {
  readonly #options: HttpServerOptions;
  /** In the order of their coming. */
  readonly #visits = new Set<Visit>();
  readonly #streams = new Set<Connection>();
  readonly #running = new Set<Promise<void>>();
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: HttpServerOptions) {
    this.#options = options;
    void this.#serve();
  }

  /** Stops listening, and ends every connection at once. */
  end(): void {
    if (!this.#closed) this.#options.listener.close();
    this.#closed = true;
    for (const { connection } of this.#visits) closeQuietly(connection);
    for (const connection of this.#streams) closeQuietly(connection);
  }

  /** Stops listening; an answer that is on its way has {@link LAST_MS} to arrive. */
  async close(): Promise<void> {
    if (!this.#closed) this.#options.listener.close();
    this.#closed = true;
    for (const { connection, phase } of this.#visits) {
      if (phase === "asks") closeQuietly(connection);
    }
    for (const connection of this.#streams) closeQuietly(connection);
    await withTimeout(Promise.all(this.#running), LAST_MS);
    this.end();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #serve(): Promise<void> {
    for await (const connection of accepted(this.#options.listener, () => this.#closed)) {
      this.#admit(connection);
    }
  }

  #admit(connection: Connection): void {
    if (this.#closed || (this.#visits.size >= MOST_CONNECTIONS && !this.#makeRoom())) {
      return closeQuietly(connection);
    }
    const visit: Visit = { connection, phase: "asks" };
    this.#visits.add(visit);
    const running = this.#receive(visit).catch(() => {
      // The client went away, or its time was over.
    }).finally(() => {
      closeQuietly(connection);
      this.#visits.delete(visit);
      this.#streams.delete(connection);
      this.#running.delete(running);
    });
    this.#running.add(running);
  }

  /**
   * Ends the oldest connection that keeps the server waiting; false: all of them wait for the
   * server.
   */
  #makeRoom(): boolean {
    const visits = [...this.#visits];
    const victim = visits.find(({ phase }) => phase === "asks") ??
      visits.find(({ phase }) => phase === "reads");
    if (victim === undefined) return false;
    closeQuietly(victim.connection);
    this.#visits.delete(victim);
    return true;
  }

  async #receive(visit: Visit): Promise<void> {
    const { connection } = visit;
    const request = await this.#inTime(connection, () => readRequest(connection));
    visit.phase = "waits";
    const isSound = !("status" in request);
    const answer = isSound
      ? await this.#inTurn(() => this.#answer(request, addressOf(connection)))
      : request;
    visit.phase = "reads";
    if ("follow" in answer) return await this.#stream(visit, answer);
    const method = isSound ? request.method : "GET";
    await this.#inTime(connection, () => writeAnswer(connection, answer, method));
  }

  /** It has no end, and so takes no place of a request. */
  async #stream(visit: Visit, answer: HttpStream): Promise<void> {
    const { connection } = visit;
    if (this.#streams.size >= MOST_STREAMS) {
      return await this.#inTime(connection, () => writeAnswer(connection, TOO_MANY));
    }
    this.#streams.add(connection);
    this.#visits.delete(visit);
    await this.#inTime(connection, () => writeHead(connection, answer));
    await answer.follow((piece) => this.#inTime(connection, () => writeAll(connection, piece)));
  }

  async #answer(request: HttpRequest, from: string): Promise<Answer> {
    const { answer, failed = FAILED } = this.#options;
    try {
      return await answer(request, from);
    } catch {
      // A mistake of ours must not end what serves the next request.
      return failed;
    }
  }

  /** Ends `connection` where `act` takes too long; `act` then rejects. */
  async #inTime<T>(connection: Connection, act: () => Promise<T>): Promise<T> {
    const limit = setTimeout(
      () => closeQuietly(connection),
      this.#options.connectionMs ?? CONNECTION_MS,
    );
    try {
      return await act();
    } finally {
      clearTimeout(limit);
    }
  }

  /**
   * One answer begins after the other, and the loop rests in between. An answer that waits for
   * others holds up nobody.
   */
  async #inTurn<T>(act: () => Promise<T>): Promise<T> {
    const before = this.#turn;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#turn = promise;
    await before;
    const started = performance.now();
    const answer = act();
    setTimeout(resolve, Math.max(PACE_MS, REST * (performance.now() - started)));
    return await answer;
  }
}

function addressOf({ remoteAddr }: Connection): string {
  return remoteAddr !== undefined && "hostname" in remoteAddr ? remoteAddr.hostname : "";
}

function closeQuietly(connection: Connection): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
