/**
 * How does Prometheus ask over the network? HTTP at one address, bounded in connections, time, memory and work, so that
 * nobody who reaches the port can disturb the election. (Deno.serve keeps any number of idle connections for ever.)
 */
import { answerScrape } from "./scrape.ts";

/** Where to listen. */
export interface Listen {
  /** A number: "127.0.0.1", "::1"; "0.0.0.0" and "::" are every address. */
  readonly hostname: string;
  readonly port: number;
}

/** What a server works with. */
export interface MetricsServerOptions {
  /** Prints the metrics as they are now; at most once in {@link FRESH_MS}. */
  readonly print: () => string;
  readonly journal: { write(level: "info" | "warning", line: string): void };
  /** How long until an address is tried again that could not be had, in milliseconds. */
  readonly retryMs?: number;
  /** After which time a connection ends, whatever it is doing, in milliseconds. */
  readonly connectionMs?: number;
}

/** Connections at one time; more are closed at once. */
const MOST_CONNECTIONS = 16;
const CONNECTION_MS = 5000;
/** From one connection to the next: a flood waits in the kernel, or is turned away there. */
const PACE_MS = 5;
/** Whoever asks again within this time gets the same answer. */
const FRESH_MS = 500;
const RETRY_MS = 10_000;

/** Serves metrics where {@link MetricsServer.settle} says. It never throws: what it cannot do is told, and tried again. */
export class MetricsServer implements AsyncDisposable {
  readonly #options: MetricsServerOptions;
  readonly #connections = new Set<Deno.Conn>();
  #listen: Listen | undefined;
  #listener: Deno.Listener | undefined;
  #serving: Promise<void> = Promise.resolve();
  #trouble: string | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #printed: { readonly at: number; readonly bytes: Uint8Array<ArrayBuffer> } | undefined;

  constructor(options: MetricsServerOptions) {
    this.#options = options;
  }

  /** From now on `listen` holds; undefined: nowhere. Says what changed, one sentence each. */
  settle(listen: Listen | undefined): readonly string[] {
    const [before, after] = [wordsOf(this.#listen), wordsOf(listen)];
    if (before === after) return [];
    this.#close();
    this.#listen = listen;
    this.#open();
    return [`metrics: listen ${before} -> ${after}`];
  }

  /** What a person should look at. */
  attention(): readonly string[] {
    return this.#trouble === undefined ? [] : [this.#trouble];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    await this.#serving;
  }

  #open(): void {
    if (this.#listen === undefined) return;
    const place = wordsOf(this.#listen);
    const { journal, retryMs = RETRY_MS } = this.#options;
    try {
      this.#listener = Deno.listen(this.#listen);
    } catch (error) {
      const trouble = `metrics are not served at ${place}: ${refusalWords(error)}`;
      if (trouble !== this.#trouble) journal.write("warning", trouble);
      this.#trouble = trouble;
      this.#retry = setTimeout(() => this.#open(), retryMs);
      return;
    }
    this.#trouble = undefined;
    journal.write("info", `metrics are at http://${place}/metrics`);
    this.#serving = this.#serve(this.#listener);
  }

  #close(): void {
    clearTimeout(this.#retry);
    this.#trouble = undefined;
    this.#listener?.close();
    this.#listener = undefined;
    for (const connection of this.#connections) closeQuietly(connection);
  }

  async #serve(listener: Deno.Listener): Promise<void> {
    while (this.#listener === listener) {
      try {
        void this.#take(await listener.accept());
      } catch {
        // Closed, or out of descriptors: then the pace gives others the time to give some back.
      }
      await pause(PACE_MS);
    }
  }

  async #take(connection: Deno.Conn): Promise<void> {
    if (this.#connections.size >= MOST_CONNECTIONS) return closeQuietly(connection);
    this.#connections.add(connection);
    const { connectionMs = CONNECTION_MS } = this.#options;
    const limit = setTimeout(() => closeQuietly(connection), connectionMs);
    try {
      await answerScrape(connection, () => this.#exposition());
    } catch {
      // It hung up, or its time was over.
    } finally {
      clearTimeout(limit);
      closeQuietly(connection);
      this.#connections.delete(connection);
    }
  }

  #exposition(): Uint8Array<ArrayBuffer> {
    const now = performance.now();
    if (this.#printed === undefined || now - this.#printed.at >= FRESH_MS) {
      const bytes = new TextEncoder().encode(this.#options.print());
      this.#printed = { at: now, bytes };
    }
    return this.#printed.bytes;
  }
}

function wordsOf(listen: Listen | undefined): string {
  if (listen === undefined) return "nowhere";
  const { hostname, port } = listen;
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

function refusalWords(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program has this port";
  if (error instanceof Deno.errors.AddrNotAvailable) return "this machine has no such address";
  return error instanceof Error ? error.message : String(error);
}

function closeQuietly(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
