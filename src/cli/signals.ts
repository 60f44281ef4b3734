/** The end of a command that runs until Ctrl-C, SIGTERM or the end of its time. */
import { sleep } from "../async.ts";

const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** A wish to end, and what is to be put away after it. */
export class Ending implements Disposable {
  readonly #controller = new AbortController();
  readonly #end = (): void => this.end();
  readonly #timer: ReturnType<typeof setTimeout> | undefined;

  /** `after`: milliseconds until it ends by itself; undefined: never. */
  constructor(after?: number) {
    for (const signal of SIGNALS) Deno.addSignalListener(signal, this.#end);
    this.#timer = after === undefined ? undefined : setTimeout(this.#end, after);
  }

  /** Aborted when it is time to end. */
  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  /** It is time to end. */
  end(): void {
    this.#controller.abort();
  }

  /** Resolves after `ms` milliseconds, or at once when it is time to end. */
  async pause(ms: number): Promise<void> {
    await sleep(ms, this.signal);
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) Deno.removeSignalListener(signal, this.#end);
  }
}
