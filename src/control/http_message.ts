/**
 * HTTP/1 messages, as much of them as the daemon speaks: a bounded request head without a body, an
 * answer with one.
 */
import { sleep } from "../async.ts";

/** A request. */
export interface HttpRequest {
  /** "GET" */
  readonly method: string;
  /** As it was sent, percent signs and all: "/v1/status". */
  readonly path: string;
  /** What follows the question mark, else empty. */
  readonly query: string;
}

/** An answer. The connection ends after it. */
export interface HttpAnswer {
  readonly status: HttpStatus;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  /** With 405: the methods that the path takes. */
  readonly allow?: string;
}

/** RFC 9110 15. */
const REASONS = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  422: "Unprocessable Content",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
} as const;

/** The codes that are answered. */
export type HttpStatus = keyof typeof REASONS;

/** Longest head that is read, in bytes; curl and Prometheus send about 300. */
const MOST_BYTES = 8192;
/** In so many pieces at most; curl and Prometheus send one. */
const MOST_PIECES = 64;
/** From one piece to the next: a client that sends byte by byte wakes the loop no more often. */
const PIECE_PACE_MS = 5;

const NEWLINE = 10;
const RETURN = 13;

/** `text` as an answer, with a final newline. */
export function plainAnswer(status: HttpStatus, text: string): HttpAnswer {
  const body = new TextEncoder().encode(`${text}\n`);
  return { status, type: "text/plain; charset=utf-8", body };
}

/** `value` as JSON. */
export function jsonAnswer(status: HttpStatus, value: unknown): HttpAnswer {
  return {
    status,
    type: "application/json",
    body: new TextEncoder().encode(JSON.stringify(value)),
  };
}

const TOO_LARGE = plainAnswer(431, "the request is too long");
const NOT_HTTP = plainAnswer(400, "this is no request of HTTP/1");

/**
 * Reads the head of one request; what follows it is not read. An answer where the head is no
 * request, or too long. Rejects where the client ends before; the caller bounds the time by closing
 * the connection.
 */
export async function readRequest(
  connection: Pick<Deno.Conn, "read">,
): Promise<HttpRequest | HttpAnswer> {
  const bytes = new Uint8Array(MOST_BYTES);
  let size = 0;
  for (let piece = 0; piece < MOST_PIECES && size < MOST_BYTES; piece++) {
    if (piece > 0) await sleep(PIECE_PACE_MS);
    const more = await connection.read(bytes.subarray(size));
    if (more === null) throw new Error("the client has gone");
    // The end may lie across two pieces; what came before is not looked at again.
    const end = endOfHead(bytes, Math.max(0, size - 2), size + more);
    size += more;
    if (end !== undefined) return parseHead(bytes.subarray(0, end));
  }
  return TOO_LARGE;
}

/** Writes `answer` whole. Rejects with Deno.errors.* where the client goes. */
export async function writeAnswer(
  connection: Pick<Deno.Conn, "write">,
  { status, type, body, allow }: HttpAnswer,
): Promise<void> {
  const more = allow === undefined ? "" : `allow: ${allow}\r\n`;
  const head = `HTTP/1.1 ${status} ${REASONS[status]}\r\ncontent-type: ${type}\r\n` +
    `content-length: ${body.length}\r\n${more}connection: close\r\n\r\n`;
  await writeAll(connection, new TextEncoder().encode(head));
  await writeAll(connection, body);
}

/**
 * The index behind the empty line that ends a head, looked for from `from` on; undefined: it has
 * not come.
 */
function endOfHead(bytes: Uint8Array, from: number, size: number): number | undefined {
  for (
    let at = bytes.indexOf(NEWLINE, from);
    at >= 0 && at < size;
    at = bytes.indexOf(NEWLINE, at + 1)
  ) {
    const next = bytes[at + 1] === RETURN ? at + 2 : at + 1;
    if (next < size && bytes[next] === NEWLINE) return next + 1;
  }
  return undefined;
}

/**
 * A proxy's client, as fetch is one of the socket, names the host in front of the path (RFC 9112
 * 3.2.2).
 */
const REQUEST_LINE = /^([A-Za-z]+) (?:http:\/\/[^/?\s]+)?(\/[^\s?]*)(?:\?(\S*))? HTTP\/1\.[01]$/;

function parseHead(bytes: Uint8Array): HttpRequest | HttpAnswer {
  const line = /^[^\r\n]*/.exec(new TextDecoder("latin1").decode(bytes))?.[0] ?? "";
  const [, method, path, query = ""] = REQUEST_LINE.exec(line) ?? [];
  return method === undefined || path === undefined ? NOT_HTTP : { method, path, query };
}

async function writeAll(
  connection: Pick<Deno.Conn, "write">,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}
