/** Assertions: a broken one is a bug of ours; the daemon ends and a peer takes over. */

/** A broken assumption of our own, never an answer to bad input. */
export class AssertionFailure extends Error {
  override readonly name = "AssertionFailure";
}

/**
 * Throws {@link AssertionFailure} unless `condition` holds. `claim` says what should have been
 * true; a function where the words would cost more than the condition.
 */
export function assert(
  condition: boolean,
  claim: string | (() => string),
): asserts condition {
  if (condition) return;
  throw new AssertionFailure(`broken assumption: ${typeof claim === "string" ? claim : claim()}`);
}

/** For the end of an exhaustive `switch`: a compile error when a variant is missing. */
export function unreachable(value: never): never {
  throw new AssertionFailure(`broken assumption: unreachable value ${JSON.stringify(value)}`);
}
