/** Waits for something that cannot call, by looking until it is there. */

const LIMIT_MS = 10_000;

const LOOK_EVERY_MS = 10;

/**
 * Resolves with the first answer of `look` that is truthy, and not an empty list. What it throws is
 * no answer. Rejects when `limitMs` are over, with `what` and with what was thrown last.
 */
export async function until<T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  limitMs = LIMIT_MS,
  everyMs = LOOK_EVERY_MS,
): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  while (true) {
    let cause: unknown;
    try {
      const found = await look();
      if (found && !(Array.isArray(found) && found.length === 0)) return found;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end) {
      const words = typeof what === "string" ? what : what();
      const hint = cause instanceof Error ? `: ${cause.message}` : "";
      throw new Error(`not within ${limitMs} ms: ${words}${hint}`, { cause });
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
