/** What waits for a sink, and what of it is given up when the sink falls behind? Order is never changed. */

/** One that waits. Of two with the same key the later one says all that the earlier one did: the newest state. */
export interface BacklogEntry<T> {
  readonly key: string;
  readonly item: T;
}

/** All that wait, the oldest first, and how many were given up for a newer one since the start. */
export interface Backlog<T> {
  readonly waiting: readonly BacklogEntry<T>[];
  readonly collapsed: number;
}

/** Nothing waits. */
export const NOTHING: Backlog<never> = { waiting: [], collapsed: 0 };

/**
 * `backlog` with `entry` behind all others. Where more than `capacity` (1 or more) would wait it is collapsed, so that no
 * more wait than `capacity`, or than there are keys where those are more.
 */
export function add<T>(backlog: Backlog<T>, entry: BacklogEntry<T>, capacity: number): Backlog<T> {
  const longer = { ...backlog, waiting: [...backlog.waiting, entry] };
  return longer.waiting.length > capacity ? collapse(longer) : longer;
}

/** `backlog` with only the newest of each key. */
export function collapse<T>({ waiting, collapsed }: Backlog<T>): Backlog<T> {
  const newest = new Map(waiting.map((entry) => [entry.key, entry]));
  const kept = waiting.filter((entry) => newest.get(entry.key) === entry);
  return { waiting: kept, collapsed: collapsed + waiting.length - kept.length };
}

/** The one whose turn it is, and the others. */
export function take<T>(backlog: Backlog<T>): readonly [BacklogEntry<T> | undefined, Backlog<T>] {
  const [first, ...rest] = backlog.waiting;
  return [first, { ...backlog, waiting: rest }];
}

/** Does a newer one with `key` wait? */
export function isOutdated<T>(backlog: Backlog<T>, key: string): boolean {
  return backlog.waiting.some((entry) => entry.key === key);
}

/** How long to pause after so many failed attempts (1 or more), in milliseconds: 1 s, 2 s, 4 s and so on to `longest`. */
export function pauseAfter(attempts: number, longest = 60_000): number {
  return Math.min(longest, 1000 * 2 ** (attempts - 1));
}
