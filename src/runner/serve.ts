/** The command runner: it runs what the configuration file names, until the daemon disconnects. */
import { messageOf } from "../error.ts";
import type { Config } from "../config/config.ts";
import { type ProbeTools, runProbe } from "../health/probe.ts";
import { milliseconds } from "../time.ts";
import { type DeliveryResult, failure } from "../notify/sink.ts";
import { killed } from "../process.ts";
import { sinksOf } from "../notify/sinks.ts";
import { lineOf, linesOf, parseRequest, type Response, type UncheckedRequest } from "./message.ts";
import { validRecord } from "./record.ts";

/** The connections of a runner. */
export interface RunnerStreams {
  /** From the daemon. */
  readonly requests: ReadableStream<Uint8Array>;
  /** To the daemon. */
  readonly responses: WritableStream<Uint8Array>;
  /** Loads the configuration file; undefined: it is invalid, or cannot be read. */
  readonly load: () => Promise<Config | undefined>;
}

/** Tools without a network: the daemon checks interfaces itself. */
const TOOLS: ProbeTools = {
  interfaces: () => ({ links: [], addresses: [] }),
  knownProcesses: new Map(),
};

/**
 * Serves until the requests end; then stops all that runs, and resolves when nothing is left of
 * their children, some seconds later at most.
 */
export async function serve({ requests, responses, load }: RunnerStreams): Promise<void> {
  const writer = responses.getWriter();
  let unsent = 0;
  const send = async (response: Response): Promise<void> => {
    // A daemon that does not read its responses gets no more: it has given up waiting.
    if (unsent >= MOST_UNSENT) return;
    unsent++;
    // The daemon has disconnected: the requests end too.
    await writer.write(lineOf(response)).catch(() => {});
    unsent--;
  };
  const underWay = new Map<number, Job>();
  const answers = new Set<Promise<void>>();
  let configs = [await load()].filter((config) => config !== undefined);
  await send({ kind: "ready" });
  try {
    for await (const line of linesOf(requests)) {
      const request = parseRequest(line);
      if (request === undefined) continue;
      if (request.kind === "stop") underWay.get(request.id)?.stop.abort();
      else if (request.kind === "reload") {
        const next = await load();
        // With an invalid file the old configuration stays, as in the daemon.
        if (next !== undefined) configs = [next, ...configs].slice(0, 2);
      } else {
        const work = workOf(request);
        const busy = [...underWay.values()].filter((job) => job.work === work).length;
        if (underWay.has(request.id) || busy >= MOST_OF_ONE || underWay.size >= MOST_JOBS) {
          void send(refusalOf(request, BUSY));
          continue;
        }
        const stop = new AbortController();
        underWay.set(request.id, { work, stop });
        const answer = answerTo(request, configs, stop.signal).then((response) => {
          // Not awaited: at the end the daemon may not read it.
          void send(response);
        }).finally(() => {
          underWay.delete(request.id);
          answers.delete(answer);
        });
        answers.add(answer);
      }
    }
  } finally {
    for (const { stop } of underWay.values()) stop.abort();
    await Promise.all(answers);
    await killed();
  }
}

/** An attempt or delivery under way. */
interface Job {
  /** The check, or the commands. */
  readonly work: string;
  readonly stop: AbortController;
}

type JobRequest = Extract<UncheckedRequest, { kind: "probe" | "notify" }>;

/**
 * Most attempts of one check, or deliveries of one sink, at a time: one, and an earlier one that is
 * ending.
 */
const MOST_OF_ONE = 2;
/** Most responses that wait for the daemon. */
const MOST_UNSENT = 2048;
/** Most attempts and deliveries at a time. */
const MOST_JOBS = 1024;

const BUSY = "the previous one has not ended";
const NOT_IN_FILE = "not in the configuration file when it was last loaded";

function workOf(request: JobRequest): string {
  return request.kind === "probe"
    ? JSON.stringify([request.check])
    : JSON.stringify([request.instance, request.sink]);
}

function refusalOf({ id, kind }: JobRequest, text: string): Response {
  return kind === "notify"
    ? { id, kind, result: failure(text, false) }
    : { id, kind, result: { ok: false, text, latency: milliseconds(0) } };
}

async function answerTo(
  request: JobRequest,
  configs: readonly Config[],
  stop: AbortSignal,
): Promise<Response> {
  if (request.kind === "notify") {
    return { id: request.id, kind: "notify", result: await deliver(request, configs, stop) };
  }
  const { id, kind } = request;
  const check = configs[0]?.checks.find(({ name }) => name === request.check);
  if (check === undefined) return refusalOf(request, NOT_IN_FILE);
  return { id, kind, result: await runProbe(check, TOOLS, stop) };
}

async function deliver(
  { instance, sink: kind, record: fields }: Extract<UncheckedRequest, { kind: "notify" }>,
  configs: readonly Config[],
  stop: AbortSignal,
): Promise<DeliveryResult> {
  const [config] = configs;
  const settings = instance === null
    ? config?.notify
    : config?.instances.find(({ name }) => name === instance)?.notify;
  const sink = settings && sinksOf(settings).get(kind);
  if (sink === undefined) return failure(NOT_IN_FILE, false);
  const record = validRecord(fields, configs);
  if (record === undefined || (instance !== null && instance !== record.instance)) {
    return failure("the record does not match the configuration file", false);
  }
  try {
    return await sink.deliver(record, stop);
  } catch (error) {
    return failure(messageOf(error), false);
  }
}
