/** The text of a caught value, which need not be an Error. */

/** The message of `error`. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/**
 * {@link messageOf} without what Deno adds: "No such file or directory (os error 2): open '/x'".
 */
export function systemMessage(error: unknown): string {
  return messageOf(error).replace(/ \(os error \d+\).*$/s, "");
}
