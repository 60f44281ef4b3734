/** How is a word written so that a shell takes it as it is? */

/** `word` bare where it can be, else in single quotes. */
export function quoteForShell(word: string): string {
  return /^[\w./:@%+,=-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
