/** Which parts of a file must nobody see? Passwords are masked wherever a line of the file is shown. */

/** Does a line or key speak of a secret? Rather too often than once too seldom. */
export const SECRET_WORD = /pass|auth|secret|token|key\b/i;

/** What stands in place of a secret, whatever its length. */
export const MASK = "********";

/** A line with a part of it hidden, and where a column of the old line is in the new one; both 0-based. */
export interface Masked {
  readonly line: string;
  readonly at: (column: number) => number;
}

/** `line` with the given half-open ranges of columns (sorted, apart) replaced by {@link MASK}. */
export function maskRanges(line: string, ranges: readonly (readonly [number, number])[]): Masked {
  let shown = "";
  let rest = 0;
  const moves: { readonly from: number; readonly to: number; readonly start: number }[] = [];
  for (const [from, to] of ranges) {
    if (from < rest || to <= from) continue;
    shown += line.slice(rest, from);
    moves.push({ from, to, start: shown.length });
    shown += MASK;
    rest = to;
  }
  return {
    line: shown + line.slice(rest),
    at: (column) => {
      const move = moves.findLast(({ from }) => from <= column);
      if (move === undefined) return column;
      // Inside the mask only its first place: anything else would tell of the secret's length.
      return column < move.to ? move.start : move.start + MASK.length + column - move.to;
    },
  };
}

/** For text that is not TOML: what to hide of a line that speaks of a secret, all behind its first `=` or the line. */
export function suspectRanges(line: string): readonly (readonly [number, number])[] {
  if (!SECRET_WORD.test(line)) return [];
  const equals = line.indexOf("=");
  const word = SECRET_WORD.exec(line);
  const from = equals >= 0 ? equals + 1 : (word?.index ?? 0) + (word?.[0].length ?? 0);
  const start = from + (/^\s*/.exec(line.slice(from))?.[0].length ?? 0);
  return start < line.length ? [[start, line.length]] : [];
}

/** The names and passwords in URLs of a line: between `//` and `@`. */
export function loginRanges(line: string): readonly (readonly [number, number])[] {
  return [...line.matchAll(/\/\/[^/?#\s"']*@/g)].map(({ index, 0: found }) =>
    [index + 2, index + found.length - 1] as const
  );
}

/** `text` with names and passwords in URLs masked. */
export function withoutLogins(text: string): string {
  return maskRanges(text, loginRanges(text)).line;
}
