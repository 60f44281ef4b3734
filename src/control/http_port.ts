/**
 * A port that serves HTTP, by the bounded server that the unix sockets have too, so that no client
 * that reaches the port can disturb the election.
 */
import { messageOf } from "../error.ts";
import { formatEndpoint } from "../net/ip.ts";
import { EXPOSITION_TYPE } from "./exposition.ts";
import { freshBytes } from "./printing.ts";
import { type HttpAnswer, type HttpRequest, plainAnswer } from "./http_message.ts";
import { HttpServer, type HttpServerOptions } from "./http_server.ts";

/** Where to listen. */
export interface Listen {
  /** A number: "127.0.0.1", "::1"; "0.0.0.0" and "::" are every address. */
  readonly hostname: string;
  readonly port: number;
}

/** What a port works with. */
export interface HttpPortOptions {
  /** What is served there: "metrics are". */
  readonly title: string;
  /** Where at the port it begins: "/metrics". */
  readonly path: string;
  readonly answer: HttpServerOptions["answer"];
  /** The answer where `answer` throws. */
  readonly failed?: HttpAnswer;
  readonly journal: { write(level: "info" | "warning", line: string): void };
  /** How long until an address is tried again that could not be had, in milliseconds. */
  readonly retryMs?: number;
  /** After which time a connection ends, whatever it is doing, in milliseconds. */
  readonly connectionMs?: number;
}

const RETRY_MS = 10_000;

/**
 * Serves where {@link HttpPort.settle} says. It never throws: what it cannot do is told, and tried
 * again.
 */
export class HttpPort implements AsyncDisposable {
  readonly #options: HttpPortOptions;
  #listen: Listen | undefined;
  #server: HttpServer | undefined;
  #trouble: string | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;

  constructor(options: HttpPortOptions) {
    this.#options = options;
  }

  /**
   * From now on `listen` holds; undefined: nowhere. Says what cannot be done yet, one sentence
   * each.
   */
  settle(listen: Listen | undefined): readonly string[] {
    if (listenText(this.#listen) === listenText(listen)) return [];
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
    const place = listenText(this.#listen);
    const { title, path, answer, failed, journal, retryMs = RETRY_MS, connectionMs } = this
      .#options;
    try {
      const listener = Deno.listen(this.#listen);
      const more = {
        ...(failed === undefined ? {} : { failed }),
        ...(connectionMs === undefined ? {} : { connectionMs }),
      };
      this.#server = new HttpServer({ listener, answer, ...more });
    } catch (error) {
      const trouble = `${title} not served at ${place}: ${refusalText(error)}`;
      if (trouble !== this.#trouble) journal.write("warning", trouble);
      this.#trouble = trouble;
      this.#retry = setTimeout(() => this.#open(), retryMs);
      return;
    }
    this.#trouble = undefined;
    journal.write("info", `${title} at http://${place}${path}`);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#trouble = undefined;
    this.#server?.end();
    this.#server = undefined;
  }
}

/** The port of [metrics]. `print` prints the metrics as they are now. */
export function metricsPort(
  { print, ...options }: Omit<HttpPortOptions, "title" | "path" | "answer"> & {
    readonly print: () => Iterable<string>;
  },
): HttpPort {
  const exposition = freshBytes(print);
  const answer = async ({ method, path }: HttpRequest) => {
    if (path !== "/metrics") return NOT_FOUND;
    if (method !== "GET" && method !== "HEAD") return NOT_ALLOWED;
    return { status: 200, type: EXPOSITION_TYPE, body: await exposition() } as const;
  };
  return new HttpPort({
    title: "metrics are",
    path: "/metrics",
    answer,
    failed: FAILED,
    ...options,
  });
}

const NOT_FOUND = plainAnswer(404, "metrics are at /metrics");
const FAILED = plainAnswer(500, "metrics could not be printed");
const NOT_ALLOWED = {
  ...plainAnswer(405, "only GET and HEAD are answered"),
  headers: { allow: "GET, HEAD" },
};

/** "127.0.0.1:9113", "[::1]:9113", "nowhere". */
export function listenText(listen: Listen | undefined): string {
  if (listen === undefined) return "nowhere";
  return formatEndpoint(listen.hostname, listen.port);
}

function refusalText(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program has this port";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return messageOf(error);
}
