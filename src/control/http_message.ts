/**
 * HTTP/1 messages, as much of them as the daemon speaks: a bounded request head without a body, an
 * answer with one.
 */
import { sleep } from "../async.ts";
import { writeAll } from "../files.ts";

/** What a client asks for. */
export interface HttpRequest {
  /** "GET" */
  readonly method: string;
  /** As it was sent, percent signs and all: "/v1/status". */
  readonly path: string;
  /** What follows the question mark, else empty. */
  readonly query: string;
  /** By names in small letters; of two with one name the first. */
  readonly headers: ReadonlyMap<string, string>;
}

/** What stands above the body of an answer. */
interface HttpHead {
  readonly status: HttpStatus;
  readonly type: string;
  /** Further headers, by names in small letters. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An answer. The connection ends after it. */
export interface HttpAnswer extends HttpHead {
  readonly body: Uint8Array<ArrayBuffer>;
}

/** An answer that goes on. The connection ends when `follow` resolves. */
export interface HttpStream extends HttpHead {
  /**
   * Sends piece after piece. `send` rejects when the client has gone, does not read, or the server
   * closes; `follow` must end then.
   */
  readonly follow: (send: (piece: Uint8Array<ArrayBuffer>) => Promise<void>) => Promise<void>;
}

/** RFC 9110 15. */
const REASONS = {
  200: "OK",
  400: "Bad Request",
  401: "Unauthorized",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  422: "Unprocessable Content",
  429: "Too Many Requests",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
} as const;

/** The codes that are answered. */
export type HttpStatus = keyof typeof REASONS;

/** Longest head that is read, in bytes; curl and Prometheus send about 300. */
const MOST_BYTES = 8192;
/** So many headers of a request are looked at; browsers send some 20. */
const MOST_HEADERS = 64;
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

/**
 * Writes `answer` whole, to a HEAD without its body. Rejects with Deno.errors.* where the client
 * goes.
 */
export async function writeAnswer(
  connection: Pick<Deno.Conn, "write">,
  answer: HttpAnswer,
  method = "GET",
): Promise<void> {
  const { body } = answer;
  await writeHead(connection, answer, { "content-length": String(body.length) });
  if (method !== "HEAD") await writeAll(connection, body);
}

/** Writes the head of an answer whose body ends with the connection. */
export async function writeHead(
  connection: Pick<Deno.Conn, "write">,
  { status, type, headers }: HttpHead,
  more: Readonly<Record<string, string>> = {},
): Promise<void> {
  const all = { "content-type": type, ...more, ...headers, connection: "close" };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  const head = `HTTP/1.1 ${status} ${REASONS[status]}\r\n${lines.join("")}\r\n`;
  await writeAll(connection, new TextEncoder().encode(head));
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
  const [line = "", ...lines] = new TextDecoder("latin1").decode(bytes).split(
    /\r?\n/,
    MOST_HEADERS,
  );
  const [, method, path, query = ""] = REQUEST_LINE.exec(line) ?? [];
  if (method === undefined || path === undefined) return NOT_HTTP;
  return { method, path, query, headers: headersOf(lines) };
}

function headersOf(lines: readonly string[]): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(0, colon)).toLowerCase();
    if (name !== "" && !headers.has(name)) headers.set(name, line.slice(colon + 1).trim());
  }
  return headers;
}
