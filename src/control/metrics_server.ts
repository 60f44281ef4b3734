/**
 * The metrics port: HTTP for Prometheus at one address, by the bounded server that the unix sockets
 * have too, so that nobody who reaches the port can disturb the election.
 */
import { messageOf } from "../error.ts";
import { EXPOSITION_TYPE, freshBytes } from "./exposition.ts";
import { type HttpAnswer, type HttpRequest, plainAnswer } from "./http_message.ts";
import { HttpServer } from "./http_server.ts";

/** Where to listen. */
export interface Listen {
  /** A number: "127.0.0.1", "::1"; "0.0.0.0" and "::" are every address. */
  readonly hostname: string;
  readonly port: number;
}

/** What a server works with. */
export interface MetricsServerOptions {
  /** Prints the metrics as they are now. */
  readonly print: () => string;
  readonly journal: { write(level: "info" | "warning", line: string): void };
  /** How long until an address is tried again that could not be had, in milliseconds. */
  readonly retryMs?: number;
  /** After which time a connection ends, whatever it is doing, in milliseconds. */
  readonly connectionMs?: number;
}

const RETRY_MS = 10_000;

/**
 * Serves metrics where {@link MetricsServer.settle} says. It never throws: what it cannot do is
 * told, and tried again.
 */
export class MetricsServer implements AsyncDisposable {
  readonly #options: MetricsServerOptions;
  #listen: Listen | undefined;
  #server: HttpServer | undefined;
  #trouble: string | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  readonly #exposition: () => Uint8Array<ArrayBuffer>;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
    this.#exposition = freshBytes(options.print);
  }

  /**
   * From now on `listen` holds; undefined: nowhere. Says what cannot be done yet, one sentence
   * each.
   */
  settle(listen: Listen | undefined): readonly string[] {
    const [before, after] = [wordsOf(this.#listen), wordsOf(listen)];
    if (before === after) return [];
    this.#close();
    this.#listen = listen;
    this.#open();
    return this.attention();
  }

  /** What a person should look at. */
  attention(): readonly string[] {
    return this.#trouble === undefined ? [] : [this.#trouble];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await Promise.resolve();
  }

  #open(): void {
    if (this.#listen === undefined) return;
    const place = wordsOf(this.#listen);
    const { journal, retryMs = RETRY_MS, connectionMs } = this.#options;
    try {
      const listener = Deno.listen(this.#listen);
      const answer = (request: HttpRequest) => this.#answer(request);
      const limits = connectionMs === undefined ? {} : { connectionMs };
      this.#server = new HttpServer({ listener, answer, failed: FAILED, ...limits });
    } catch (error) {
      const trouble = `metrics are not served at ${place}: ${refusalWords(error)}`;
      if (trouble !== this.#trouble) journal.write("warning", trouble);
      this.#trouble = trouble;
      this.#retry = setTimeout(() => this.#open(), retryMs);
      return;
    }
    this.#trouble = undefined;
    journal.write("info", `metrics are at http://${place}/metrics`);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#trouble = undefined;
    this.#server?.end();
    this.#server = undefined;
  }

  #answer({ method, path }: HttpRequest): HttpAnswer {
    if (path !== "/metrics") return NOT_FOUND;
    if (method !== "GET") return NOT_ALLOWED;
    return { status: 200, type: EXPOSITION_TYPE, body: this.#exposition() };
  }
}

const NOT_FOUND = plainAnswer(404, "metrics are at /metrics");
const NOT_ALLOWED = { ...plainAnswer(405, "only GET is answered"), allow: "GET" };
const FAILED = plainAnswer(500, "metrics could not be printed");

function wordsOf(listen: Listen | undefined): string {
  if (listen === undefined) return "nowhere";
  const { hostname, port } = listen;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function refusalWords(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program has this port";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return messageOf(error);
}
