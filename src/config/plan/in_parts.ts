/** Work in parts, between which others have their turn. Pure. */

/** The result of `parts`, one after the other without a pause. */
export function resultOf<T>(parts: Generator<void, T>): T {
  let part = parts.next();
  while (part.done !== true) part = parts.next();
  return part.value;
}
