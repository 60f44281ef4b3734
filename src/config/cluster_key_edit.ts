/** Changes of a text of keys, line by line: comments and what is not changed stay. Pure. */
import { type KeyLine, readKeyLine } from "./cluster_key.ts";

/** `text` with `secret` behind all others: it verifies, and does not sign yet. */
export function withNext(text: string, secret: string): string {
  return joined([...linesOf(text), `${secret} next`]);
}

/** `text` with the key `id` in front of all others: it signs. */
export function withSigning(text: string, id: number): string {
  const lines = linesOf(text);
  const signing = lines.map(keyIn).find((key) => key?.id === id);
  const others = lines.filter((line) => keyIn(line)?.id !== id);
  const first = others.findIndex((line) => keyIn(line) !== undefined);
  if (signing === undefined) return text;
  return joined(others.toSpliced(Math.max(0, first), 0, signing.secret));
}

/** `text` without the keys `ids`. */
export function withoutKeys(text: string, ids: readonly number[]): string {
  return joined(
    linesOf(text).filter((line) => {
      const key = keyIn(line);
      return key === undefined || !ids.includes(key.id);
    }),
  );
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n+$/, "").split("\n");
}

function joined(lines: readonly string[]): string {
  return `${lines.join("\n")}\n`;
}

function keyIn(line: string): KeyLine | undefined {
  const read = readKeyLine(line);
  return read.kind === "key" ? read.key : undefined;
}
