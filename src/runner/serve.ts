/** How does the runner serve the daemon? It does what the configuration file names, and answers, until the daemon hangs up. */
import { messageOf } from "../error.ts";
import type { Config } from "../config/config.ts";
import { type ProbeTools, runProbe } from "../health/probe.ts";
import { milliseconds } from "../time.ts";
import { type DeliveryResult, failure } from "../notify/sink.ts";
import { sinksOf } from "../notify/sinks.ts";
import { lineOf, linesOf, parseRequest, type Response, type UncheckedRequest } from "./message.ts";
import { validRecord } from "./record.ts";

/** What a runner is made of. */
export interface RunnerStreams {
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
export async function serve({ requests, responses, load }: RunnerStreams): Promise<void> {
  const writer = responses.getWriter();
  let unsent = 0;
  const say = async (response: Response): Promise<void> => {
    // A daemon that asks and does not listen goes without: it has given up waiting long before.
    if (unsent >= MOST_UNSENT) return;
    unsent++;
    // Nobody listens any more: the requests are about to end too.
    await writer.write(lineOf(response)).catch(() => {});
    unsent--;
  };
  const underWay = new Map<number, Job>();
  const answers = new Set<Promise<void>>();
  let configs = [await load()].filter((config) => config !== undefined);
  await say({ kind: "ready" });
  try {
    for await (const line of linesOf(requests)) {
      const request = parseRequest(line);
      if (request === undefined) continue;
      if (request.kind === "stop") underWay.get(request.id)?.stop.abort();
      else if (request.kind === "reload") {
        const next = await load();
        // The old one holds where the new file is broken, as it does for the daemon.
        if (next !== undefined) configs = [next, ...configs].slice(0, 2);
      } else {
        const work = workOf(request);
        const busy = [...underWay.values()].filter((job) => job.work === work).length;
        if (underWay.has(request.id) || busy >= MOST_OF_ONE || underWay.size >= MOST_JOBS) {
          void say(refusalOf(request, BUSY));
          continue;
        }
        const stop = new AbortController();
        underWay.set(request.id, { work, stop });
        const answer = answerTo(request, configs, stop.signal).then((response) => {
          // Whether it is read is not waited for: at the end nobody may be there.
          void say(response);
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
  }
}

/** What is under way. */
interface Job {
  /** Which check, or whose commands. */
  readonly work: string;
  readonly stop: AbortController;
}

type JobRequest = Extract<UncheckedRequest, { kind: "probe" | "notify" }>;

/** So many attempts of one check, or deliveries by one sink, at one time: the daemon has one, and a late one may be ending. */
const MOST_OF_ONE = 2;
/** So many answers wait for the daemon to read them. */
const MOST_UNSENT = 2048;
/** So many attempts and deliveries at one time. */
const MOST_JOBS = 1024;

const BUSY = "the one before has not ended";
const NOT_IN_FILE = "not in the configuration file as it was when it was loaded last";

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
    return failure("the daemon says what the configuration file does not bear out", false);
  }
  try {
    return await sink.deliver(record, stop);
  } catch (error) {
    return failure(messageOf(error), false);
  }
}
