/** Sinks that post by HTTP: webhook and ntfy (docs.ntfy.sh/publish). */
import type { NtfySettings, WebhookSettings } from "../config/tables/notify.ts";
import type { TransitionRecord } from "../daemon/journal/record.ts";
import { errorText } from "../health/probes/outcome.ts";
import { VERSION } from "../version.ts";
import { type DeliveryResult, failure, type Sink, success } from "./sink.ts";

/** Posts each record as JSON; with a secret, signed in the header X-Floatip-Signature. */
export function webhookSink(settings: WebhookSettings, timeoutMs: number): Sink {
  const { url, secret, retries } = settings;
  return {
    name: "webhook",
    timeoutMs,
    retries,
    wants: () => true,
    deliver: async (record, deadline) => {
      const body = new TextEncoder().encode(JSON.stringify(record));
      const signature = secret === undefined
        ? {}
        : { "x-floatip-signature": await sign(secret, body) };
      const headers = { "content-type": "application/json", ...signature };
      return await post({ url, headers, body }, deadline);
    },
  };
}

/**
 * "sha256=" and the HMAC-SHA-256 (RFC 2104) of `body` in 64 hexadecimal digits; the key is `secret`
 * in UTF-8, not empty.
 */
export async function sign(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return `sha256=${new Uint8Array(await crypto.subtle.sign("HMAC", key, body)).toHex()}`;
}

/**
 * By state: priorities of ntfy (1 to 5, default 3) if planned or not, and the short code of an
 * emoji.
 */
const LOOKS = {
  master: { planned: 3, unplanned: 4, tag: "white_check_mark" },
  backup: { planned: 2, unplanned: 3, tag: "arrows_counterclockwise" },
  fault: { planned: 4, unplanned: 5, tag: "rotating_light" },
  init: { planned: 2, unplanned: 4, tag: "stop_button" },
} as const satisfies Readonly<Record<TransitionRecord["to"], unknown>>;

/** Posts a message for each record. */
export function ntfySink(settings: NtfySettings, timeoutMs: number): Sink {
  const { url, token, retries } = settings;
  const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return {
    name: "ntfy",
    timeoutMs,
    retries,
    wants: () => true,
    deliver: (record, deadline) => {
      const { planned, unplanned, tag } = LOOKS[record.to];
      const headers = {
        title: encodeHeader(
          `${record.instance} (${record.family}) on ${record.node}: ${record.to}`,
        ),
        priority: `${record.planned ? planned : unplanned}`,
        tags: tag,
        ...authorization,
      };
      return post({ url, headers, body: new TextEncoder().encode(messageOf(record)) }, deadline);
    },
  };
}

/** "was backup; no advert from 192.168.1.11 for 3.61 s", and a line with the addresses. */
function messageOf({ from, cause, addresses }: TransitionRecord): string {
  return `was ${from}; ${cause}\n${addresses.join(", ")}`;
}

/** `text` in a header: ASCII, or an encoded word (RFC 2047, 2), which ntfy reads. */
export function encodeHeader(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  return `=?UTF-8?B?${new TextEncoder().encode(text).toBase64()}?=`;
}

/** What a sink sends by POST. */
export interface PostRequest {
  /** http: or https:; never shown. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Most of the body of a response that is read, in bytes and milliseconds. */
const MOST_BYTES = 16 * 1024;
const MOST_MS = 500;

/** Temporary errors from 400 to 499 (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4). */
const PASSING: readonly number[] = [408, 425, 429];

/**
 * Posts over a new connection. 200 to 299 is success; redirections are not followed. Rejects at
 * `deadline` only.
 */
export async function post(request: PostRequest, deadline: AbortSignal): Promise<DeliveryResult> {
  const over = new AbortController();
  const signal = AbortSignal.any([deadline, over.signal]);
  try {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false });
    const response = await fetch(request.url, {
      client,
      signal,
      method: "POST",
      redirect: "manual",
      headers: { "user-agent": `floatip/${VERSION}`, connection: "close", ...request.headers },
      body: request.body,
    });
    await discard(response);
    return judge(response.status);
  } catch (error) {
    if (deadline.aborted) throw error;
    return failure(errorText(error), true);
  } finally {
    over.abort();
  }
}

function judge(status: number): DeliveryResult {
  if (status >= 200 && status < 300) return success(`${status}`);
  if (status >= 300 && status < 400) {
    return failure(`${status}: a redirection, which is not followed`, false);
  }
  const again = status >= 500 || PASSING.includes(status);
  return failure(`${status}, not 200 to 299`, again);
}

/** Reads the body within bounds, so that the server does not log a broken connection. */
async function discard({ body }: Response): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), MOST_MS);
  try {
    for (let length = 0; length < MOST_BYTES;) {
      const { value } = await reader.read();
      if (value === undefined) return;
      length += value.length;
    }
    await reader.cancel();
  } catch {
    // The status is known: a broken connection does not matter.
  } finally {
    clearTimeout(timer);
  }
}
