/** One attempt of a check: any probe, within its timeout. */
import { withTimeout } from "../async.ts";
import type { Interfaces } from "../net/interfaces.ts";
import type { Ip } from "../net/ip.ts";
import { formatDuration, milliseconds, toMilliseconds } from "../time.ts";
import type { ProbeResult } from "./check.ts";
import type { CheckSettings, Probe } from "../config/tables/check.ts";
import { probeCommand } from "./probes/command.ts";
import { probeHttp } from "./probes/http.ts";
import { probeFile, probeInterface, probeProcess } from "./probes/machine.ts";
import { errorText, type ProbeOutcome } from "./probes/outcome.ts";
import { probeDns, probeTcp } from "./probes/server.ts";

/** What probes need besides Deno. */
export interface ProbeTools {
  /** The network of the machine. */
  interfaces(): Interfaces;
  /** Pings a host; resolves at `deadline` at the latest. Undefined: not available. */
  readonly ping?: (address: Ip, by: "icmp" | "arp", deadline: AbortSignal) => Promise<ProbeOutcome>;
  /** By name, the process found last: it is checked first. Starts empty; kept between attempts. */
  readonly knownProcesses: Map<string, number>;
}

/** How long an attempt may take to clean up (close, kill) after its timeout, in milliseconds. */
const TIDY_MS = 100;

/**
 * Makes one attempt. Resolves within the timeout plus 100 ms, and never rejects. Aborting `stop`
 * ends it early, with its connections and children. An attempt that cannot be ended, on a lost
 * network drive for example, continues in the background; the caller decides whether to start
 * another.
 */
export async function runProbe(
  check: CheckSettings,
  tools: ProbeTools,
  stop?: AbortSignal,
): Promise<ProbeResult> {
  const start = performance.now();
  using deadline = new Deadline(toMilliseconds(check.timeout), stop);
  const attempt = attemptOf(check, tools, deadline.signal);
  const finding = await Promise.race([attempt, deadline.passed.then(() => undefined)]);
  const latency = milliseconds(performance.now() - start);
  if (finding === undefined || deadline.signal.aborted) {
    await withTimeout(attempt, TIDY_MS);
    const text = stop?.aborted ? "stopped" : timeoutText(check);
    return { ok: false, text, latency };
  }
  const timed = finding.ok && TIMED.has(check.probe.kind);
  const text = timed ? `${finding.text} in ${formatDuration(latency)}` : finding.text;
  return { ...finding, text, latency };
}

/** Probes whose latency is of interest. */
const TIMED: ReadonlySet<Probe["kind"]> = new Set(["http", "tcp", "dns", "ping", "command"]);

function timeoutText(check: CheckSettings): string {
  const time = formatDuration(check.timeout);
  return check.probe.kind === "command" ? `killed after ${time}` : `no answer within ${time}`;
}

async function attemptOf(
  check: CheckSettings,
  tools: ProbeTools,
  deadline: AbortSignal,
): Promise<ProbeOutcome> {
  try {
    return await begin(check, tools, deadline);
  } catch (error) {
    return { ok: false, text: errorText(error) };
  }
}

/** Runs the probe. */
function begin(
  check: CheckSettings,
  tools: ProbeTools,
  deadline: AbortSignal,
): ProbeOutcome | Promise<ProbeOutcome> {
  const settings = check.probe;
  switch (settings.kind) {
    case "http":
      return probeHttp(settings, deadline);
    case "tcp":
      return probeTcp(settings, deadline);
    case "dns":
      return probeDns(settings, deadline);
    case "ping":
      if (tools.ping === undefined) return { ok: false, text: "ping is not available here" };
      return tools.ping(settings.address, settings.by, deadline);
    case "command":
      return probeCommand(settings, check.name, deadline);
    case "process":
      return probeProcess(settings, tools.knownProcesses);
    case "file":
      return probeFile(settings);
    case "interface":
      return probeInterface(settings, tools.interfaces());
  }
}

/** A signal that is aborted at the timeout, or by `stop`. */
class Deadline implements Disposable {
  readonly #controller = new AbortController();
  readonly #timer: ReturnType<typeof setTimeout>;
  readonly #stop: AbortSignal | undefined;
  readonly #abort = (): void => this.#controller.abort();
  /** Resolves when the signal is aborted. */
  readonly passed: Promise<void>;

  constructor(timeoutMs: number, stop: AbortSignal | undefined) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.passed = promise;
    this.signal.addEventListener("abort", () => resolve(), { once: true });
    this.#timer = setTimeout(this.#abort, timeoutMs);
    this.#stop = stop;
    stop?.addEventListener("abort", this.#abort, { once: true });
    if (stop?.aborted) this.#abort();
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#stop?.removeEventListener("abort", this.#abort);
  }
}
