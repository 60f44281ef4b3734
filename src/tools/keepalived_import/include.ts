/** The files of an `include`: relative paths, wildcards and braces as in glob(3). */

/** Access to files: the importer has no other. */
export interface Files {
  /** The text of the file at `path`, or why it cannot be read. */
  read(path: string): { readonly kind: "text"; readonly text: string } | {
    readonly kind: "refused";
    /** After "the file": "is not there". */
    readonly reason: string;
  };
  /** The names in a folder, in any order; none where there is no such folder. */
  list(folder: string): readonly string[];
}

/** The files of a pattern. */
interface Matches {
  /** It has wildcards or braces: it may match nothing. */
  readonly pattern: boolean;
  /**
   * Absolute paths in reading order. Without wildcards, one per alternative, whether it exists or
   * not.
   */
  readonly paths: readonly string[];
  /** There are more than {@link MOST}. */
  readonly tooMany: boolean;
}

/** Most alternatives, folders and files of one include. */
const MOST = 1000;

/** The absolute path of `path` from `folder`, without `.`, `..` and double slashes. */
export function wholePath(path: string, folder: string): string {
  const whole = path.startsWith("/") || folder === "" ? path : `${folder}/${path}`;
  const kept: string[] = [];
  for (const part of whole.split("/")) {
    if (part === "" || part === ".") continue;
    if (part === ".." && kept.length > 0 && kept.at(-1) !== "..") kept.pop();
    else if (part !== ".." || !whole.startsWith("/")) kept.push(part);
  }
  return `${whole.startsWith("/") ? "/" : ""}${kept.join("/")}`;
}

/** "/etc/keepalived" of "/etc/keepalived/keepalived.conf"; "": there is no folder. */
export function folderOf(path: string): string {
  const end = path.lastIndexOf("/");
  return end < 0 ? "" : end === 0 ? "/" : path.slice(0, end);
}

/** The files of `pattern`, relative to `folder`. */
export function matchesOf(pattern: string, folder: string, files: Files): Matches {
  const { alternatives, tooMany } = expandBraces(pattern);
  const budget = { left: MOST };
  const paths = alternatives.flatMap((alternative) => {
    if (!isWild(alternative)) return [wholePath(unescaped(alternative), folder)];
    return matching(wholePath(alternative, folder), files, budget);
  });
  return {
    pattern: alternatives.length > 1 || isWild(pattern),
    paths: paths.slice(0, MOST),
    tooMany: tooMany || budget.left < 0 || paths.length > MOST,
  };
}

/** "a{b,{c,d}}" -> "ab", "ac", "ad"; at most {@link MOST}. */
function expandBraces(
  pattern: string,
): { readonly alternatives: readonly string[]; readonly tooMany: boolean } {
  const done: string[] = [];
  const open = [pattern];
  while (open.length > 0 && done.length < MOST && open.length < MOST) {
    const next = open.pop() ?? "";
    const inner = /\{([^{}]*,[^{}]*)\}/.exec(next);
    if (inner === null) done.push(next);
    else {
      const before = next.slice(0, inner.index);
      const behind = next.slice(inner.index + inner[0].length);
      const all = (inner[1] ?? "").split(",").map((part) => `${before}${part}${behind}`);
      open.push(...all.toReversed());
    }
  }
  return { alternatives: done, tooMany: open.length > 0 };
}

function isWild(pattern: string): boolean {
  return /[*?[]/.test(pattern);
}

function unescaped(pattern: string): string {
  return pattern.replace(/\\(.)/g, "$1");
}

/** Follows the folders that match, part by part. */
function matching(pattern: string, files: Files, budget: { left: number }): readonly string[] {
  let found = [pattern.startsWith("/") ? "/" : ""];
  for (const part of pattern.split("/").filter((text) => text !== "")) {
    if (!isWild(part)) {
      found = found.map((folder) => joined(folder, unescaped(part)));
      continue;
    }
    found = found.flatMap((folder) => {
      if (--budget.left < 0) return [];
      return namesLike(part, files.list(folder === "" ? "." : folder)).map((name) =>
        joined(folder, name)
      );
    });
    if (found.length > MOST) budget.left = -1;
    found = found.slice(0, MOST);
  }
  return found;
}

function joined(folder: string, name: string): string {
  return folder === "" || folder === "/" ? `${folder}${name}` : `${folder}/${name}`;
}

/** The names that match, in the order of the C locale. A leading dot must be in the pattern. */
function namesLike(pattern: string, names: readonly string[]): readonly string[] {
  return names
    .filter((name) => (!name.startsWith(".") || pattern.startsWith(".")) && isLike(name, pattern))
    .toSorted((a, b) => a < b ? -1 : a > b ? 1 : 0);
}

/** Whether `name` matches a pattern with `*`, `?` and `[...]`, in time O(name * pattern). */
function isLike(name: string, pattern: string): boolean {
  const parts = pattern.match(/\[[!^]?\]?[^\]]*\]|\\.|[^]/gs) ?? [];
  // The positions in the pattern after the characters so far.
  let reached = skippingStars(new Set([0]), parts);
  for (const character of name) {
    const next = new Set<number>();
    for (const at of reached) {
      const part = parts[at];
      if (part === "*") next.add(at);
      else if (part !== undefined && isOne(character, part)) next.add(at + 1);
    }
    reached = skippingStars(next, parts);
  }
  return reached.has(parts.length);
}

function skippingStars(places: Set<number>, parts: readonly string[]): ReadonlySet<number> {
  for (const at of places) {
    if (parts[at] === "*") places.add(at + 1);
  }
  return places;
}

function isOne(character: string, part: string): boolean {
  if (part === "?") return true;
  if (part.startsWith("\\")) return part.slice(1) === character;
  if (part.length < 3 || !part.startsWith("[")) return part === character;
  const negated = /^\[[!^]/.test(part);
  const set = part.slice(negated ? 2 : 1, -1);
  const ranges = set.match(/[^]-[^]|[^]/gs) ?? [];
  const inside = ranges.some((range) =>
    range.length === 3
      ? character >= range.charAt(0) && character <= range.charAt(2)
      : range === character
  );
  return inside !== negated;
}
