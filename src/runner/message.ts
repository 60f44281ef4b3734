/** What do the daemon and its runner say to each other? One JSON object on each line; the runner is asked by names only. */
import type { ProbeResult } from "../health/check.ts";
import type { TransitionRecord } from "../daemon/record.ts";
import type { Answer } from "../notify/sink.ts";

/** The commands of a [notify]: `command`, and those of single states. */
export type CommandKind = "command" | "states";

/**
 * What the daemon asks. Names, not programs: whatever becomes of the daemon, it can have nothing run but what stands in the
 * configuration file.
 */
export type Request =
  /** One attempt of [check.NAME]. */
  | { readonly id: number; readonly kind: "probe"; readonly check: string }
  /** One delivery to the commands of an instance's [notify]; null: to everybody's. */
  | {
    readonly id: number;
    readonly kind: "notify";
    readonly instance: string | null;
    readonly sink: CommandKind;
    readonly record: TransitionRecord;
  }
  /** Ends the attempt or delivery `id` before its time; it is answered all the same. */
  | { readonly id: number; readonly kind: "stop" }
  /** From now on the configuration file holds as it is now. */
  | { readonly kind: "reload" };

/** What the runner answers. */
export type Response =
  /** First of all: it has read the configuration file. */
  | { readonly kind: "ready" }
  | { readonly id: number; readonly kind: "probe"; readonly result: ProbeResult }
  | { readonly id: number; readonly kind: "notify"; readonly answer: Answer };

/** Longest line, in characters: a record with a thousand addresses fits several times. */
const LONGEST_LINE = 1 << 18;

/** Each line of a stream. Ends with the stream; throws where a line has no end. */
export async function* linesOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    if (rest.length > LONGEST_LINE) throw new Error("a line without end");
    yield* lines;
  }
}

/** `message` as a line. */
export function lineOf(message: Request | Response): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(message)}\n`);
}

/** A request, or undefined where the line is none: the runner believes nothing that it has not looked at. */
export function parseRequest(line: string): Request | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { id, kind, check, instance, sink, record } = value;
  if (kind === "reload") return { kind };
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return undefined;
  if (kind === "stop") return { id, kind };
  if (kind === "probe" && typeof check === "string") return { id, kind, check };
  if (kind !== "notify" || !isRecord(record)) return undefined;
  if (instance !== null && typeof instance !== "string") return undefined;
  if (sink !== "command" && sink !== "states") return undefined;
  return { id, kind, instance, sink, record };
}

/** A response, or undefined where the line is none. Its inside is the runner's word: the daemon does as it says anyway. */
export function parseResponse(line: string): Response | undefined {
  const value = parseObject(line);
  const isOne = value?.["kind"] === "ready" || typeof value?.["id"] === "number";
  return isOne ? value as unknown as Response : undefined;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
    return isObject ? value as Readonly<Record<string, unknown>> : undefined;
  } catch {
    return undefined;
  }
}

const STATES: readonly unknown[] = ["init", "backup", "master", "fault"];

/** What becomes arguments and environment of a program: plain values under plain names. */
function isRecord(value: unknown): value is TransitionRecord {
  if (typeof value !== "object" || value === null) return false;
  const { instance, from, to, priority } = value as Readonly<Record<string, unknown>>;
  const sound = typeof instance === "string" && !instance.includes("\0") &&
    typeof priority === "number" && STATES.includes(from) && STATES.includes(to);
  return sound &&
    Object.entries(value).every(([name, one]) => /^[a-z_]+$/.test(name) && isPlain(one));
}

function isPlain(value: unknown): boolean {
  return value === null || ["string", "number", "boolean"].includes(typeof value) ||
    (Array.isArray(value) && value.every((one) => typeof one === "string"));
}
