/** Medians and ranges, in aligned columns. */

/**
 * The middle of the sorted values, the mean of the two middle ones where their count is even; NaN
 * of none.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)] ?? NaN;
  const lower = sorted[Math.ceil(sorted.length / 2) - 1] ?? NaN;
  return (upper + lower) / 2;
}

/** The least and the most of the values. */
export function range(values: readonly number[]): readonly [number, number] {
  return [Math.min(...values), Math.max(...values)];
}

/** Columns padded to their widest cell: the first two to the left, figures to the right. */
export function formatTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const widths = head.map((cell, i) =>
    Math.max(cell.length, ...rows.map((row) => row[i]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    cells.map((cell, i) => i < 2 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0))
      .join("  ");
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

/** One line of the final table: a figure of both programs. */
export interface Line {
  readonly event: string;
  readonly figure: string;
  /** Empty: it cannot do that, or it was not measured. */
  readonly floatip: readonly number[];
  readonly keepalived: readonly number[];
}

/** "1.2 / 3.4 / 5.6": least, median, most; "for ever" for what did not end; a dash for nothing. */
export function spread(values: readonly number[]): string {
  if (values.length === 0) return "-";
  const [least, most] = range(values);
  const figures = least === most ? [least] : [least, median(values), most];
  return figures.map(figureText).join(" / ");
}

/** The medians' ratio, floatip : keepalived; "" where there is none. */
export function ratio({ floatip, keepalived }: Line): string {
  const value = median(floatip) / median(keepalived);
  return Number.isFinite(value) && median(keepalived) > 0 ? value.toFixed(3) : "";
}

/** The lines as a table in Markdown. */
export function formatMarkdown(lines: readonly Line[]): string {
  const rows = lines.map((
    line,
  ) => [line.event, line.figure, spread(line.floatip), spread(line.keepalived), ratio(line)]);
  const head = ["event", "figure", "floatip", "keepalived", "ratio"];
  return [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join(
    "\n",
  );
}

function figureText(value: number): string {
  if (value === Infinity) return "for ever";
  if (Number.isInteger(value)) return String(value);
  return value >= 1000 ? value.toFixed(0) : value.toFixed(value >= 100 ? 1 : 2);
}
