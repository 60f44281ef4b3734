/** The page's server: the same at each address that [web] names. */
import { HttpPort, type HttpPortOptions, type Listen, listenText } from "../control/http_port.ts";
import { routesOf } from "./routes.ts";
import type { WebSource } from "./source.ts";

/** What [web] says. */
export interface WebSettings {
  /** Empty: there is no page. */
  readonly listen: readonly Listen[];
  /** Undefined: the page is read-only. */
  readonly password: string | undefined;
}

/** Serves where {@link Web.settle} says. It never throws: what it cannot do is told. */
export class Web implements AsyncDisposable {
  readonly #options: Pick<HttpPortOptions, "journal" | "answer">;
  readonly #ports = new Map<string, HttpPort>();
  #password: string | undefined;

  constructor(source: WebSource, journal: HttpPortOptions["journal"]) {
    const answer = routesOf({ source, password: () => this.#password });
    this.#options = { journal, answer };
  }

  /** From now on `settings` hold. Says what cannot be done yet, one sentence each. */
  settle({ listen, password }: WebSettings): readonly string[] {
    this.#password = password;
    const wanted = new Map(listen.map((one) => [listenText(one), one]));
    for (const [place, port] of this.#ports) {
      if (wanted.has(place)) continue;
      port.settle(undefined);
      this.#ports.delete(place);
    }
    return [...wanted].flatMap(([place, one]) => {
      const port = this.#ports.get(place) ??
        new HttpPort({ title: "the page is", path: "/", ...this.#options });
      this.#ports.set(place, port);
      return port.settle(one);
    });
  }

  /** What a person should look at. */
  attention(): readonly string[] {
    return [...this.#ports.values()].flatMap((port) => port.attention());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.settle({ listen: [], password: undefined });
    await Promise.resolve();
  }
}
