/** What is posted to a webhook? The record as JSON, signed where a secret was agreed on. */
import type { WebhookSettings } from "../config/tables/notify.ts";
import { post } from "./post.ts";
import type { Sink } from "./sink.ts";

/** Posts each record; with a secret the header X-Floatip-Signature says who did. */
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

/** "sha256=" and the HMAC-SHA-256 (RFC 2104) of `body` in 64 hexadecimal digits; the key is `secret` in UTF-8, not empty. */
export async function sign(secret: string, body: Uint8Array<ArrayBuffer>): Promise<string> {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const bytes = new TextEncoder().encode(secret);
  const key = await crypto.subtle.importKey("raw", bytes, algorithm, false, ["sign"]);
  return `sha256=${new Uint8Array(await crypto.subtle.sign("HMAC", key, body)).toHex()}`;
}
