/** Attempts of health checks, beside the loop, and the ends of processes that they found. */
import type { CheckSettings } from "../config/tables/check.ts";
import type { ProbeResult } from "../health/check.ts";
import { type ProbeTools, runProbe } from "../health/probe.ts";
import type { HostEvent } from "../host.ts";
import { killed } from "../process.ts";
import { ExitWatch } from "./exit_watch.ts";
import type { Libc } from "./libc.ts";
import type { Poller } from "./poller.ts";

/** Makes attempts of checks in another process. */
export interface Elsewhere {
  /** Is `check` one that is made there? */
  takes(check: CheckSettings): boolean;
  /** One attempt. Resolves within the timeout plus 200 ms and never rejects. */
  probe(check: CheckSettings, stop: AbortSignal): Promise<ProbeResult>;
}

/** What probes work with. */
export interface ProbesOptions {
  readonly libc: Libc;
  readonly poller: Poller;
  readonly ping: NonNullable<ProbeTools["ping"]>;
  readonly interfaces: NonNullable<ProbeTools["interfaces"]>;
  readonly elsewhere: Elsewhere | undefined;
}

/** Attempts that are under way. */
export class Probes implements Disposable {
  readonly #options: ProbesOptions;
  readonly #tools: ProbeTools;
  readonly #exits: ExitWatch;
  readonly #results: Extract<HostEvent, { kind: "probe" }>[] = [];
  readonly #ending = new AbortController();
  readonly #underWay = new Set<Promise<void>>();

  constructor(options: ProbesOptions) {
    const { libc, poller, ping, interfaces } = options;
    this.#options = options;
    this.#tools = { ping, interfaces, knownProcesses: new Map() };
    this.#exits = new ExitWatch(libc, poller);
  }

  /** {@link Host.startProbe} */
  start(check: CheckSettings): void {
    const { elsewhere, poller } = this.#options;
    const { signal } = this.#ending;
    const attempt = elsewhere?.takes(check)
      ? elsewhere.probe(check, signal)
      : runProbe(check, this.#tools, signal);
    const probe = attempt.then((result) => {
      this.#underWay.delete(probe);
      if (poller.disposed) return;
      this.#results.push({ kind: "probe", check: check.name, result });
      if (result.pid === undefined) this.#exits.forget(check.name);
      else this.#exits.watch(check.name, result.pid);
      poller.wake();
    });
    this.#underWay.add(probe);
  }

  /** Results since the last time. */
  take(): readonly HostEvent[] {
    return this.#results.splice(0);
  }

  /** Checks whose process has ended, by the `ready` descriptors. */
  drain(ready: ReadonlySet<number>): readonly HostEvent[] {
    return this.#exits.drain(ready).map((check) => ({ kind: "probe-due", check }));
  }

  /** Resolves when nothing is left of their children, 5.1 s later at most. */
  async ended(): Promise<void> {
    await Promise.all(this.#underWay);
    await killed();
  }

  /** Ends all attempts. */
  [Symbol.dispose](): void {
    this.#ending.abort();
    this.#exits[Symbol.dispose]();
  }
}
