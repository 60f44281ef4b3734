/** How does the runner serve the daemon? It does what the configuration file names, and answers, until the daemon hangs up. */
import type { Config } from "../config/config.ts";
import { type ProbeTools, runProbe } from "../health/probe.ts";
import { milliseconds } from "../time.ts";
import { type Answer, untold } from "../notify/sink.ts";
import { sinksOf } from "../notify/sinks.ts";
import { lineOf, linesOf, parseRequest, type Request, type Response } from "./message.ts";

/** What a runner is made of. */
export interface Serving {
  /** From the daemon. */
  readonly requests: ReadableStream<Uint8Array>;
  /** To the daemon. */
  readonly responses: WritableStream<Uint8Array>;
  /** The configuration as the file says it now; undefined: it cannot be read or is not sound. */
  readonly load: () => Promise<Config | undefined>;
}

/** Tools without a network: the daemon looks at interfaces itself. */
const TOOLS: ProbeTools = {
  interfaces: () => ({ links: [], addresses: [] }),
  knownProcesses: new Map(),
};

/** Serves until the requests end; what is under way is then stopped, with its children. */
export async function serve({ requests, responses, load }: Serving): Promise<void> {
  const writer = responses.getWriter();
  const say = async (response: Response): Promise<void> => {
    // Nobody listens any more: the requests are about to end too.
    await writer.write(lineOf(response)).catch(() => {});
  };
  const underWay = new Map<number, AbortController>();
  const answers = new Set<Promise<void>>();
  let config = await load();
  await say({ kind: "ready" });
  try {
    for await (const line of linesOf(requests)) {
      const request = parseRequest(line);
      if (request === undefined) continue;
      // The old one holds where the new file is broken, as it does for the daemon.
      if (request.kind === "reload") config = await load() ?? config;
      else if (request.kind === "stop") underWay.get(request.id)?.abort();
      else {
        const stop = new AbortController();
        underWay.set(request.id, stop);
        const answer = answerTo(request, config, stop.signal).then(say).finally(() => {
          underWay.delete(request.id);
          answers.delete(answer);
        });
        answers.add(answer);
      }
    }
  } finally {
    for (const stop of underWay.values()) stop.abort();
    await Promise.all(answers);
  }
}

async function answerTo(
  request: Extract<Request, { kind: "probe" | "notify" }>,
  config: Config | undefined,
  stop: AbortSignal,
): Promise<Response> {
  const { id, kind } = request;
  if (kind === "notify") return { id, kind, answer: await deliver(request, config, stop) };
  const check = config?.checks.find(({ name }) => name === request.check);
  if (check !== undefined) return { id, kind, result: await runProbe(check, TOOLS, stop) };
  const words = "not in the configuration file as it was when it was loaded last";
  return { id, kind, result: { ok: false, words, latency: milliseconds(0) } };
}

async function deliver(
  { instance, sink: kind, record }: Extract<Request, { kind: "notify" }>,
  config: Config | undefined,
  stop: AbortSignal,
): Promise<Answer> {
  const settings = instance === null
    ? config?.notify
    : config?.instances.find(({ name }) => name === instance)?.notify;
  const sink = settings && sinksOf(settings).get(kind);
  if (sink === undefined) return untold("not in the configuration file as it was loaded", false);
  try {
    return await sink.deliver(record, stop);
  } catch (error) {
    return untold(error instanceof Error ? error.message : String(error), false);
  }
}
