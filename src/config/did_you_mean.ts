/** The word that was probably meant. */

/** Most words that are looked at, the first ones: a file may have any number of names. */
const MOST_KNOWN = 256;

/**
 * The word of `known` that is nearest to `written`: at most a third of its letters (but at least
 * two) wrong, left out, added or swapped, capitals and `-` for `_` forgiven. Undefined where none
 * is near.
 */
export function nearestWord(written: string, known: readonly string[]): string | undefined {
  // A text far longer than any word is near to none, and would only cost time.
  if (written.length > 64) return undefined;
  const plain = normalised(written);
  const letters = lettersOf(plain);
  let best: { readonly word: string; readonly distance: number } | undefined;
  for (const { word, other, others, bound } of preparedOf(known)) {
    // Each letter that one of them has more is an edit.
    if (Math.abs(plain.length - word.length) > bound) continue;
    // ... and so is each letter that only one of them has.
    if (bitsOf(letters & ~others) > bound || bitsOf(others & ~letters) > bound) continue;
    const distance = editDistance(plain, other);
    // Of "id" any two letters are two edits away: a word must share something.
    if (distance > bound || distance >= Math.max(plain.length, word.length)) continue;
    if (best === undefined || distance < best.distance) best = { word, distance };
  }
  return best?.word;
}

/** A word that may have been meant. */
interface Prepared {
  readonly word: string;
  readonly other: string;
  readonly others: number;
  /** Most edits. */
  readonly bound: number;
}

/** Thousands of words may be held against the same list. */
const PREPARED = new WeakMap<readonly string[], readonly Prepared[]>();

function preparedOf(known: readonly string[]): readonly Prepared[] {
  const before = PREPARED.get(known);
  if (before !== undefined) return before;
  const prepared = known.slice(0, MOST_KNOWN).map((word): Prepared => {
    const other = normalised(word);
    const bound = Math.max(2, Math.floor(word.length / 3));
    return { word, other, others: lettersOf(other), bound };
  });
  PREPARED.set(known, prepared);
  return prepared;
}

/** A bit for each letter of `word`, some of which share one. */
function lettersOf(word: string): number {
  let letters = 0;
  for (let i = 0; i < word.length; i++) letters |= 1 << (word.charCodeAt(i) & 31);
  return letters;
}

function bitsOf(letters: number): number {
  let count = 0;
  for (let rest = letters; rest !== 0; rest &= rest - 1) count++;
  return count;
}

/** Edits from `a` to `b`: insert, delete, replace, swap neighbours (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  const cell = (i: number, j: number): number => rows[i]?.[j] ?? 0;
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    rows.push(row);
    for (let j = 1; j <= b.length; j++) {
      const replaced = cell(i - 1, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(cell(i - 1, j) + 1, cell(i, j - 1) + 1, replaced);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, cell(i - 2, j - 2) + 1);
      }
      row.push(least);
    }
  }
  return cell(a.length, b.length);
}

function normalised(word: string): string {
  return word.toLowerCase().replaceAll("-", "_");
}
