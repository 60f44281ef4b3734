/** HTTP/1.1 as etcd's JSON gateway speaks it (RFC 9112): a POST, and its answer. Pure. */
import { LONGEST_REPLY } from "./gateway.ts";

/** What a member of etcd answers. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The connection can be used again. */
  readonly isKept: boolean;
}

/** Bytes of an answer with its head, at most. */
export const LONGEST_ANSWER = LONGEST_REPLY + 8 * 1024;

/** A POST of `body`; `authority` is host and port as the URL has them. */
export function writePost(
  authority: string,
  { path, body }: { readonly path: string; readonly body: string },
  token?: string,
): Uint8Array<ArrayBuffer> {
  const bytes = new TextEncoder().encode(body);
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: ${authority}`,
    "content-type: application/json",
    `content-length: ${bytes.length}`,
    ...(token === undefined ? [] : [`authorization: ${token}`]),
    "",
    "",
  ].join("\r\n");
  return new Uint8Array([...new TextEncoder().encode(head), ...bytes]);
}

/**
 * What `bytes` say; "more": the answer is longer; "wrong": it is none. `isOver`: nothing comes
 * after them.
 */
export function readAnswer(bytes: Uint8Array, isOver: boolean): HttpAnswer | "more" | "wrong" {
  const text = LATIN1.decode(bytes);
  const headEnd = text.indexOf("\r\n\r\n");
  if (headEnd < 0) return isOver || bytes.length >= LONGEST_ANSWER ? "wrong" : "more";
  const [first = "", ...lines] = text.slice(0, headEnd).split("\r\n");
  const status = /^HTTP\/1\.1 (\d{3})(?: |$)/.exec(first)?.[1];
  if (status === undefined) return "wrong";
  const headers = new Map(lines.map((line) => {
    const at = line.indexOf(":");
    return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim().toLowerCase()];
  }));
  const rest = bytes.subarray(headEnd + 4);
  const body = bodyOf(rest, headers, isOver);
  if (body === "more") return isOver || bytes.length >= LONGEST_ANSWER ? "wrong" : "more";
  if (body === "wrong") return "wrong";
  return {
    status: Number(status),
    body: new TextDecoder().decode(body.content),
    isKept: headers.get("connection") !== "close" && body.length === rest.length && !body.isLast,
  };
}

/** Each byte a character, so that places are those of bytes. */
const LATIN1 = new TextDecoder("latin1");

interface Body {
  readonly content: Uint8Array;
  /** Bytes that it took. */
  readonly length: number;
  /** It ends with the connection. */
  readonly isLast: boolean;
}

function bodyOf(
  rest: Uint8Array,
  headers: ReadonlyMap<string | undefined, string | undefined>,
  isOver: boolean,
): Body | "more" | "wrong" {
  if (headers.get("transfer-encoding") === "chunked") return chunked(rest);
  const length = headers.get("content-length");
  if (length === undefined) {
    return isOver ? { content: rest, length: rest.length, isLast: true } : "more";
  }
  if (!/^\d{1,7}$/.test(length)) return "wrong";
  const wanted = Number(length);
  if (wanted > LONGEST_REPLY) return "wrong";
  if (rest.length < wanted) return "more";
  return { content: rest.subarray(0, wanted), length: wanted, isLast: false };
}

/** RFC 9112, section 7.1; what follows the last chunk (trailers) is passed over. */
function chunked(rest: Uint8Array): Body | "more" | "wrong" {
  const text = LATIN1.decode(rest);
  const parts: number[] = [];
  let at = 0;
  for (;;) {
    const lineEnd = text.indexOf("\r\n", at);
    if (lineEnd < 0) return "more";
    const size = /^([0-9a-f]{1,6})(?:;|$)/i.exec(text.slice(at, lineEnd))?.[1];
    if (size === undefined) return "wrong";
    const count = parseInt(size, 16);
    const start = lineEnd + 2;
    if (count === 0) {
      const end = text.startsWith("\r\n", start) ? start + 2 : text.indexOf("\r\n\r\n", start) + 4;
      if (end < start + 2) return "more";
      return { content: new Uint8Array(parts), length: end, isLast: false };
    }
    if (parts.length + count > LONGEST_REPLY) return "wrong";
    if (text.length < start + count + 2) return "more";
    if (!text.startsWith("\r\n", start + count)) return "wrong";
    for (const byte of rest.subarray(start, start + count)) parts.push(byte);
    at = start + count + 2;
  }
}
