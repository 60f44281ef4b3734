/** Waits with a bound, and work in parts. */

/** Resolves after `ms` milliseconds, or as soon as `stop` is aborted. Never rejects. */
export function sleep(ms: number, stop?: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  if (stop?.aborted) return Promise.resolve();
  const end = (): void => {
    clearTimeout(timer);
    stop?.removeEventListener("abort", end);
    resolve();
  };
  const timer = setTimeout(end, ms);
  stop?.addEventListener("abort", end);
  return promise;
}

/**
 * The result of `work`; undefined where it takes longer than `ms` milliseconds. Rejects as `work`
 * does.
 */
export async function withTimeout<T>(work: Promise<T>, ms: number): Promise<T | undefined> {
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), ms);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}

/** After so many milliseconds others on the thread have their turn. */
const TURN_MS = 1;

/** Gives what is waited for between parts of long work: it lets others have their turn in time. */
export function turnByTurn(): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < TURN_MS) return;
    await sleep(0);
    since = performance.now();
  };
}

/** What is made in parts, between which others have their turns. */
export type InParts<T> = Generator<void, T>;

/** What `parts` come to, at once. */
export function atOnce<T>(parts: InParts<T>): T {
  for (;;) {
    const { done, value } = parts.next();
    if (done === true) return value;
  }
}

/** The same, in the middle of a text that is printed in parts: each of `parts` prints nothing. */
export function* silently<T>(parts: InParts<T>): Generator<string, T> {
  for (;;) {
    const { done, value } = parts.next();
    if (done === true) return value;
    yield "";
  }
}
