/** HTTP servers that keep their requests. */

/** One request as it arrived. */
export interface Arrival {
  readonly method: string;
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
}

/** A server on a port of its own until it is disposed of. */
export class Receiver implements AsyncDisposable {
  readonly arrivals: Arrival[] = [];
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #end = new AbortController();

  /** `answer`: what it says; 204 unless given. */
  constructor(answer: (arrival: Arrival) => Response | Promise<Response> = ok) {
    this.#server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, signal: this.#end.signal, onListen: () => {} },
      async (request) => {
        const { method, headers, url } = request;
        const path = new URL(url).pathname;
        const arrival = { method, headers, path, body: await request.text() };
        this.arrivals.push(arrival);
        return await answer(arrival);
      },
    );
  }

  /** Its URL, without a slash at the end. */
  get url(): string {
    return `http://127.0.0.1:${this.#server.addr.port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await this.#server.finished;
  }
}

function ok(): Response {
  return new Response(null, { status: 204 });
}
