/** How is one request for metrics answered? So much of HTTP as a scraper needs; one request, then the connection ends. */
import { EXPOSITION_TYPE } from "./exposition.ts";

/** Longest request that is read, in bytes; Prometheus says about 300. */
const MOST_BYTES = 8192;

/**
 * Reads one request from `connection` and answers it; does not close it. Rejects with Deno.errors.* or where the other end
 * goes; the caller sets the time limit by closing the connection.
 */
export async function answerScrape(
  connection: Deno.Conn,
  exposition: () => Uint8Array<ArrayBuffer>,
): Promise<void> {
  const line = await readRequestLine(connection);
  const answer = line === undefined ? TOO_LARGE : answerTo(line, exposition);
  await writeAll(connection, headOf(answer));
  await writeAll(connection, answer.body);
}

interface Answer {
  /** "200 OK" */
  readonly status: string;
  readonly type: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly allow?: string;
}

const TOO_LARGE = plain("431 Request Header Fields Too Large", "the request is too long");
const NOT_HTTP = plain("400 Bad Request", "this is no request of HTTP/1");
const NOT_FOUND = plain("404 Not Found", "metrics are at /metrics");
const NOT_ALLOWED = { ...plain("405 Method Not Allowed", "only GET is answered"), allow: "GET" };
const FAILED = plain("500 Internal Server Error", "metrics could not be printed");

function answerTo(line: string, exposition: () => Uint8Array<ArrayBuffer>): Answer {
  const [, method, path] = /^([A-Z]+) (\/[^\s?]*)(?:\?\S*)? HTTP\/1\.[01]$/.exec(line) ?? [];
  if (method === undefined) return NOT_HTTP;
  if (path !== "/metrics") return NOT_FOUND;
  if (method !== "GET") return NOT_ALLOWED;
  try {
    return { status: "200 OK", type: EXPOSITION_TYPE, body: exposition() };
  } catch {
    // A mistake of ours must not end what serves the next request.
    return FAILED;
  }
}

/** The first line, once the whole head has come; undefined: it is longer than {@link MOST_BYTES}. */
async function readRequestLine(connection: Deno.Conn): Promise<string | undefined> {
  const bytes = new Uint8Array(MOST_BYTES);
  for (let size = 0; size < MOST_BYTES;) {
    const more = await connection.read(bytes.subarray(size));
    size += more ?? 0;
    const head = new TextDecoder("latin1").decode(bytes.subarray(0, size));
    if (more === null || /\r?\n\r?\n/.test(head)) return /^[^\r\n]*/.exec(head)?.[0];
  }
  return undefined;
}

function headOf({ status, type, body, allow }: Answer): Uint8Array<ArrayBuffer> {
  const more = allow === undefined ? "" : `allow: ${allow}\r\n`;
  return new TextEncoder().encode(
    `HTTP/1.1 ${status}\r\ncontent-type: ${type}\r\ncontent-length: ${body.length}\r\n` +
      `${more}connection: close\r\n\r\n`,
  );
}

function plain(status: string, words: string): Answer {
  const body = new TextEncoder().encode(`${words}\n`);
  return { status, type: "text/plain; charset=utf-8", body };
}

async function writeAll(connection: Deno.Conn, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let offset = 0; offset < bytes.length;) {
    offset += await connection.write(bytes.subarray(offset));
  }
}
