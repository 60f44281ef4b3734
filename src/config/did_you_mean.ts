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
  for (const word of known.slice(0, MOST_KNOWN)) {
    const bound = Math.max(2, Math.floor(word.length / 3));
    // Each letter that one of them has more is an edit.
    if (Math.abs(plain.length - word.length) > bound) continue;
    const other = normalised(word);
    // ... and so is each letter that only one of them has.
    const others = lettersOf(other);
    if (Math.max(bitsOf(letters & ~others), bitsOf(others & ~letters)) > bound) continue;
    const distance = editDistance(plain, other);
    // Of "id" any two letters are two edits away: a word must share something.
    if (distance > bound || distance >= Math.max(plain.length, word.length)) continue;
    if (best === undefined || distance < best.distance) best = { word, distance };
  }
  return best?.word;
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
