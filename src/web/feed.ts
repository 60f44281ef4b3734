/** Status documents for those who follow: one is printed for all of them, at most once a second. */
import { sleep } from "../async.ts";
import { PORTS } from "../control/printing.ts";
import type { HttpStream } from "../control/http_message.ts";

/** From one document to the next, in milliseconds. */
const PACE_MS = 1000;

/** The stream of server-sent events (HTML, section 9.2) with the status in each. */
export class Feed {
  readonly #print: () => Iterable<string>;
  #latest: Promise<Uint8Array<ArrayBuffer>> | undefined;

  /** `print`: the status as JSON, on one line, in parts. */
  constructor(print: () => Iterable<string>) {
    this.#print = print;
  }

  /** The answer to one that follows. It ends when the client goes. */
  stream(headers: Readonly<Record<string, string>>): HttpStream {
    return {
      status: 200,
      type: "text/event-stream",
      headers,
      follow: async (send) => {
        await send(await this.#event());
        for (;;) await send(await this.#next());
      },
    };
  }

  /** The next event, the same for all that wait for it. */
  #next(): Promise<Uint8Array<ArrayBuffer>> {
    this.#latest ??= sleep(PACE_MS).then(() => {
      this.#latest = undefined;
      return this.#event();
    });
    return this.#latest;
  }

  #event(): Promise<Uint8Array<ArrayBuffer>> {
    const print = this.#print;
    return PORTS.encode(function* () {
      yield "data: ";
      yield* print();
      yield "\n\n";
    });
  }
}
