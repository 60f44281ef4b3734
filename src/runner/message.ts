/** Messages between daemon and runner: one JSON object a line, with names instead of programs. */
import type { ProbeResult } from "../health/check.ts";
import type { TransitionRecord } from "../daemon/journal/record.ts";
import type { DeliveryResult } from "../notify/sink.ts";
import type { Fields } from "./record.ts";

/** The commands of a [notify]: `command`, and those of states. */
export type CommandKind = "command" | "states";

/**
 * A request of the daemon. It has names only: even a compromised daemon can run nothing but the
 * programs of the configuration file.
 */
export type Request =
  /** One attempt of [check.NAME]. */
  | { readonly id: number; readonly kind: "probe"; readonly check: string }
  /** One delivery to the commands of the [notify] of an instance; null: of the file. */
  | {
    readonly id: number;
    readonly kind: "notify";
    readonly instance: string | null;
    readonly sink: CommandKind;
    readonly record: TransitionRecord;
  }
  /** Ends the attempt or delivery `id` early; its response follows. */
  | { readonly id: number; readonly kind: "stop" }
  /** Read the configuration file again. */
  | { readonly kind: "reload" };

/** A request whose record is not yet validated (record.ts). */
export type UncheckedRequest =
  | Exclude<Request, { kind: "notify" }>
  | (Omit<Extract<Request, { kind: "notify" }>, "record"> & { readonly record: Fields });

/** A response of the runner. */
export type Response =
  /** The first: it has read the configuration file. */
  | { readonly kind: "ready" }
  | { readonly id: number; readonly kind: "probe"; readonly result: ProbeResult }
  | { readonly id: number; readonly kind: "notify"; readonly result: DeliveryResult };

/** Longest request, in characters: a record with a thousand addresses is much shorter. */
const LONGEST_REQUEST = 1 << 18;

/** Longest response, in characters: the text of a result is one short line. */
export const LONGEST_RESPONSE = 1 << 14;

/** The lines of a stream. Throws at a line longer than `longest`. */
export async function* linesOf(
  stream: ReadableStream<Uint8Array>,
  longest: number = LONGEST_REQUEST,
): AsyncGenerator<string> {
  // Pieces of an incomplete line: each is searched once.
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

/** The request of a line; undefined: it is none. */
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

/** The response of a line; undefined: it is none. */
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
