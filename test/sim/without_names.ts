/** Sentences of a journal without the names of nodes, for checkers that compare addresses. */

/** `words` with addresses alone: "n1 (192.168.1.11)" is "192.168.1.11". */
export function withoutNames(words: string): string {
  return words.replaceAll(/[^\s:(]+ \(([0-9a-f]*[.:][0-9a-f.:]*)\)/g, "$1");
}
