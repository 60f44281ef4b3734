/** Waits for something that cannot call: looks every few milliseconds, up to a limit. */
import { setTimeout as pause } from "node:timers/promises";

const LOOK_EVERY_MS = 10;

/**
 * Resolves with the first answer of `look` that is truthy, and not an empty list; rejects with
 * `what` after `timeoutMs`.
 */
export async function until<T>(
  what: string | (() => string),
  look: () => T | Promise<T>,
  timeoutMs = 10_000,
): Promise<NonNullable<T>> {
  const limit = performance.now() + timeoutMs;
  while (true) {
    const found = await look();
    if (found && !(Array.isArray(found) && found.length === 0)) return found;
    if (performance.now() > limit) {
      const words = typeof what === "string" ? what : what();
      throw new Error(`not within ${timeoutMs} ms: ${words}`);
    }
    await pause(LOOK_EVERY_MS);
  }
}
