/** How is an https server asked whose certificate does not matter? */

/** Status and body of an answer. */
export interface UnverifiedAnswer {
  readonly status: number;
  readonly body: AsyncIterable<Uint8Array>;
}

/**
 * Gets `url` over a connection of its own, which ends when `signal` is aborted. Rejects with Node's error. Deno's fetch and
 * connectTls check certificates unless the whole program is started otherwise; only Node's interface can leave it out
 * for one connection. It costs 12 MB, and is loaded on first use.
 */
export async function open(
  url: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<UnverifiedAnswer> {
  // deno-lint-ignore house/strata -- no other way, and nobody who does not ask for it pays
  const { request } = await import("node:https");
  const { promise, resolve, reject } = Promise.withResolvers<UnverifiedAnswer>();
  const asking = request(url, {
    headers: { ...headers },
    signal,
    agent: false,
    rejectUnauthorized: false,
    checkServerIdentity: () => undefined,
  });
  asking.on("response", (message) => {
    // Where nobody reads the body, its end by abort is no news.
    message.on("error", () => {});
    resolve({ status: message.statusCode ?? 0, body: message });
  });
  asking.on("error", reject);
  asking.end();
  return await promise;
}
