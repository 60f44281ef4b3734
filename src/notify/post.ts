/** Did a server take what was posted to it? */
import { errorText } from "../health/probes/outcome.ts";
import { VERSION } from "../version.ts";
import { type DeliveryResult, failure, success } from "./sink.ts";

/** What is posted. */
export interface PostRequest {
  /** http: or https:; never shown. */
  readonly url: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** The most of an answer's body that is waited for, in bytes and milliseconds; the rest is cut off. */
const MOST_BYTES = 16 * 1024;
const MOST_MS = 500;

/** Those of 400 to 499 that may pass by themselves (RFC 9110, 15.5.9; RFC 8470, 5.2; RFC 6585, 4). */
const PASSING: readonly number[] = [408, 425, 429];

/**
 * Posts over a connection of its own, which is closed afterwards. 200 to 299 is success; a redirection is not followed.
 * Rejects only when `deadline` is aborted.
 */
export async function post(letter: PostRequest, deadline: AbortSignal): Promise<DeliveryResult> {
  const over = new AbortController();
  const signal = AbortSignal.any([deadline, over.signal]);
  try {
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, http2: false });
    const response = await fetch(letter.url, {
      client,
      signal,
      method: "POST",
      redirect: "manual",
      headers: { "user-agent": `floatip/${VERSION}`, connection: "close", ...letter.headers },
      body: letter.body,
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

/** Takes the body, so that a server need not report a broken connection; but not at any price. */
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
    // The status was heard; that the connection broke afterwards changes nothing.
  } finally {
    clearTimeout(timer);
  }
}
