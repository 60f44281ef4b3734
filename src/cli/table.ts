/**
 * Rows as aligned columns, and lines that fit a terminal: widths as they are seen, escapes not
 * counted.
 */

/**
 * The columns that `text` takes on a terminal: escapes take none, a wide or combining character is
 * not minded.
 */
export function widthOf(text: string): number {
  // deno-lint-ignore no-control-regex -- the escapes of our own styles are what is meant
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}

/**
 * `rows` with every column as wide as its widest cell, two spaces between, nothing behind the last
 * cell.
 */
export function alignColumns(rows: readonly (readonly string[])[]): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, widthOf(cell));
  }
  return rows.map((row) =>
    row.map((cell, i) => cell + " ".repeat((widths[i] ?? 0) - widthOf(cell))).join("  ").trimEnd()
  );
}

/**
 * `line` as lines of at most `columns`, broken at blanks, those behind the first indented by two
 * more than it.
 */
export function wrap(line: string, columns: number): readonly string[] {
  if (widthOf(line) <= columns) return [line];
  const indent = " ".repeat(Math.min((/^ */.exec(line)?.[0].length ?? 0) + 2, columns >> 1));
  const lines: string[] = [];
  let rest = line;
  while (widthOf(rest) > columns) {
    const end = breakOf(rest, columns, lines.length === 0 ? 0 : indent.length);
    lines.push(rest.slice(0, end).trimEnd());
    rest = indent + rest.slice(end).trimStart();
  }
  return [...lines, rest];
}

/** Where `line` breaks: behind the last word that fits, else where the terminal ends. */
function breakOf(line: string, columns: number, from: number): number {
  let room = columns + 1;
  let blank = 0;
  let cut = 0;
  // deno-lint-ignore no-control-regex -- see widthOf
  for (const { index, 0: piece } of line.matchAll(/\x1b\[[0-9;]*m|./gsu)) {
    if (!piece.startsWith("\x1b")) room--;
    if (piece === " " && /\S/.test(line.slice(from, index))) blank = index;
    if (room === 0) break;
    cut = index + piece.length;
  }
  return blank > 0 ? blank : cut;
}

/** `line` cut to `columns`, an ellipsis where something is missing; escapes are kept and ended. */
export function clip(line: string, columns: number): string {
  if (widthOf(line) <= columns) return line;
  let room = columns - 1;
  let clipped = "";
  // deno-lint-ignore no-control-regex -- see widthOf
  for (const [piece] of line.matchAll(/\x1b\[[0-9;]*m|./gsu)) {
    if (!piece.startsWith("\x1b")) room--;
    if (room < 0) break;
    clipped += piece;
  }
  // deno-lint-ignore no-control-regex -- see widthOf
  const ending = /\x1b\[0[;m][0-9;]*m?/.exec(line)?.[0] ?? "";
  return `${clipped}…${ending}`;
}
