/** Waits for something by asking until the answer is there. */

/** How long and how often {@link waitFor} asks. */
export interface WaitOptions {
  /** Give up after so many milliseconds; default 10,000. */
  readonly limitMs?: number;
  /** Ask again after so many milliseconds; default 10. */
  readonly everyMs?: number;
}

/**
 * Asks until the answer is neither undefined nor false, and returns it.
 * Rejects with `what` and the last error or answer where the time is up.
 */
export async function waitFor<T>(
  what: string,
  ask: () => Promise<T | undefined | false> | T | undefined | false,
  options: WaitOptions = {},
): Promise<T> {
  const limitMs = options.limitMs ?? 10_000;
  const end = performance.now() + limitMs;
  let last: unknown;
  do {
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer;
      last = answer;
    } catch (cause) {
      last = cause;
    }
    await new Promise((resolve) => setTimeout(resolve, options.everyMs ?? 10));
  } while (performance.now() < end);
  const hint = last instanceof Error ? `: ${last.message}` : "";
  throw new Error(`waited ${limitMs} ms in vain for ${what}${hint}`);
}
