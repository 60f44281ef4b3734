/** The http probe: status and body of an answer. */
import type { Probe } from "../../config/tables/check.ts";
import { VERSION } from "../../version.ts";
import type { ProbeOutcome } from "./outcome.ts";

type Settings = Extract<Probe, { kind: "http" }>;

/** A status, and the body as a stream, which is read only for `match`. */
interface HttpAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The most of a body that is read for `match`, in bytes. */
const MOST = 64 * 1024;

/**
 * Gets the URL over a new connection. Does not follow redirections. Rejects with an error of Deno,
 * or at `deadline`.
 */
export async function probeHttp(settings: Settings, deadline: AbortSignal): Promise<ProbeOutcome> {
  // Always ends the connection: the rest of the body is not read.
  const over = new AbortController();
  const signal = AbortSignal.any([deadline, over.signal]);
  try {
    if (settings.insecure && settings.url.startsWith("https:")) {
      const answer = await getUnverified(settings.url, headersOf(settings), signal);
      return await judge(settings, answer);
    }
    // The shared client keeps connections open, which would hide a server that accepts no new ones.
    using client = Deno.createHttpClient({ poolMaxIdlePerHost: 0, allowHost: true, http2: false });
    const headers = headersOf(settings);
    const response = await fetch(settings.url, { client, headers, signal, redirect: "manual" });
    return await judge(settings, { status: response.status, body: response.body ?? nothing() });
  } finally {
    over.abort();
  }
}

async function judge(settings: Settings, answer: HttpAnswer): Promise<ProbeOutcome> {
  const { statuses, match } = settings;
  const { status } = answer;
  const fits = statuses.length === 0 ? status >= 200 && status < 400 : statuses.includes(status);
  if (!fits) {
    const wanted = statuses.length === 0 ? "200 to 399" : statuses.join(", ");
    return { ok: false, text: `${status}, not ${wanted}` };
  }
  if (match === undefined || await contains(answer.body, match)) {
    return { ok: true, text: `${status}` };
  }
  return { ok: false, text: `${status}, but the body does not match` };
}

async function contains(body: AsyncIterable<Uint8Array>, match: string): Promise<boolean> {
  const decoder = new TextDecoder();
  let text = "";
  let left = MOST;
  for await (const chunk of body) {
    text += decoder.decode(chunk.subarray(0, left), { stream: true });
    left -= Math.min(left, chunk.length);
    if (text.includes(match)) return true;
    if (left === 0) return false;
  }
  return false;
}

function headersOf(settings: Settings): Record<string, string> {
  const headers = { accept: "*/*", "user-agent": `floatip/${VERSION}`, connection: "close" };
  return settings.host === undefined ? headers : { ...headers, host: settings.host };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // A response without a body.
}

/**
 * Gets `url` without checking the certificate, over a new connection. Rejects with an error of
 * Node. fetch and connectTls of Deno cannot skip the check for one connection; node:https can. It
 * costs 12 MB, and is loaded on first use (decision 0046).
 */
async function getUnverified(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  // deno-lint-ignore house/strata -- the only way, and loaded only where it is used
  const { request } = await import("node:https");
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const asking = request(url, {
    headers: { ...headers },
    signal,
    agent: false,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  asking.on("response", (message) => {
    // A body that is not read ends by abort.
    message.on("error", () => {});
    resolve({ status: message.statusCode ?? 0, body: message });
  });
  asking.on("error", reject);
  asking.end();
  return await promise;
}
