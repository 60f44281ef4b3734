/** What the daemon serves by TCP: metrics for Prometheus, and the page. */
import type { Config } from "../config/config.ts";
import { type HttpPort, type Listen, metricsPort } from "../control/http_port.ts";
import type { HistoryFile } from "../history/history_file.ts";
import { historyPath } from "../history/place.ts";
import { readTail } from "../history/read.ts";
import { formatIp } from "../net/ip.ts";
import type { WebSource } from "../web/source.ts";
import { Web } from "../web/web.ts";
import type { Commands } from "./commands.ts";
import type { Log } from "./log.ts";

/** What they work with. */
export interface PortsOptions extends Pick<WebSource, "status" | "states" | "metrics"> {
  readonly commands: Commands;
  readonly history: HistoryFile;
  readonly stateDir: string;
  readonly log: Log;
  /** RFC 3339 in UTC. */
  readonly now: () => string;
}

/** How much of the history the page gets, in bytes: some 300 transitions. */
const TAIL = 128 * 1024;

/** Serves where the file says. It never throws: what it cannot do is told. */
export class Ports implements AsyncDisposable {
  readonly #metrics: HttpPort;
  readonly #web: Web;

  constructor({ commands, history, stateDir, log, now, ...source }: PortsOptions) {
    this.#metrics = metricsPort({ print: source.metrics, journal: log });
    this.#web = new Web({
      ...commands.answers(),
      ...source,
      history: () => readTail(historyPath(stateDir), TAIL),
      ordered: (what, from) => {
        log.write("info", `${what}: ordered on the page from ${from}`);
        history.add({ kind: "order", time: now(), what, from });
      },
    }, log);
  }

  /** From now on `config` holds. Says what cannot be done yet, one sentence each. */
  settle({ metrics, web: { listen = [], password } }: Config): readonly string[] {
    return [
      ...this.#metrics.settle(metrics.listen && listenOf(metrics.listen)),
      ...this.#web.settle({ listen: listen.map(listenOf), password }),
    ];
  }

  /** What a person should look at. */
  attention(): readonly string[] {
    return [...this.#metrics.attention(), ...this.#web.attention()];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#metrics[Symbol.asyncDispose]();
    await this.#web[Symbol.asyncDispose]();
  }
}

function listenOf({ address, port }: NonNullable<Config["metrics"]["listen"]>): Listen {
  return { hostname: formatIp(address), port };
}
