/** The text of a play: lines with their indented blocks, read and written. */

/** One line of a play. */
export interface Line {
  /** 1-based. */
  readonly number: number;
  /** Without surrounding blanks; empty for an empty line. */
  readonly text: string;
  /** The indented lines below it, without their indentation. */
  readonly block: readonly string[];
}

const INDENT = "  ";

/** Reads a play. Empty lines between indented ones belong to the block. */
export function parsePlay(text: string): readonly Line[] {
  const lines: { number: number; text: string; block: string[] }[] = [];
  for (const [index, raw] of text.replace(/\n$/, "").split("\n").entries()) {
    if (!raw.startsWith(INDENT)) {
      lines.push({ number: index + 1, text: raw.trim(), block: [] });
      continue;
    }
    const empty: string[] = [];
    while (lines.at(-1)?.text === "" && lines.length > 1) {
      lines.pop();
      empty.push("");
    }
    lines.at(-1)?.block.push(...empty, raw.slice(INDENT.length));
  }
  return lines;
}

/** Writes a play down as it was read. */
export function formatPlay(lines: readonly Line[]): string {
  const written = lines.flatMap(({ text, block }) => [
    text,
    ...block.map((line) => line === "" ? "" : `${INDENT}${line}`),
  ]);
  return `${written.join("\n")}\n`;
}
