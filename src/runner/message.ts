/** What do the daemon and its runner say to each other? One JSON object on each line; the runner is asked by names only. */
import type { ProbeResult } from "../health/check.ts";
import type { TransitionRecord } from "../daemon/record.ts";
import type { DeliveryResult } from "../notify/sink.ts";
import type { Fields } from "./record.ts";

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

/** A request whose record nobody has held against the file: {@link ./record.ts} validRecord does. */
export type UncheckedRequest =
  | Exclude<Request, { kind: "notify" }>
  | (Omit<Extract<Request, { kind: "notify" }>, "record"> & { readonly record: Fields });

/** What the runner answers. */
export type Response =
  /** First of all: it has read the configuration file. */
  | { readonly kind: "ready" }
  | { readonly id: number; readonly kind: "probe"; readonly result: ProbeResult }
  | { readonly id: number; readonly kind: "notify"; readonly result: DeliveryResult };

/** Longest line of the daemon, in characters: a record with a thousand addresses fits several times. */
const LONGEST_REQUEST = 1 << 18;

/** Longest line of the runner, in characters: what a check or command said is one short line. */
export const LONGEST_RESPONSE = 1 << 14;

/** Each line of a stream. Ends with the stream; throws where a line has no end. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  longest: number = LONGEST_REQUEST,
): AsyncGenerator<string> {
  // Pieces of a line that has not come whole: each is looked through once.
  let pieces: string[] = [];
  let length = 0;
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    let start = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", start)) {
      yield pieces.join("") + text.slice(start, end);
      pieces = [];
      length = 0;
      start = end + 1;
    }
    pieces.push(text.slice(start));
    length += text.length - start;
    if (length > longest) throw new Error("a line without end");
  }
}

/** `message` as a line. */
export function lineOf(message: Request | Response): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${JSON.stringify(message)}\n`);
}

/** A request, or undefined where the line is none: the runner believes nothing that it has not looked at. */
export function parseRequest(line: string): UncheckedRequest | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { id, kind, check, instance, sink, record } = value;
  if (kind === "reload") return { kind };
  if (typeof id !== "number" || !Number.isSafeInteger(id)) return undefined;
  if (kind === "stop") return { id, kind };
  if (kind === "probe" && typeof check === "string") return { id, kind, check };
  if (kind !== "notify" || !isObject(record)) return undefined;
  if (instance !== null && typeof instance !== "string") return undefined;
  if (sink !== "command" && sink !== "states") return undefined;
  return { id, kind, instance, sink, record };
}

/** A response, or undefined where the line is none. */
export function parseResponse(line: string): Response | undefined {
  const value = parseObject(line);
  if (value === undefined) return undefined;
  const { id, kind, result } = value;
  if (kind === "ready") return { kind };
  if (typeof id !== "number") return undefined;
  const inside = kind === "probe" || kind === "notify" ? result : undefined;
  if (!isObject(inside) || typeof inside["ok"] !== "boolean") return undefined;
  if (typeof inside["text"] !== "string") return undefined;
  if (kind === "probe" && !Number.isFinite(inside["latency"])) return undefined;
  return value as unknown as Response;
}

function parseObject(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
